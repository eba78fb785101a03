"""How much to think: effort and budget to thinkingConfig, and back.

An effort is a thinkingLevel, or the budget that the service's own compatibility layer gives it
where the model has budgets. What a model lacks is set to the nearest that it has.

Source: ai.google.dev/gemini-api/docs/openai#thinking (efforts as budgets).
"""

from typing import Any

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.gemini_generate.traits import Traits
from apps.providers.dialects.reading import read

_ORDER = ("minimal", "low", "medium", "high", "xhigh", "max")
_BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 32768}


class ThinkingConfig(msgspec.Struct, rename="camel"):
    """`thinkingConfig` as it stands in a request."""

    include_thoughts: bool | None = None
    thinking_budget: int | None = None
    thinking_level: str | None = None


def read_thinking(raw: msgspec.Raw, *, at: str) -> wire.ReasoningRequest | None:
    """What a caller asks for.

    Raises:
        InvalidInputError: an unknown level.
    """
    config = read(ThinkingConfig, raw, at=at)
    level = (config.thinking_level or "").lower()
    if level in ("", "thinking_level_unspecified"):
        level = ""
    elif level not in _ORDER:
        where = f"{at}.thinkingLevel"
        raise InvalidInputError(f"`{where}`: `{level}` is no thinking level.", param=where)
    asked = wire.ReasoningRequest(
        effort=level or None,
        budget_tokens=config.thinking_budget,
        summary=config.include_thoughts,
    )
    return None if asked == wire.ReasoningRequest() else asked


def fit_thinking(
    asked: wire.ReasoningRequest | None, traits: Traits
) -> tuple[dict[str, Any], list[str]]:
    """`thinkingConfig` that the model takes, and warnings."""
    if asked is None or asked == wire.ReasoningRequest():
        return {}, []
    if not traits.thinks:
        off = asked.effort == "none" or asked.budget_tokens == 0
        idle = asked.effort is None and asked.budget_tokens is None and not asked.summary
        return {}, [] if off or idle else ["reasoning: dropped"]
    config, warnings = _fit_amount(asked, traits)
    if asked.summary is not None:
        config["includeThoughts"] = asked.summary
    return config, warnings


def _fit_amount(asked: wire.ReasoningRequest, traits: Traits) -> tuple[dict[str, Any], list[str]]:
    effort, budget = asked.effort, asked.budget_tokens
    if effort is not None and effort != "none" and effort not in _ORDER:
        return {}, ["reasoning effort: dropped"]
    if traits.budget is not None:
        return _fit_budget(effort, budget, traits.budget, off=traits.off)
    if effort == "none" and traits.off:
        return {"thinkingBudget": 0}, []
    if effort is not None:
        config, warnings = _fit_level(effort, traits.levels)
        return config, warnings if budget is None else [*warnings, "reasoning budget: dropped"]
    if budget == 0 and not traits.off:
        return _fit_level("none", traits.levels)
    return ({} if budget is None else {"thinkingBudget": budget}), []


def _fit_level(effort: str, levels: tuple[str, ...]) -> tuple[dict[str, Any], list[str]]:
    """The level itself, else the next higher one, else the highest."""
    rank = _ORDER.index(effort) if effort in _ORDER else -1
    level = next((one for one in levels if _ORDER.index(one) >= rank), levels[-1])
    lost = [] if level == effort else [f"reasoning effort: clamped to {level}"]
    return {"thinkingLevel": level.upper()}, lost


def _fit_budget(
    effort: str | None, budget: int | None, limits: tuple[int, int], *, off: bool
) -> tuple[dict[str, Any], list[str]]:
    if budget is None and effort is None:
        return {}, []
    if budget is None and effort is not None and effort != "none":
        most = limits[1]
        wanted = _BUDGETS.get(effort, most)
        given = min(wanted, most)
        beyond = effort in ("xhigh", "max") and (effort == "max" or given != wanted)
        return {"thinkingBudget": given}, ["reasoning effort: clamped to high"] if beyond else []
    tokens = budget if budget is not None else 0
    lost = ["reasoning effort: dropped"] if budget is not None and effort is not None else []
    if tokens == -1 or (tokens == 0 and off):
        return {"thinkingBudget": tokens}, lost
    given = min(max(tokens, limits[0]), limits[1])
    if given != tokens:
        lost.append(f"reasoning budget: clamped to {given}")
    return {"thinkingBudget": given}, lost
