"""The words of this dialect and what they mean: finish reasons, usage, log probabilities, times."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.wire import FinishReason

NAME = "gemini_generate"

YEAR_10000 = 253_402_300_800
"""Unix seconds that a date can no longer say."""

FINISH_REASONS: Mapping[str, FinishReason] = {
    "STOP": FinishReason.STOP,
    "MAX_TOKENS": FinishReason.LENGTH,
    "SAFETY": FinishReason.CONTENT_FILTER,
    "PROHIBITED_CONTENT": FinishReason.CONTENT_FILTER,
    "BLOCKLIST": FinishReason.CONTENT_FILTER,
    "SPII": FinishReason.CONTENT_FILTER,
    "RECITATION": FinishReason.CONTENT_FILTER,
    "MODEL_ARMOR": FinishReason.CONTENT_FILTER,
    "IMAGE_SAFETY": FinishReason.CONTENT_FILTER,
    "IMAGE_PROHIBITED_CONTENT": FinishReason.CONTENT_FILTER,
    "IMAGE_RECITATION": FinishReason.CONTENT_FILTER,
    "MALFORMED_FUNCTION_CALL": FinishReason.MALFORMED_CALL,
    "UNEXPECTED_TOOL_CALL": FinishReason.MALFORMED_CALL,
}

# Asked for with `$alt=json;enum-encoding=int`; the two services agree on these numbers only.
_FINISH_NUMBERS = {1: "STOP", 2: "MAX_TOKENS", 3: "SAFETY", 4: "RECITATION"}

FINISH_NAMES: Mapping[FinishReason, str] = {
    FinishReason.STOP: "STOP",
    FinishReason.STOP_SEQUENCE: "STOP",
    FinishReason.LENGTH: "MAX_TOKENS",
    FinishReason.CONTEXT_WINDOW: "MAX_TOKENS",
    FinishReason.TOOL_CALLS: "STOP",
    FinishReason.CONTENT_FILTER: "SAFETY",
    FinishReason.REFUSAL: "STOP",
    FinishReason.PAUSE: "OTHER",
    FinishReason.MALFORMED_CALL: "MALFORMED_FUNCTION_CALL",
    FinishReason.OTHER: "OTHER",
}


def read_finish(reason: str | int | None, *, called: bool) -> FinishReason:
    """What a finishReason means; a function call ends with STOP."""
    name = _FINISH_NUMBERS.get(reason, "") if isinstance(reason, int) else reason or ""
    finish = FINISH_REASONS.get(name, FinishReason.OTHER)
    return FinishReason.TOOL_CALLS if called and finish is FinishReason.STOP else finish


class WireUsage(msgspec.Struct, rename="camel"):
    """`usageMetadata`; every count may be missing or null."""

    prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    total_token_count: int | None = None


def read_usage(usage: WireUsage | None) -> wire.Usage | None:
    """Count the way every dialect is counted; None when there is no count at all.

    The first chunks of a stream may hold a part of the counts only: what is missing is what the
    total leaves over.
    """
    if usage is None:
        return None
    prompt, answer, total = (
        usage.prompt_token_count,
        usage.candidates_token_count,
        usage.total_token_count,
    )
    thoughts = usage.thoughts_token_count or 0
    if prompt is None and answer is None and total is None and not thoughts:
        return None
    given = (prompt or 0) + (usage.tool_use_prompt_token_count or 0)
    made = (answer or 0) + thoughts
    rest = max((total or 0) - given - made, 0)
    if prompt is None:
        given += rest
    elif answer is None:
        made += rest
    return wire.Usage(
        input_tokens=given,
        output_tokens=made,
        cache_read_tokens=min(usage.cached_content_token_count or 0, given),
        reasoning_tokens=thoughts,
        estimated=prompt is None and total is None,
    )


def write_usage(usage: wire.Usage) -> dict[str, int]:
    """Usage as this dialect counts it: candidates exclude thoughts."""
    shown = {"promptTokenCount": usage.input_tokens}
    if usage.cache_read_tokens:
        shown["cachedContentTokenCount"] = usage.cache_read_tokens
    shown["candidatesTokenCount"] = max(usage.output_tokens - usage.reasoning_tokens, 0)
    if usage.reasoning_tokens:
        shown["thoughtsTokenCount"] = usage.reasoning_tokens
    shown["totalTokenCount"] = usage.total_tokens
    return shown


class WireLogprob(msgspec.Struct, rename="camel"):
    """One token and how likely it was."""

    token: str | None = None
    log_probability: float | None = None


class TopLogprobs(msgspec.Struct):
    """The likeliest tokens at one place."""

    candidates: list[WireLogprob] | None = None


class WireLogprobs(msgspec.Struct, rename="camel"):
    """`logprobsResult`: two lists of the same length."""

    chosen_candidates: list[WireLogprob] | None = None
    top_candidates: list[TopLogprobs] | None = None


def read_logprobs(result: WireLogprobs | None) -> tuple[wire.TokenLogprob, ...] | None:
    """Log probabilities of the chosen tokens; None when the reply has none."""
    if result is None or result.chosen_candidates is None:
        return None
    tops = result.top_candidates or []
    return tuple(
        wire.TokenLogprob(
            token=chosen.token or "",
            logprob=chosen.log_probability or 0.0,
            top=_read_top(tops[place]) if place < len(tops) else (),
        )
        for place, chosen in enumerate(result.chosen_candidates)
    )


def _read_top(top: TopLogprobs) -> tuple[wire.TokenLogprob, ...]:
    return tuple(
        wire.TokenLogprob(token=rival.token or "", logprob=rival.log_probability or 0.0)
        for rival in top.candidates or ()
    )


def write_logprobs(logprobs: Sequence[wire.TokenLogprob]) -> dict[str, Any]:
    """`logprobsResult` for the caller."""
    result: dict[str, Any] = {"chosenCandidates": [_write_logprob(one) for one in logprobs]}
    if any(one.top for one in logprobs):
        result["topCandidates"] = [
            {"candidates": [_write_logprob(rival) for rival in one.top]} for one in logprobs
        ]
    return result


def _write_logprob(one: wire.TokenLogprob) -> dict[str, Any]:
    return {"token": one.token, "logProbability": one.logprob}


def read_time(text: str | None) -> int:
    """Unix seconds of `createTime`; 0 when it is absent or odd."""
    if not text:
        return 0
    try:
        return max(int(datetime.fromisoformat(text).timestamp()), 0)
    except (ValueError, OverflowError):
        return 0


def write_time(created: int) -> str:
    """`createTime` of Unix seconds."""
    return datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def distinct(texts: Sequence[str]) -> tuple[str, ...]:
    """The texts without repetitions, in order."""
    return tuple(dict.fromkeys(texts))
