"""Reasoning, sampling and output format of a request, fitted to the model.

How reasoning is mapped: effort `none` turns thinking off; an effort means adaptive thinking with
`output_config.effort` (minimal is low); a budget means thinking with that budget, at least 1024
and below `max_tokens`; budget -1 means adaptive thinking. Models before adaptive thinking get a
budget for an effort, models after budgets an effort for a budget. Thinking with a budget is left
out where the service refuses it: with a forced tool, and in a tool loop whose thoughts are gone.
"""

from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.anthropic_messages.traits import Traits
from apps.providers.wire import ToolMode

LEAST_BUDGET = 1024
DEFAULT_MAX_TOKENS = 4096

_EFFORTS = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "xhigh",
    "max": "max",
}
_BUDGETS = {
    "minimal": LEAST_BUDGET,
    "low": 2048,
    "medium": 8192,
    "high": 16384,
    "xhigh": 32768,
    "max": 32768,
}
_EFFORT_UP_TO = ((2048, "low"), (8192, "medium"))

_MAPS_OF_SCHEMAS = frozenset({"properties", "$defs", "definitions"})
_LISTS_OF_SCHEMAS = frozenset({"anyOf", "allOf", "oneOf", "prefixItems"})
_SCHEMAS = frozenset({"items", "additionalProperties", "not"})

JSON_INSTRUCTION = "Answer with one valid JSON object and nothing else: no prose, no code fence."


class Settings(msgspec.Struct):
    """The tuning part of a request body, and what it lost."""

    body: dict[str, Any]
    warnings: list[str]
    max_tokens: int


def fit_settings(
    call: wire.ChatCall, model: wire.TargetModel, traits: Traits, *, thoughts_gone: bool
) -> Settings:
    """Everything that tunes: max_tokens, thinking, output_config, sampling.

    `thoughts_gone`: the last assistant message does not begin with a thought of this dialect.
    """
    fit = Settings({}, [], call.max_output_tokens or model.max_output_tokens or DEFAULT_MAX_TOKENS)
    _fit_reasoning(fit, call, model, traits, thoughts_gone=thoughts_gone)
    _fit_format(fit, call)
    _fit_sampling(fit, call, traits)
    fit.body = {"max_tokens": fit.max_tokens, **fit.body}
    return fit


