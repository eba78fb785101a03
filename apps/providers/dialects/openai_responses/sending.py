"""Build the body of a Responses request from a canonical call.

Source: OpenAI API reference, create a response.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from apps.providers import wire
from apps.providers.dialects.openai_responses import encode
from apps.providers.dialects.openai_responses.reasoning import NAME
from apps.providers.errors import UnsupportedContentError

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_LEAST_OUTPUT = 16  # the API refuses a smaller max_output_tokens
_MOST_TEMPERATURE = 2.0
_EFFORTS = ((0, "none"), (2048, "low"), (8192, "medium"))
_COUNTED = frozenset(
    {
        "model",
        "input",
        "instructions",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "text",
        "reasoning",
    }
)
# Canonical tuning that this API has no field for, with the values that say nothing.
_ABSENT: Mapping[str, tuple[Any, ...]] = {
    "top_k": (None,),
    "frequency_penalty": (None, 0.0),
    "presence_penalty": (None, 0.0),
    "seed": (None,),
    "logit_bias": (None, {}),
    "stop": ((),),
}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _one_of(*values: str) -> Callable[[Any], bool]:
    return lambda value: value in values


# Hints of the OpenAI family that this API has too, with what it would accept.
_HINTS: Mapping[str, Callable[[Any], bool]] = {
    "prompt_cache_key": _is_text,
    "prompt_cache_retention": _is_text,
    "prompt_cache_options": lambda value: isinstance(value, dict),
    "safety_identifier": _is_text,
    "service_tier": _one_of("auto", "default", "flex", "scale", "priority"),
    "max_tool_calls": lambda value: isinstance(value, int),
    "truncation": _one_of("auto", "disabled"),
}
_VERBOSITY = _one_of("low", "medium", "high")


def request_body(call: wire.ChatCall, model: wire.TargetModel) -> tuple[dict[str, Any], list[str]]:
    """The body, and what it lost.

    Raises:
        UnsupportedContentError: content or contract that this API lacks.
    """
    if call.n != 1:
        raise UnsupportedContentError("`n`: this model gives one answer to a call.", param="n")
    warnings: list[str] = []
    body: dict[str, Any] = {"model": model.name}
    _add_input(body, call, warnings)
    _add_tools(body, call, warnings)
    _add_sampling(body, call, warnings)
    _add_text(body, call)
    _add_reasoning(body, call, warnings)
    if call.user is not None:
        body["user"] = call.user
    if call.metadata:
        body["metadata"] = call.metadata
    body["store"] = False
    if call.stream:
        body["stream"] = True
    _add_extras(body, call.extras, warnings)
    return body, warnings


def count_body(call: wire.ChatCall, model: wire.TargetModel) -> dict[str, Any]:
    """The part of the body that is counted as input."""
    body, _ = request_body(call, model)
    return {name: value for name, value in body.items() if name in _COUNTED}


def _add_input(body: dict[str, Any], call: wire.ChatCall, warnings: list[str]) -> None:
    instructions, rest = encode.split_instructions(call.messages)
    first = len(call.messages) - len(rest)
    body["input"] = encode.input_items(rest, warnings, first=first)
    if instructions is not None:
        body["instructions"] = instructions


def _add_tools(body: dict[str, Any], call: wire.ChatCall, warnings: list[str]) -> None:
    if call.tools:
        body["tools"] = [encode.tool_value(tool) for tool in call.tools]
        if any(tool.cache for tool in call.tools):
            warnings.append("cache_control: dropped")
    if call.tool_choice is not None:
        body["tool_choice"] = encode.choice_value(call.tool_choice)
    if call.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = call.parallel_tool_calls


def _add_sampling(body: dict[str, Any], call: wire.ChatCall, warnings: list[str]) -> None:
    if call.max_output_tokens is not None:
        body["max_output_tokens"] = max(call.max_output_tokens, _LEAST_OUTPUT)
        if call.max_output_tokens < _LEAST_OUTPUT:
            warnings.append(f"max_output_tokens: clamped to {_LEAST_OUTPUT}")
    if call.temperature is not None:
        body["temperature"] = min(call.temperature, _MOST_TEMPERATURE)
        if call.temperature > _MOST_TEMPERATURE:
            warnings.append("temperature: clamped to 2")
    if call.top_p is not None:
        body["top_p"] = call.top_p
    if call.logprobs:
        body["include"] = ["message.output_text.logprobs"]
        if call.top_logprobs is not None:
            body["top_logprobs"] = call.top_logprobs
    warnings += [
        f"{name}: dropped" for name, silent in _ABSENT.items() if getattr(call, name) not in silent
    ]


def _add_text(body: dict[str, Any], call: wire.ChatCall) -> None:
    text: dict[str, Any] = {}
    if call.output_format is not None:
        text["format"] = encode.format_value(call.output_format)
    verbosity = call.extras.get("verbosity")
    if verbosity is not None and _VERBOSITY(verbosity):
        text["verbosity"] = verbosity
    if text:
        body["text"] = text


def _add_reasoning(body: dict[str, Any], call: wire.ChatCall, warnings: list[str]) -> None:
    """Effort and summary; encrypted thoughts are asked for so that they can come back."""
    asked = call.reasoning or wire.ReasoningRequest()
    reasoning: dict[str, Any] = {}
    effort = asked.effort
    if asked.budget_tokens is not None:
        if effort is None and asked.budget_tokens >= 0:
            effort = _effort_of(asked.budget_tokens)
            if asked.budget_tokens > 0:
                warnings.append(f"reasoning budget: sent as effort {effort}")
        elif effort is not None:
            warnings.append("reasoning budget: dropped")
    if effort is not None:
        reasoning["effort"] = effort
    if asked.summary and effort != "none":
        reasoning["summary"] = "auto"
    if reasoning:
        body["reasoning"] = reasoning
    thinks = call.reasoning is not None and effort != "none"
    if thinks or _has_own_thoughts(call.messages):
        body["include"] = [*body.get("include", ()), "reasoning.encrypted_content"]


def _effort_of(budget: int) -> str:
    return next((effort for most, effort in _EFFORTS if budget <= most), "high")


def _has_own_thoughts(messages: Iterable[wire.Message]) -> bool:
    return any(
        isinstance(part, wire.ReasoningPart) and part.origin == NAME and part.signature
        for message in messages
        if message.role is wire.Role.ASSISTANT
        for part in message.parts
    )


def _add_extras(body: dict[str, Any], extras: Mapping[str, Any], warnings: list[str]) -> None:
    for name, value in extras.items():
        accepts = _HINTS.get(name)
        if accepts is not None and accepts(value):
            body[name] = value
        elif not (name == "verbosity" and _VERBOSITY(value)):
            # The name is the caller's own text, and the warning goes into a header.
            warnings.append(f"{name if _NAME.fullmatch(name) else 'unknown field'}: dropped")
