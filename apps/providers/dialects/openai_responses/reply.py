"""Read a response object: items, usage, why it ended.

Source: OpenAI API reference, the response object.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.openai_responses.reasoning import NAME
from apps.providers.wire import FinishReason

_CALLS = ("function_call", "custom_tool_call")
_INCOMPLETE = {
    "max_output_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}
_UNFINISHED = {
    "queued": FinishReason.PAUSE,
    "in_progress": FinishReason.PAUSE,
    "cancelled": FinishReason.OTHER,
}
SUMMARY_SEPARATOR = "\n\n"


class LogprobIn(msgspec.Struct):
    """One token's log probability."""

    token: str = ""
    logprob: float = 0.0
    bytes: list[int] | None = None
    top_logprobs: "list[LogprobIn] | None" = None


class ContentIn(msgspec.Struct):
    """One piece of an item's content or summary."""

    type: str | None = None
    text: str | None = None
    refusal: str | None = None
    logprobs: list[LogprobIn] | None = None


class ItemIn(msgspec.Struct):
    """One output item; items of hosted tools keep nothing but their type."""

    type: str | None = None
    id: str | None = None
    content: list[ContentIn] | str | None = None
    summary: list[ContentIn] | None = None
    encrypted_content: str | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: Any = None


class _InputDetails(msgspec.Struct):
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class UsageIn(msgspec.Struct):
    """The usage object."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None


class _Incomplete(msgspec.Struct):
    reason: str | None = None


class ResponseIn(msgspec.Struct):
    """The parts of a response object that mean something to the portal."""

    id: str | None = None
    model: str | None = None
    created_at: float | None = None
    status: str | None = None
    output: list[ItemIn] | None = None
    usage: UsageIn | None = None
    incomplete_details: _Incomplete | None = None
    error: Any = None


def read_usage(usage: UsageIn | None) -> wire.Usage | None:
    """Usage in canonical form; None when the provider gave none."""
    if usage is None:
        return None
    into = usage.input_tokens_details or _InputDetails()
    out = usage.output_tokens_details or _OutputDetails()
    return wire.Usage(
        input_tokens=usage.input_tokens or 0,
        output_tokens=usage.output_tokens or 0,
        cache_read_tokens=into.cached_tokens or 0,
        cache_write_tokens=into.cache_write_tokens or 0,
        reasoning_tokens=out.reasoning_tokens or 0,
    )


def read_finish(response: ResponseIn, *, called: bool, refused: bool) -> FinishReason:
    """Why the response ended; a call or a refusal shows only in its items."""
    status = response.status or "completed"
    if status == "incomplete":
        reason = response.incomplete_details.reason if response.incomplete_details else None
        return _INCOMPLETE.get(reason or "", FinishReason.OTHER)
    if status != "completed":
        return _UNFINISHED.get(status, FinishReason.OTHER)
    if called:
        return FinishReason.TOOL_CALLS
    return FinishReason.REFUSAL if refused else FinishReason.STOP


def has_calls(items: Iterable[ItemIn]) -> bool:
    """Whether the caller is asked to run a tool."""
    return any(item.type in _CALLS for item in items)


def has_refusal(items: Iterable[ItemIn]) -> bool:
    """Whether the model declined in its own words."""
    return any(content.refusal is not None for item in items for content in contents_of(item))


def contents_of(item: ItemIn) -> Sequence[ContentIn]:
    """An item's content as a list (some servers send a bare text)."""
    if isinstance(item.content, str):
        return (ContentIn(type="output_text", text=item.content),)
    return item.content or ()


def parts_of(items: Iterable[ItemIn]) -> Iterator[wire.Part]:
    """The canonical parts of output items; items of hosted tools give none."""
    for number, item in enumerate(items):
        if item.type == "message":
            yield from _spoken(item)
        elif item.type == "function_call":
            yield wire.ToolCallPart(
                id=call_id_of(item, number),
                name=item.name or "",
                arguments=arguments_of(item) or "{}",
            )
        elif item.type == "reasoning":
            yield read_reasoning(item, thoughts_in(item))


def call_id_of(item: ItemIn, number: int) -> str:
    """The id by which the caller answers; minted when the provider gave none."""
    return item.call_id or item.id or f"call_{number}_{item.name or 'tool'}"


def arguments_of(item: ItemIn) -> str:
    """Arguments as JSON text; some servers send the object itself."""
    given = item.arguments
    if given is None or isinstance(given, str):
        return given or ""
    return msgspec.json.encode(given).decode()


def thoughts_in(item: ItemIn) -> str:
    """The summary; where there is none, the thoughts themselves."""
    texts = [piece.text for piece in item.summary or () if piece.text]
    if texts:
        return SUMMARY_SEPARATOR.join(texts)
    return SUMMARY_SEPARATOR.join(piece.text for piece in contents_of(item) if piece.text)


def read_reasoning(item: ItemIn, text: str) -> wire.ReasoningPart:
    """The thoughts of one item."""
    signature = item.encrypted_content or None
    return wire.ReasoningPart(
        text=text,
        signature=signature,
        origin=NAME,
        redacted=signature is not None and not text,
        id=item.id,
    )


def read_logprobs(given: Iterable[LogprobIn]) -> tuple[wire.TokenLogprob, ...]:
    """Log probabilities in canonical form."""
    return tuple(
        wire.TokenLogprob(
            token=one.token,
            logprob=one.logprob,
            bytes=tuple(one.bytes) if one.bytes is not None else None,
            top=read_logprobs(one.top_logprobs) if one.top_logprobs else (),
        )
        for one in given
    )


def logprobs_in(items: Iterable[ItemIn]) -> tuple[wire.TokenLogprob, ...] | None:
    """All log probabilities of the text; None when there are none."""
    found = [
        one
        for item in items
        if item.type == "message"
        for content in contents_of(item)
        for one in content.logprobs or ()
    ]
    return read_logprobs(found) if found else None


def _spoken(item: ItemIn) -> Iterator[wire.Part]:
    for content in contents_of(item):
        if content.refusal is not None:
            yield wire.RefusalPart(text=content.refusal)
        elif content.text:
            yield wire.TextPart(text=content.text)
