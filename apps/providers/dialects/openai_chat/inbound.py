"""Speak to a caller of chat completions.

Source: OpenAI API reference, chat completions and error codes.
"""

from typing import Any

import msgspec
from typing_extensions import override

from apps.core.errors import PortalError
from apps.providers import wire
from apps.providers.dialects.chat_family import embeddings, write_error
from apps.providers.dialects.chat_family.read_embeddings import read_embeddings
from apps.providers.dialects.chat_family.read_request import read_chat, read_plain
from apps.providers.dialects.chat_family.stream_renderer import ChatStreamRenderer
from apps.providers.dialects.chat_family.write_reply import write_reply
from apps.providers.dialects.openai_chat.outbound import NAME
from apps.providers.errors import ProviderAuthError, ProviderError
from apps.providers.sse import encode_event

_encode = msgspec.json.Encoder().encode
_TYPES = {
    "limited": "rate_limit_error",
    "unpaid": "insufficient_quota",
    "forbidden": "permission_error",
    "unauthenticated": "invalid_request_error",
}
_PROVIDER_CODES = {
    "not_found": "model_not_found",
    "limited": "rate_limit_exceeded",
    "refused": "content_policy_violation",
    "overloaded": "server_is_overloaded",
    "upstream": "server_error",
    "upstream_fault": "server_error",
    "timeout": "timeout",
}


def decode_request(incoming: wire.Incoming) -> wire.ChatCall:
    """The canonical call."""
    return read_chat(read_plain(incoming.body), model=incoming.model, dialect=NAME)


def decode_embeddings(incoming: wire.Incoming) -> wire.EmbeddingCall:
    """The canonical call for embeddings."""
    return read_embeddings(read_plain(incoming.body), model=incoming.model)


def decode_count(incoming: wire.Incoming) -> wire.ChatCall:
    """The call whose input is to be counted."""
    return decode_request(incoming)


def render_reply(reply: wire.ChatReply, call: wire.ChatCall) -> bytes:
    """A chat completion."""
    return _encode(write_reply(reply, call, dialect=NAME))


def render_embeddings(reply: wire.EmbeddingReply, call: wire.EmbeddingCall) -> bytes:
    """A list of embeddings."""
    return _encode(embeddings.write_vectors(reply, call))


def render_count(input_tokens: int) -> bytes:
    """A count, in the form of the Responses API: chat completions have none."""
    return _encode({"object": "response.input_tokens", "input_tokens": input_tokens})


def render_error(error: PortalError, *, request_id: str) -> wire.RenderedError:
    """An error object; the request id stands in a header of every answer."""
    del request_id
    return wire.RenderedError(
        status=write_error.status_of(error),
        body=_encode(_error(error)),
        headers=write_error.retry_headers(error),
    )


def render_stream_error(error: PortalError, *, request_id: str) -> bytes:
    """An error event; no `[DONE]` follows it."""
    del request_id
    return encode_event(_encode(_error(error)))


class StreamRenderer(ChatStreamRenderer):
    """Renders one stream."""

    def __init__(self, call: wire.ChatCall) -> None:
        super().__init__(call, dialect=NAME)

    @override
    def failure(self, delta: wire.StreamFailure) -> bytes:
        return render_stream_error(delta.error, request_id="")


def stream_renderer(call: wire.ChatCall) -> StreamRenderer:
    """A renderer for one stream."""
    return StreamRenderer(call)


def _error(error: PortalError) -> dict[str, Any]:
    server = write_error.status_of(error) >= 500
    return {
        "error": {
            "message": error.message,
            "type": _TYPES.get(error.kind, "server_error" if server else "invalid_request_error"),
            "param": error.param,
            "code": _code(error),
        }
    }


def _code(error: PortalError) -> str:
    if isinstance(error, ProviderError):
        own = _PROVIDER_CODES.get(error.kind, error.code)
        return own if isinstance(error, ProviderAuthError) else error.upstream_code or own
    unknown_model = error.code == "not_found" and error.param == "model"
    return "model_not_found" if unknown_model else error.code
