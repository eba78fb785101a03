"""The half that speaks to providers of the Responses API."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from apps.providers import wire
from apps.providers.dialects.base import StreamParser
from apps.providers.dialects.openai_chat import outbound as platform
from apps.providers.dialects.openai_responses import errors, reply, sending
from apps.providers.dialects.openai_responses.parser import ReplyParser
from apps.providers.dialects.openai_responses.returned import without_foreign_thoughts
from apps.providers.dialects.openai_responses.state import refuse_stateful
from apps.providers.dialects.reading import read_provider
from apps.providers.errors import ProviderProtocolError

parse_error = errors.parse_error

_PATHS: Mapping[str, str] = {"chat": "/responses", "count_tokens": "/responses/input_tokens"}
FORWARDS = frozenset(_PATHS) | platform.FORWARDS


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of a provider. `api_version`: appended to every path (Azure OpenAI)."""

    api_version: str | None = None


class _Count(msgspec.Struct):
    input_tokens: int


def build_request(
    call: wire.ChatCall, model: wire.TargetModel, options: Options
) -> wire.UpstreamRequest:
    """Raises UnsupportedContentError for content or contract that this dialect lacks."""
    body, warnings = sending.request_body(call, model)
    return _request("chat", body, options, warnings=tuple(dict.fromkeys(warnings)))


def build_count(
    call: wire.ChatCall, model: wire.TargetModel, options: Options
) -> wire.UpstreamRequest:
    """Only what takes part in the input is sent."""
    body = sending.count_body(call, model)
    return _request("count_tokens", body, options)


def forward_request(
    incoming: wire.Incoming, model: wire.TargetModel, options: Options
) -> wire.UpstreamRequest:
    """The caller's own body for another model; the provider is asked to store nothing.

    Operations beside the Responses API are those of the same platform.

    Raises:
        UnsupportedContentError: the request relies on stored state.
    """
    if incoming.operation not in _PATHS:
        return platform.forward_request(incoming, model, _platform(options))
    refuse_stateful(incoming.fields)
    given, warnings = without_foreign_thoughts(incoming.fields)
    fields = dict(given)
    fields["model"] = msgspec.Raw(msgspec.json.encode(model.name))
    if incoming.operation == "chat" and bytes(fields.get("store", b"null")) == b"null":
        fields["store"] = msgspec.Raw(b"false")
    return _request(incoming.operation, fields, options, warnings=warnings)


def parse_reply(body: bytes) -> wire.ChatReply:
    """Raises ProviderError for an answer that failed or cannot be read."""
    response = read_provider(reply.ResponseIn, body)
    if response.error or response.status == "failed":
        raise errors.error_in_reply(response.error or {}, body=body)
    if response.output is None:
        raise ProviderProtocolError("The provider's answer is no response object.", body=body)
    items = response.output
    finish = reply.read_finish(
        response, called=reply.has_calls(items), refused=reply.has_refusal(items)
    )
    choice = wire.Choice(
        parts=tuple(reply.parts_of(items)), finish=finish, logprobs=reply.logprobs_in(items)
    )
    return wire.ChatReply(
        id=response.id or "",
        model=response.model or "",
        choices=(choice,),
        usage=reply.read_usage(response.usage),
        created=int(response.created_at or 0),
    )


def parse_count(body: bytes) -> int:
    """Raises ProviderProtocolError for anything but a count."""
    return read_provider(_Count, body).input_tokens


def read_facts(operation: str, body: bytes) -> wire.Facts:
    """Never raises; reads only what the books need."""
    if operation == "count_tokens":
        return wire.Facts()
    if operation != "chat":
        return platform.read_facts(operation, body)
    try:
        response = msgspec.json.decode(body, type=reply.ResponseIn, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return wire.Facts()
    items = response.output or []
    finish = reply.read_finish(
        response, called=reply.has_calls(items), refused=reply.has_refusal(items)
    )
    return wire.Facts(
        id=response.id,
        model=response.model,
        usage=reply.read_usage(response.usage),
        finish=finish if response.output is not None else None,
    )


def stream_parser() -> StreamParser:
    """A parser for one stream."""
    return ReplyParser()


def is_usage_event(data: bytes) -> bool:
    """Never: usage is part of the final event."""
    return False


def build_embeddings(
    call: wire.EmbeddingCall, model: wire.TargetModel, options: Options
) -> wire.UpstreamRequest:
    """The request for embeddings, which are those of the same platform."""
    return platform.build_embeddings(call, model, _platform(options))


def parse_embeddings(body: bytes) -> wire.EmbeddingReply:
    """The vectors."""
    return platform.parse_embeddings(body)


def _platform(options: Options) -> platform.Options:
    return platform.Options(api_version=options.api_version)


def _request(
    operation: str,
    body: Mapping[str, Any],
    options: Options,
    *,
    warnings: tuple[str, ...] = (),
) -> wire.UpstreamRequest:
    path = _PATHS[operation]
    if options.api_version:
        path = f"{path}?api-version={quote(options.api_version)}"
    return wire.UpstreamRequest(path=path, body=msgspec.json.encode(body), warnings=warnings)
