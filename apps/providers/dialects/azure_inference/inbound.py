"""Speak to a caller of Azure AI Model Inference.

Source: Azure AI Model Inference REST reference.
"""

from typing import Any

import msgspec
from typing_extensions import override

from apps.core.errors import InvalidInputError, PortalError
from apps.providers import wire
from apps.providers.dialects.azure_inference.extra_parameters import (
    CHAT_FIELDS,
    EMBEDDING_FIELDS,
    sift,
)
from apps.providers.dialects.azure_inference.outbound import NAME
from apps.providers.dialects.azure_inference.stream_renderer import AzureStreamRenderer
from apps.providers.dialects.chat_family import embeddings, write_error
from apps.providers.dialects.chat_family.read_embeddings import read_embeddings
from apps.providers.dialects.chat_family.read_request import read_chat, read_plain
from apps.providers.dialects.chat_family.usage import write_usage
from apps.providers.dialects.chat_family.write_reply import write_reply
from apps.providers.errors import ProviderAuthError, ProviderError
from apps.providers.sse import encode_event

_encode = msgspec.json.Encoder().encode
_PROVIDER_CODES = {
    "not_found": "DeploymentNotFound",
    "limited": "RateLimitReached",
    "refused": "content_filter",
    "overloaded": "ServiceUnavailable",
    "upstream": "BadGateway",
    "upstream_fault": "InternalServerError",
    "timeout": "Timeout",
}


def decode_request(incoming: wire.Incoming) -> wire.ChatCall:
    """The canonical call."""
    plain, warnings = sift(read_plain(incoming.body), CHAT_FIELDS, incoming.headers)
    if isinstance(plain.get("stop"), str):
        raise InvalidInputError("`stop`: Expected `array`, got `str`.", param="stop")
    call = read_chat(plain, model=incoming.model, dialect=NAME)
    if warnings:
        call = msgspec.structs.replace(call, warnings=warnings + call.warnings)
    return call


def decode_embeddings(incoming: wire.Incoming) -> wire.EmbeddingCall:
    """The canonical call for embeddings."""
    plain, warnings = sift(read_plain(incoming.body), EMBEDDING_FIELDS, incoming.headers)
    call = read_embeddings(plain, model=incoming.model)
    return msgspec.structs.replace(call, warnings=warnings)


def decode_count(incoming: wire.Incoming) -> wire.ChatCall:
    """The call whose input is to be counted."""
    return decode_request(incoming)


def render_reply(reply: wire.ChatReply, call: wire.ChatCall) -> bytes:
    """A chat completion."""
    written = write_reply(reply, call, dialect=NAME, refusals=False)
    written.setdefault("usage", write_usage(wire.Usage()))
    for choice in written["choices"]:
        if choice["logprobs"] is None:
            del choice["logprobs"]
    return _encode(written)


def render_embeddings(reply: wire.EmbeddingReply, call: wire.EmbeddingCall) -> bytes:
    """A list of embeddings; the specification wants an id, which no provider gives."""
    return _encode({"id": "", **embeddings.write_vectors(reply, call)})


def render_count(input_tokens: int) -> bytes:
    """A count; the dialect itself has none."""
    return _encode({"input_tokens": input_tokens})


def render_error(error: PortalError, *, request_id: str) -> wire.RenderedError:
    """An error object; its code stands in a header too."""
    del request_id
    return wire.RenderedError(
        status=write_error.status_of(error),
        body=_encode(_error(error)),
        headers=(("x-ms-error-code", _code(error)), *write_error.retry_headers(error)),
    )


def render_stream_error(error: PortalError, *, request_id: str) -> bytes:
    """An error event; no `[DONE]` follows it."""
    del request_id
    return encode_event(_encode(_error(error)))


class StreamRenderer(AzureStreamRenderer):
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
    shown: dict[str, Any] = {"code": _code(error), "message": error.message}
    if error.param is not None:
        shown["target"] = error.param
    return {"error": shown}


def _code(error: PortalError) -> str:
    if isinstance(error, ProviderError):
        own = _PROVIDER_CODES.get(error.kind, error.code)
        found = own if isinstance(error, ProviderAuthError) else error.upstream_code or own
    else:
        found = "DeploymentNotFound" if error.code == "not_found" else error.code
    return found if found.isascii() and found.isprintable() else "error"
