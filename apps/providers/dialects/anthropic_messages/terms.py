"""The words of this dialect and what they mean: stop reasons, usage, tool arguments, ids."""

import contextlib
import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.wire import FinishReason

NAME = "anthropic_messages"

FINISH_REASONS: Mapping[str, FinishReason] = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP_SEQUENCE,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.CONTEXT_WINDOW,
    "tool_use": FinishReason.TOOL_CALLS,
    "refusal": FinishReason.CONTENT_FILTER,
    "pause_turn": FinishReason.PAUSE,
}

STOP_REASONS: Mapping[FinishReason, str] = {
    FinishReason.STOP: "end_turn",
    FinishReason.STOP_SEQUENCE: "stop_sequence",
    FinishReason.LENGTH: "max_tokens",
    FinishReason.CONTEXT_WINDOW: "model_context_window_exceeded",
    FinishReason.TOOL_CALLS: "tool_use",
    FinishReason.CONTENT_FILTER: "refusal",
    FinishReason.REFUSAL: "refusal",
    FinishReason.PAUSE: "pause_turn",
    FinishReason.MALFORMED_CALL: "end_turn",
    FinishReason.OTHER: "end_turn",
}

NO_JSON = msgspec.Raw(b"")
"""Stands for an absent value of any type (`Raw | None` would take null only)."""

_RAW = "_raw"
_TOOL_ID = re.compile(r"[a-zA-Z0-9_-]+")
_NOT_IN_ID = re.compile(r"[^a-zA-Z0-9_-]")


def read_finish(stop_reason: str | None) -> FinishReason:
    """What a stop reason means; unknown and absent ones are OTHER."""
    return FINISH_REASONS.get(stop_reason or "", FinishReason.OTHER)


def stop_reason_of(finish: FinishReason, *, called: bool, refused: bool) -> str:
    """The stop reason to show.

    A model that was made to call one tool ends with `stop` at OpenAI, and one that refuses in
    words too: what the reply holds decides then.
    """
    if finish in (FinishReason.STOP, FinishReason.OTHER):
        if called:
            return "tool_use"
        if refused:
            return "refusal"
    return STOP_REASONS[finish]


def stop_details_of(stop_reason: str) -> dict[str, Any] | None:
    """The detail object that goes with a refusal."""
    if stop_reason != "refusal":
        return None
    return {"type": "refusal", "category": None, "explanation": None}


class OutputDetails(msgspec.Struct):
    """How the output tokens were spent."""

    thinking_tokens: int | None = None


class CacheCreation(msgspec.Struct):
    """Cache writes by lifetime."""

    ephemeral_5m_input_tokens: int | None = None
    ephemeral_1h_input_tokens: int | None = None


class WireUsage(msgspec.Struct):
    """`usage` as the provider writes it; every count may be missing or null."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation: CacheCreation | None = None
    output_tokens_details: OutputDetails | None = None

    def merged(self, later: "WireUsage") -> "WireUsage":
        """These counts, replaced by those that a later event states (they are cumulative)."""
        return WireUsage(
            **{
                name: value if (value := getattr(later, name)) is not None else getattr(self, name)
                for name in self.__struct_fields__
            }
        )


def read_usage(usage: WireUsage) -> wire.Usage:
    """Count the way every dialect is counted: cache is part of input, thoughts part of output.

    Source: platform.claude.com/docs/en/build-with-claude/prompt-caching (tracking performance).
    """
    read = usage.cache_read_input_tokens or 0
    write = usage.cache_creation_input_tokens
    if write is None:
        made = usage.cache_creation or CacheCreation()
        write = (made.ephemeral_5m_input_tokens or 0) + (made.ephemeral_1h_input_tokens or 0)
    details = usage.output_tokens_details or OutputDetails()
    return wire.Usage(
        input_tokens=(usage.input_tokens or 0) + read + write,
        output_tokens=usage.output_tokens or 0,
        cache_read_tokens=read,
        cache_write_tokens=write,
        reasoning_tokens=details.thinking_tokens or 0,
    )


def write_usage(usage: wire.Usage | None) -> dict[str, Any]:
    """Usage as this dialect counts it: input excludes what the cache gave or took."""
    usage = usage or wire.Usage()
    cached = usage.cache_read_tokens + usage.cache_write_tokens
    shown: dict[str, Any] = {
        "input_tokens": max(usage.input_tokens - cached, 0),
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cache_read_tokens,
        "output_tokens": usage.output_tokens,
    }
    if usage.reasoning_tokens:
        shown["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return shown


def arguments_object(arguments: str) -> msgspec.Raw:
    """The JSON object for the text of a call's arguments, its spelling kept.

    Text that is no JSON object is wrapped, so that nothing is lost; `arguments_text` unwraps it.
    """
    if arguments in ("{}", ""):
        return msgspec.Raw(b"{}")
    try:
        if isinstance(msgspec.json.decode(arguments), dict):
            return msgspec.Raw(arguments.encode())
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        pass
    return msgspec.Raw(msgspec.json.encode({_RAW: arguments}))


def arguments_text(value: msgspec.Raw) -> str:
    """The JSON text of a call's input; `{}` when there is none."""
    data = bytes(value)
    if data in (b"{}", b"null", b""):
        return "{}"
    if b'"_raw"' in data:
        with contextlib.suppress(msgspec.DecodeError, UnicodeError, RecursionError):
            held = msgspec.json.decode(data)
            if isinstance(held, dict) and len(held) == 1 and isinstance(held.get(_RAW), str):
                return str(held[_RAW])
    # Undecoded JSON has not been checked for its encoding.
    return data.decode("utf-8", "replace")


def tool_id(given: str) -> str:
    """An id that the service accepts: the given one, or one that stands for it.

    The same id gives the same result, so that calls and results still meet.

    Source: the service refuses ids that do not match ``^[a-zA-Z0-9_-]+$``.
    """
    if _TOOL_ID.fullmatch(given):
        return given
    mark = hashlib.sha256(given.encode()).hexdigest()[:10]
    return f"{_NOT_IN_ID.sub('_', given)[:40]}_{mark}"


def message_id(given: str) -> str:
    """The id of a reply in the form of this dialect."""
    return given if given.startswith("msg_") else f"msg_{given or 'portal'}"


def distinct(texts: Sequence[str]) -> tuple[str, ...]:
    """The texts without repetitions, in order."""
    return tuple(dict.fromkeys(texts))
