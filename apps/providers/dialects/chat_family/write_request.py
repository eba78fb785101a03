"""Write a canonical call as the body of a chat request."""

import re
from dataclasses import dataclass
from typing import Any

from apps.providers import wire
from apps.providers.dialects.chat_family.style import Style
from apps.providers.dialects.chat_family.write_messages import MessageWriter
from apps.providers.wire import ToolMode

_NAME = re.compile(r"[^a-zA-Z0-9_-]")
_LOW_BUDGET, _MEDIUM_BUDGET = 2_048, 12_288


@dataclass(frozen=True, slots=True)
class Written:
    """A body, what was lost in it, and whether it has fields beyond the specification."""

    body: dict[str, Any]
    warnings: tuple[str, ...]
    is_beyond: bool


def write_chat(call: wire.ChatCall, model: wire.TargetModel, style: Style) -> Written:
    """The body of a chat request.

    Raises:
        UnsupportedContentError: content that the dialect lacks.
    """
    writer = MessageWriter(style)
    body: dict[str, Any] = {"model": model.name, "messages": writer.messages(call.messages)}
    _add_tools(body, call, writer)
    _add_tuning(body, call, writer)
    _add_format(body, call)
    _add_reasoning(body, call, writer)
    _add_person(body, call, writer)
    if call.stream:
        body["stream"] = True
        if style.stream_usage:
            body["stream_options"] = {"include_usage": True}
    for key, value in call.extras.items():
        if key in style.extras:
            body.setdefault(key, value)
        else:
            writer.warn(f"{key}: dropped")
    return Written(body, tuple(writer.warnings), not style.beyond.isdisjoint(body))


def _add_tools(body: dict[str, Any], call: wire.ChatCall, writer: MessageWriter) -> None:
    if not call.tools:
        return
    tools, choice = call.tools, call.tool_choice
    if choice is not None and choice.mode is ToolMode.NAMED and len(choice.names) > 1:
        if writer.style.allowed_tools:
            allowed = [{"type": "function", "function": {"name": name}} for name in choice.names]
            body["tool_choice"] = {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": allowed},
            }
        else:
            tools = tuple(tool for tool in tools if tool.name in choice.names)
            body["tool_choice"] = "required"
    elif choice is not None and choice.mode is ToolMode.NAMED and choice.names:
        body["tool_choice"] = {"type": "function", "function": {"name": choice.names[0]}}
    elif choice is not None:
        body["tool_choice"] = "required" if choice.mode is ToolMode.NAMED else choice.mode.value
    body["tools"] = [_tool(tool, writer) for tool in tools]
    if call.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = call.parallel_tool_calls


def _tool(tool: wire.Tool, writer: MessageWriter) -> dict[str, Any]:
    function: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    if tool.strict is not None:
        if writer.style.strict_tools:
            function["strict"] = tool.strict
        elif tool.strict:
            writer.warn("tools.strict: dropped")
    return {"type": "function", "function": function, **writer.hint(tool.cache)}


def _add_tuning(body: dict[str, Any], call: wire.ChatCall, writer: MessageWriter) -> None:
    style = writer.style
    given = {
        style.cap_field: call.max_output_tokens,
        "top_p": call.top_p,
        "frequency_penalty": call.frequency_penalty,
        "presence_penalty": call.presence_penalty,
        "seed": call.seed,
        "logit_bias": call.logit_bias,
    }
    body.update({key: value for key, value in given.items() if value is not None})
    if call.temperature is not None:
        body["temperature"] = min(call.temperature, style.temperature_max)
        if call.temperature > style.temperature_max:
            writer.warn(f"temperature: clamped to {style.temperature_max:g}")
    if call.top_k is not None:
        if style.top_k:
            body["top_k"] = call.top_k
        else:
            writer.warn("top_k: dropped")
    if call.stop:
        body["stop"] = list(call.stop[: style.stop_max])
        if len(body["stop"]) < len(call.stop):
            writer.warn(f"stop: clamped to {style.stop_max} sequences")
    if call.n != 1:
        body["n"] = call.n
    if call.logprobs:
        body["logprobs"] = True
        if call.top_logprobs is not None:
            body["top_logprobs"] = call.top_logprobs


def _add_format(body: dict[str, Any], call: wire.ChatCall) -> None:
    wanted = call.output_format
    if wanted is None:
        return
    if wanted.schema is None:
        body["response_format"] = {"type": "json_object"}
        return
    schema: dict[str, Any] = {
        "name": _NAME.sub("_", wanted.name or "response")[:64],
        "schema": wanted.schema,
    }
    if wanted.description is not None:
        schema["description"] = wanted.description
    if wanted.strict is not None:
        schema["strict"] = wanted.strict
    body["response_format"] = {"type": "json_schema", "json_schema": schema}


def _add_reasoning(body: dict[str, Any], call: wire.ChatCall, writer: MessageWriter) -> None:
    wanted = call.reasoning
    if wanted is None:
        return
    effort, budget = wanted.effort, wanted.budget_tokens
    if effort is None and budget is not None and budget >= 0:
        effort = _effort(budget)
        writer.warn(f"reasoning.budget_tokens: sent as effort {effort}")
    elif effort is not None and budget is not None and budget > 0:
        writer.warn("reasoning.budget_tokens: dropped")
    if effort is not None:
        body["reasoning_effort"] = effort
    if wanted.summary:
        writer.warn("reasoning.summary: dropped")


def _effort(budget: int) -> str:
    if budget == 0:
        return "none"
    if budget <= _LOW_BUDGET:
        return "low"
    return "medium" if budget <= _MEDIUM_BUDGET else "high"


def _add_person(body: dict[str, Any], call: wire.ChatCall, writer: MessageWriter) -> None:
    if call.user is not None:
        if writer.style.user:
            body["user"] = call.user
        else:
            writer.warn("user: dropped")
    if call.metadata:
        # OpenAI takes metadata only for completions that it stores, which is never asked for.
        writer.warn("metadata: dropped")
