"""Read tools, tool choice and output format of a Responses request.

Source: OpenAI API reference, function calling and structured outputs.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import ToolMode

_MODES = {"auto": ToolMode.AUTO, "none": ToolMode.NONE, "required": ToolMode.REQUIRED}


class ToolIn(msgspec.Struct, rename={"is_async": "async"}):
    """Any tool; only functions can be carried to another provider."""

    type: str
    name: str | None = None
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None
    defer_loading: bool | None = None
    output_schema: Any = None
    allowed_callers: list[str] | None = None
    is_async: bool | None = None


class _AllowedIn(msgspec.Struct):
    type: str = "function"
    name: str | None = None


class ChoiceIn(msgspec.Struct):
    """Any tool choice that is an object."""

    type: str
    name: str | None = None
    mode: str | None = None
    tools: list[_AllowedIn] | None = None


class FormatIn(msgspec.Struct):
    """The value of `text.format`."""

    type: str
    name: str | None = None
    description: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None


def read_tools(
    given: Sequence[ToolIn], allowed: frozenset[str] | None, warnings: list[str]
) -> tuple[wire.Tool, ...]:
    """The function tools; `allowed` narrows them to those that the caller's choice leaves.

    Raises:
        UnsupportedContentError: a hosted or custom tool.
    """
    tools = [_tool(tool, f"tools[{number}]", warnings) for number, tool in enumerate(given)]
    return tuple(tool for tool in tools if allowed is None or tool.name in allowed)


def _tool(tool: ToolIn, at: str, warnings: list[str]) -> wire.Tool:
    if tool.type != "function":
        raise UnsupportedContentError(
            f"`{at}`: tools of type `{tool.type}` run only at the provider that offers them. "
            "The provider of this model takes functions.",
            param=f"{at}.type",
        )
    if not tool.name:
        raise InvalidInputError(f"`{at}.name` is missing.", param=f"{at}.name")
    if tool.defer_loading:
        warnings.append(f"{at}.defer_loading: dropped")
    if tool.output_schema:
        warnings.append(f"{at}.output_schema: dropped")
    if tool.allowed_callers and tool.allowed_callers != ["direct"]:
        warnings.append(f"{at}.allowed_callers: dropped")
    if tool.is_async:
        warnings.append(f"{at}.async: dropped")
    return wire.Tool(
        name=tool.name,
        description=tool.description,
        parameters=tool.parameters,
        strict=tool.strict,
    )


def read_choice(
    given: str | ChoiceIn | None, tools: Sequence[ToolIn]
) -> tuple[wire.ToolChoice | None, frozenset[str] | None]:
    """The tool choice, and the names that `allowed_tools` leaves in mode auto.

    A model that may call some of its tools, or none, is the same as one that has no others.
    """
    if given is None:
        return None, None
    if isinstance(given, str):
        mode = _MODES.get(given)
        if mode is None:
            raise InvalidInputError(
                f"`tool_choice` must be one of {', '.join(_MODES)}, or an object.",
                param="tool_choice",
            )
        return wire.ToolChoice(mode=mode), None
    if given.type == "function":
        if not given.name:
            raise InvalidInputError("`tool_choice.name` is missing.", param="tool_choice.name")
        return wire.ToolChoice(mode=ToolMode.NAMED, names=(given.name,)), None
    if given.type == "allowed_tools":
        names = _allowed_names(given, {tool.name for tool in tools})
        if given.mode == "required":
            return wire.ToolChoice(mode=ToolMode.NAMED, names=names), None
        return wire.ToolChoice(mode=ToolMode.AUTO), frozenset(names)
    raise UnsupportedContentError(
        f"`tool_choice` of type `{given.type}` cannot be carried to the provider of this model.",
        param="tool_choice.type",
    )


def _allowed_names(given: ChoiceIn, known: set[str | None]) -> tuple[str, ...]:
    names = []
    for number, tool in enumerate(given.tools or ()):
        at = f"tool_choice.tools[{number}]"
        if tool.type != "function":
            raise UnsupportedContentError(
                f"`{at}`: only functions can be carried to the provider of this model.", param=at
            )
        if tool.name is None or tool.name not in known:
            raise InvalidInputError(f"`{at}.name` names none of `tools`.", param=f"{at}.name")
        names.append(tool.name)
    if not names or given.mode not in ("auto", "required"):
        raise InvalidInputError(
            "`tool_choice` needs a list of tools and the mode auto or required.",
            param="tool_choice",
        )
    return tuple(dict.fromkeys(names))


def read_format(given: FormatIn | None) -> wire.OutputFormat | None:
    """Raises UnsupportedContentError for a format other than text and JSON."""
    if given is None or given.type == "text":
        return None
    if given.type == "json_object":
        return wire.OutputFormat()
    if given.type != "json_schema":
        raise UnsupportedContentError(
            f"`text.format` of type `{given.type}` cannot be carried to the provider of this "
            "model.",
            param="text.format.type",
        )
    if given.schema is None:
        raise InvalidInputError("`text.format.schema` is missing.", param="text.format.schema")
    return wire.OutputFormat(
        schema=given.schema,
        name=given.name,
        description=given.description,
        strict=given.strict,
    )
