"""Read the tools of a caller's request, and how free the model is to use them."""

from collections.abc import Sequence
from typing import Any

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.chat_family.read_content import is_cached
from apps.providers.dialects.chat_family.read_messages import unknown_fields
from apps.providers.dialects.chat_family.shapes import (
    ChatIn,
    FormatIn,
    FunctionDefinition,
    NameIn,
    ToolIn,
)
from apps.providers.dialects.reading import read
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import ToolMode

_MODES = {
    "auto": ToolMode.AUTO,
    "none": ToolMode.NONE,
    "required": ToolMode.REQUIRED,
    "any": ToolMode.REQUIRED,  # Mistral's word
}


class _Named(msgspec.Struct):
    function: NameIn


class _AllowedTool(msgspec.Struct):
    function: NameIn | None = None
    type: str | None = None


class _Allowed(msgspec.Struct):
    mode: str
    tools: list[_AllowedTool]


_TOOL_FIELDS = frozenset(ToolIn.__struct_fields__)
_FUNCTION_FIELDS = frozenset(FunctionDefinition.__struct_fields__)


def read_tools(request: ChatIn, plain: Sequence[Any], warnings: list[str]) -> tuple[wire.Tool, ...]:
    """Tools, or functions in their old form; `plain` are the same tools as untyped JSON."""
    for index, tool in enumerate(plain):
        warnings += unknown_fields(tool, _TOOL_FIELDS, f"tools[{index}]")
        function = tool.get("function")
        if function is not None:
            warnings += unknown_fields(function, _FUNCTION_FIELDS, f"tools[{index}].function")
    if request.tools:
        return tuple(
            _tool(tool, plain[index], f"tools[{index}]") for index, tool in enumerate(request.tools)
        )
    return tuple(_function(function) for function in request.functions or ())


def _tool(tool: ToolIn, plain: Any, at: str) -> wire.Tool:
    if tool.type not in (None, "function"):
        raise UnsupportedContentError(
            f"`{at}.type`: tools of type `{tool.type}` run at one provider only.",
            param=f"{at}.type",
        )
    if tool.function is None:
        raise InvalidInputError(f"`{at}.function`: is missing.", param=f"{at}.function")
    return _function(tool.function, cache=is_cached(plain))


def _function(function: FunctionDefinition, *, cache: bool = False) -> wire.Tool:
    return wire.Tool(
        name=function.name,
        description=function.description,
        parameters=function.parameters,
        strict=function.strict,
        cache=cache,
    )


def read_choice(
    request: ChatIn, tools: tuple[wire.Tool, ...]
) -> tuple[wire.ToolChoice | None, tuple[wire.Tool, ...]]:
    """The tool choice, and the tools that it leaves (a free choice may be among some only)."""
    choice = request.tool_choice
    if choice is None and request.function_call is not None:
        old = request.function_call
        if isinstance(old, NameIn):
            return wire.ToolChoice(mode=ToolMode.NAMED, names=(old.name,)), tools
        return _mode(old, "function_call"), tools
    if choice is None:
        return None, tools
    if isinstance(choice, str):
        return _mode(choice, "tool_choice"), tools
    kind = choice.get("type")
    if kind == "allowed_tools":
        allowed = read(_Allowed, choice.get("allowed_tools"), at="tool_choice.allowed_tools")
        return _among(allowed, tools)
    if kind not in (None, "function"):
        raise UnsupportedContentError(
            f"`tool_choice.type`: `{kind}` cannot be carried.", param="tool_choice.type"
        )
    named = read(_Named, choice, at="tool_choice")
    return wire.ToolChoice(mode=ToolMode.NAMED, names=(named.function.name,)), tools


def _mode(word: str, at: str) -> wire.ToolChoice:
    if word not in _MODES:
        raise InvalidInputError(f"`{at}`: `{word[:40]}` is not a choice.", param=at)
    return wire.ToolChoice(mode=_MODES[word])


def _among(
    allowed: _Allowed, tools: tuple[wire.Tool, ...]
) -> tuple[wire.ToolChoice, tuple[wire.Tool, ...]]:
    at = "tool_choice.allowed_tools"
    names = []
    for index, tool in enumerate(allowed.tools):
        if tool.function is None:
            where = f"{at}.tools[{index}].type"
            raise UnsupportedContentError(f"`{where}`: only functions can be carried.", param=where)
        names.append(tool.function.name)
    if allowed.mode == "required":
        return wire.ToolChoice(mode=ToolMode.NAMED, names=tuple(names)), tools
    left = tuple(tool for tool in tools if tool.name in names)
    return _mode(allowed.mode, f"{at}.mode"), left


def read_format(given: FormatIn | None) -> wire.OutputFormat | None:
    """The output format; None for plain text."""
    if given is None or given.type == "text":
        return None
    if given.type == "json_object":
        return wire.OutputFormat()
    if given.type != "json_schema":
        raise UnsupportedContentError(
            f"`response_format.type`: `{given.type[:40]}` cannot be carried.",
            param="response_format.type",
        )
    schema = given.json_schema
    if schema is None:
        where = "response_format.json_schema"
        raise InvalidInputError(f"`{where}`: is missing.", param=where)
    return wire.OutputFormat(
        schema=schema.schema or {},
        name=schema.name,
        description=schema.description,
        strict=schema.strict,
    )