def _fit_reasoning(
    fit: Settings,
    call: wire.ChatCall,
    model: wire.TargetModel,
    traits: Traits,
    *,
    thoughts_gone: bool,
) -> None:
    asked = call.reasoning
    if asked is None or asked == wire.ReasoningRequest():
        return
    if asked.effort == "none" or asked.budget_tokens == 0:
        _turn_off(fit, traits)
    elif asked.effort is None and asked.budget_tokens is None:
        if traits.thinks_unasked:
            fit.body["thinking"] = {"type": "adaptive"}
        else:
            fit.warnings.append("reasoning summary: dropped")
    elif asked.effort is not None and asked.effort not in _EFFORTS:
        fit.warnings.append("reasoning effort: dropped")
    elif traits.budget and (asked.budget_tokens or 0) > 0:
        _think_within(fit, call, model, asked.budget_tokens or 0, thoughts_gone=thoughts_gone)
        if asked.effort and traits.adaptive:
            fit.body["output_config"] = {"effort": _effort(fit, asked.effort, traits)}
    elif traits.adaptive:
        _think_adaptively(fit, asked, traits)
    else:
        budget = _BUDGETS[asked.effort or "medium"]
        if call.max_output_tokens is not None:
            budget = min(budget, max(call.max_output_tokens // 2, LEAST_BUDGET))
        _think_within(fit, call, model, budget, thoughts_gone=thoughts_gone)
    if asked.summary is not None and _is_thinking(fit):
        fit.body["thinking"]["display"] = "summarized" if asked.summary else "omitted"


def _is_thinking(fit: Settings) -> bool:
    return fit.body.get("thinking", {}).get("type") in ("enabled", "adaptive")


def _turn_off(fit: Settings, traits: Traits) -> None:
    if traits.off == "never":
        fit.body["output_config"] = {"effort": "low"}
        fit.warnings.append("reasoning effort: clamped to low")
    elif traits.off != "omit":
        fit.body["thinking"] = {"type": traits.off}


def _think_adaptively(fit: Settings, asked: wire.ReasoningRequest, traits: Traits) -> None:
    fit.body["thinking"] = {"type": "adaptive"}
    effort = asked.effort
    if effort is None and (budget := asked.budget_tokens or 0) > 0:
        effort = next((name for most, name in _EFFORT_UP_TO if budget <= most), "high")
        fit.warnings.append(f"reasoning budget: sent as effort {effort}")
    if effort is not None:
        fit.body["output_config"] = {"effort": _effort(fit, effort, traits)}


def _effort(fit: Settings, effort: str, traits: Traits) -> str:
    if effort == "xhigh" and not traits.xhigh:
        fit.warnings.append("reasoning effort: clamped to high")
        return "high"
    return _EFFORTS[effort]


def _think_within(
    fit: Settings,
    call: wire.ChatCall,
    model: wire.TargetModel,
    budget: int,
    *,
    thoughts_gone: bool,
) -> None:
    """Source: platform.claude.com/docs/en/build-with-claude/extended-thinking (budget rules)."""
    choice = call.tool_choice
    forced = choice is not None and choice.mode in (ToolMode.REQUIRED, ToolMode.NAMED)
    if call.max_output_tokens is None and model.max_output_tokens is None:
        fit.max_tokens = budget + DEFAULT_MAX_TOKENS
    if forced or thoughts_gone or fit.max_tokens <= LEAST_BUDGET:
        fit.warnings.append("reasoning: dropped")
        return
    allowed = min(max(budget, LEAST_BUDGET), fit.max_tokens - 1)
    if allowed != budget:
        fit.warnings.append(f"reasoning budget: clamped to {allowed}")
    fit.body["thinking"] = {"type": "enabled", "budget_tokens": allowed}


def _fit_format(fit: Settings, call: wire.ChatCall) -> None:
    wanted = call.output_format
    if wanted is None:
        return
    if wanted.schema is None:
        fit.warnings.append("response_format: carried as an instruction")
        return
    schema, closed = close_objects(wanted.schema)
    if closed:
        fit.warnings.append("response_format: additionalProperties set to false")
    if wanted.description and "description" not in schema:
        schema = {**schema, "description": wanted.description}
    config = fit.body.setdefault("output_config", {})
    config["format"] = {"type": "json_schema", "schema": schema}


def close_objects(schema: Any) -> tuple[Any, bool]:
    """The schema with every object closed, which the service demands, and whether that changed it.

    Source: platform.claude.com/docs/en/build-with-claude/structured-outputs (limitations).
    """
    if not isinstance(schema, dict):
        return schema, False
    closed: dict[str, Any] = {}
    changed = False
    for key, value in schema.items():
        closed[key], inner = _close_inside(key, value)
        changed = changed or inner
    kind = schema.get("type")
    is_object = kind == "object" or (isinstance(kind, list) and "object" in kind)
    if is_object and "additionalProperties" not in schema:
        closed["additionalProperties"] = False
        changed = True
    return closed, changed


def _close_inside(key: str, value: Any) -> tuple[Any, bool]:
    """What stands under a keyword of a schema, where that holds schemas."""
    if key in _MAPS_OF_SCHEMAS and isinstance(value, dict):
        entries = {name: close_objects(inner) for name, inner in value.items()}
        whole = {name: inner for name, (inner, _) in entries.items()}
        return whole, any(changed for _, changed in entries.values())
    if key in _LISTS_OF_SCHEMAS and isinstance(value, list):
        items = [close_objects(item) for item in value]
        return [item for item, _ in items], any(changed for _, changed in items)
    return close_objects(value) if key in _SCHEMAS else (value, False)


def _fit_sampling(fit: Settings, call: wire.ChatCall, traits: Traits) -> None:
    thinking = _is_thinking(fit)
    if (heat := call.temperature) is not None:
        allowed = min(max(heat, 0.0), 1.0)
        if not traits.sampling or thinking:
            _drop_unless_default(fit, "temperature", allowed)
        else:
            if allowed != heat:
                fit.warnings.append(f"temperature: clamped to {allowed:g}")
            fit.body["temperature"] = allowed
    if call.top_p is not None:
        crowded = "temperature" in fit.body and not traits.pair
        if not traits.sampling or crowded or (thinking and call.top_p < 0.95):
            _drop_unless_default(fit, "top_p", call.top_p)
        else:
            fit.body["top_p"] = call.top_p
    if call.top_k is not None:
        if traits.sampling and not thinking:
            fit.body["top_k"] = call.top_k
        else:
            fit.warnings.append("top_k: dropped")


def _drop_unless_default(fit: Settings, name: str, value: float) -> None:
    if value != 1.0:
        fit.warnings.append(f"{name}: dropped")
