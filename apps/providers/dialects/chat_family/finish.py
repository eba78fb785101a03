"""Translate the reasons why a choice ended.

Source: OpenAI API reference, `finish_reason`; Mistral adds `model_length`, some servers `eos`.
"""

from collections.abc import Iterable
from typing import Any

from apps.providers import wire
from apps.providers.wire import FinishReason

_READ = {
    "stop": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "model_length": FinishReason.CONTEXT_WINDOW,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
}
_WRITE = {
    FinishReason.LENGTH: "length",
    FinishReason.CONTEXT_WINDOW: "length",
    FinishReason.TOOL_CALLS: "tool_calls",
    FinishReason.CONTENT_FILTER: "content_filter",
}


def read_finish(reason: Any, *, called: bool, refused: bool) -> FinishReason:
    """The canonical reason. A `stop` after tool calls (a forced call ends so) is TOOL_CALLS."""
    found = _READ.get(reason, FinishReason.OTHER) if isinstance(reason, str) else FinishReason.OTHER
    if found is FinishReason.STOP:
        if called:
            return FinishReason.TOOL_CALLS
        if refused:
            return FinishReason.REFUSAL
    return found


def write_finish(reason: FinishReason, *, refused: bool) -> str:
    """The `finish_reason`; a refusal without words of the model is a content filter."""
    if reason is FinishReason.REFUSAL and not refused:
        return "content_filter"
    return _WRITE.get(reason, "stop")


def is_refused(parts: Iterable[wire.Part]) -> bool:
    """Whether the model declined in its own words."""
    return any(isinstance(part, wire.RefusalPart) for part in parts)
