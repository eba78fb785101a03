"""Read a caller's request around its messages: tools, choices, thinking, output format, extras.

How thinking is read: `disabled` and `between_tools` are effort none; `enabled` is its budget;
`adaptive` is the effort of `output_config`, or budget -1 where none is named; an effort alone
stands for itself. `display` says whether thoughts are to be shown.
"""

from typing import Annotated, Any

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.anthropic_messages.content import Block, InMessage, Reader
from apps.providers.dialects.anthropic_messages.terms import distinct
from apps.providers.dialects.reading import read
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import ToolMode

Count = Annotated[int, msgspec.Meta(ge=1)]


class _Tool(msgspec.Struct):
    type: str | None = None
    name: str | None = None
    description: str | None = None
    input_schema: dict[str, Any] | None = None
    strict: bool | None = None
    cache_control: dict[str, Any] | None = None
    allowed_callers: list[str] | None = None
    defer_loading: bool | None = None
    input_examples: list[Any] | None = None
    eager_input_streaming: bool | None = None


class _ToolChoice(msgspec.Struct):
    type: str
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class _Thinking(msgspec.Struct):
    type: str
    budget_tokens: int | None = None
    display: str | None = None


class _Format(msgspec.Struct):
    type: str
    schema: dict[str, Any] | None = None


class _OutputConfig(msgspec.Struct):
    effort: str | None = None
    format: _Format | None = None


class _Body(msgspec.Struct):
    messages: list[InMessage]
    max_tokens: Count | None = None
    system: str | list[Block] | None = None
    stop_sequences: list[str] | None = None
    stream: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    tools: list[_Tool] | None = None
    tool_choice: _ToolChoice | None = None
    thinking: _Thinking | None = None
    output_config: _OutputConfig | None = None
    output_format: _Format | None = None
    metadata: dict[str, Any] | None = None


_ANYTHING: Any = Any
_KNOWN = frozenset({*_Body.__struct_fields__, "model"})
_CONTRACTS = ("container", "mcp_servers", "context_management")
_MODES = {"auto": ToolMode.AUTO, "any": ToolMode.REQUIRED, "none": ToolMode.NONE}
_SHOWN = {"summarized": True, "omitted": False}


def decode(incoming: wire.Incoming, *, counting: bool) -> wire.ChatCall:
    """Read a request; one that only counts tokens needs no `max_tokens`."""
    body = read(_Body, incoming.body)
    if not body.messages:
        raise InvalidInputError("`messages`: at least one message is required.", param="messages")
    if body.max_tokens is None and not counting:
        raise InvalidInputError("`max_tokens`: is required.", param="max_tokens")
    reader = Reader()
    warnings = reader.warnings
    system = reader.read_system(body.system)
    messages = (*system, *reader.read_messages(body.messages))
    choice = body.tool_choice
    return wire.ChatCall(
        model=incoming.model,
        messages=messages,
        tools=_read_tools(body.tools or [], warnings),
        tool_choice=_read_choice(choice),
        parallel_tool_calls=_read_parallel(choice),
        max_output_tokens=body.max_tokens,
        temperature=body.temperature,
        top_p=body.top_p,
        top_k=body.top_k,
        stop=tuple(body.stop_sequences or ()),
        output_format=_read_format(body),
        reasoning=_read_reasoning(body, warnings),
        user=_read_user(body.metadata or {}, warnings),
        stream=bool(body.stream),
        include_usage=True,
        extras=_read_extras(incoming),
        warnings=distinct(warnings),
    )


def _read_tools(tools: list[_Tool], warnings: list[str]) -> tuple[wire.Tool, ...]:
    return tuple(_read_tool(tool, f"tools[{i}]", warnings) for i, tool in enumerate(tools))


def _read_tool(tool: _Tool, at: str, warnings: list[str]) -> wire.Tool:
    if tool.type not in (None, "custom"):
        raise UnsupportedContentError(
            f"`{at}`: the hosted tool `{tool.type}` exists only at Anthropic.", param=f"{at}.type"
        )
    if tool.allowed_callers and tool.allowed_callers != ["direct"]:
        raise UnsupportedContentError(
            f"`{at}.allowed_callers`: calls from code exist only at Anthropic.",
            param=f"{at}.allowed_callers",
        )
    for field in ("name", "input_schema"):
        if getattr(tool, field) is None:
            raise InvalidInputError(f"`{at}.{field}`: is required.", param=f"{at}.{field}")
    hints = ("defer_loading", "input_examples", "eager_input_streaming")
    warnings += [f"{at}.{hint}: dropped" for hint in hints if getattr(tool, hint)]
    return wire.Tool(
        name=tool.name or "",
        description=tool.description,
        parameters=tool.input_schema,
        strict=tool.strict,
        cache=tool.cache_control is not None,
    )


def _read_choice(choice: _ToolChoice | None) -> wire.ToolChoice | None:
    if choice is None:
        return None
    if choice.type == "tool":
        if not choice.name:
            raise InvalidInputError("`tool_choice.name`: is required.", param="tool_choice.name")
        return wire.ToolChoice(mode=ToolMode.NAMED, names=(choice.name,))
    if choice.type not in _MODES:
        raise InvalidInputError(
            "`tool_choice.type`: must be auto, any, tool or none.", param="tool_choice.type"
        )
    return wire.ToolChoice(mode=_MODES[choice.type])


def _read_parallel(choice: _ToolChoice | None) -> bool | None:
    if choice is None or choice.disable_parallel_tool_use is None:
        return None
    return not choice.disable_parallel_tool_use


def _read_format(body: _Body) -> wire.OutputFormat | None:
    config = body.output_config
    wanted = (config.format if config is not None else None) or body.output_format
    if wanted is None:
        return None
    if wanted.type != "json_schema":
        raise UnsupportedContentError(
            f"Output of type `{wanted.type}` cannot be carried.", param="output_config.format.type"
        )
    if wanted.schema is None:
        raise InvalidInputError(
            "`output_config.format.schema`: is required.", param="output_config.format.schema"
        )
    return wire.OutputFormat(schema=wanted.schema)


def _read_reasoning(body: _Body, warnings: list[str]) -> wire.ReasoningRequest | None:
    effort = body.output_config.effort if body.output_config is not None else None
    thinking = body.thinking
    if thinking is None:
        return wire.ReasoningRequest(effort=effort) if effort is not None else None
    shown = _SHOWN.get(thinking.display or "")
    match thinking.type:
        case "disabled" | "between_tools":
            if effort is not None:
                warnings.append("output_config.effort: dropped")
            return wire.ReasoningRequest(effort="none")
        case "enabled":
            if thinking.budget_tokens is None or thinking.budget_tokens < 1:
                raise InvalidInputError(
                    "`thinking.budget_tokens`: is required.", param="thinking.budget_tokens"
                )
            return wire.ReasoningRequest(
                effort=effort, budget_tokens=thinking.budget_tokens, summary=shown
            )
        case "adaptive":
            budget = -1 if effort is None else None
            return wire.ReasoningRequest(effort=effort, budget_tokens=budget, summary=shown)
        case _:
            raise InvalidInputError(
                "`thinking.type`: must be enabled, adaptive or disabled.", param="thinking.type"
            )


def _read_user(metadata: dict[str, Any], warnings: list[str]) -> str | None:
    warnings += [
        f"metadata.{key}: dropped"
        for key, value in metadata.items()
        if key != "user_id" and value is not None
    ]
    user = metadata.get("user_id")
    if user is not None and not isinstance(user, str):
        raise InvalidInputError("`metadata.user_id`: must be text.", param="metadata.user_id")
    return user or None


def _read_extras(incoming: wire.Incoming) -> dict[str, Any]:
    extras = {
        key: read(_ANYTHING, value, at=key)
        for key, value in incoming.fields.items()
        if key not in _KNOWN
    }
    for key in _CONTRACTS:
        if extras.pop(key, None):
            raise UnsupportedContentError(f"`{key}` exists only at Anthropic.", param=key)
    return extras
