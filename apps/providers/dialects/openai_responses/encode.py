"""Write canonical messages, tools and formats as the fields of a Responses request."""

from collections.abc import Iterator, Sequence
from typing import Any

from apps.providers import wire
from apps.providers.dialects.openai_responses import media
from apps.providers.dialects.openai_responses.reasoning import NAME, reasoning_item
from apps.providers.errors import UnsupportedContentError

Item = dict[str, Any]
NO_PARAMETERS: dict[str, Any] = {"type": "object", "properties": {}}


def split_instructions(
    messages: Sequence[wire.Message],
) -> tuple[str | None, Sequence[wire.Message]]:
    """Take a leading system message that is one plain text as the instructions.

    Not when it is all there is: the API wants input.
    """
    first = messages[0] if len(messages) > 1 else None
    if first and first.role is wire.Role.SYSTEM and len(first.parts) == 1 and not first.name:
        part = first.parts[0]
        if isinstance(part, wire.TextPart) and part.text and not part.cache:
            return part.text, messages[1:]
    return None, messages


def input_items(
    messages: Sequence[wire.Message], warnings: list[str], *, first: int = 0
) -> list[Item]:
    """The input list; `first` is the number of the first message, for error paths."""
    items: list[Item] = []
    for number, message in enumerate(messages, first):
        at = f"messages[{number}]"
        if message.name:
            warnings.append(f"{at}.name: dropped")
        if message.role is wire.Role.ASSISTANT:
            items.extend(_assistant_items(message.parts, at, warnings))
        elif message.role is wire.Role.TOOL:
            items.extend(_result_items(message.parts, at, warnings))
        else:
            items.append(_said(message.role.value, message.parts, at, warnings))
    return items


def _said(role: str, parts: Sequence[wire.Part], at: str, warnings: list[str]) -> Item:
    content = _contents(parts, at, warnings)
    if len(content) == 1 and content[0]["type"] == "input_text":
        return {"type": "message", "role": role, "content": content[0]["text"]}
    return {"type": "message", "role": role, "content": content}


def _contents(parts: Sequence[wire.Part], at: str, warnings: list[str]) -> list[Item]:
    return [
        _content(part, f"{at}.content[{number}]", warnings) for number, part in enumerate(parts)
    ]


def _content(part: wire.Part, at: str, warnings: list[str]) -> Item:
    if getattr(part, "cache", False):
        warnings.append("cache_control: dropped")
    match part:
        case wire.TextPart():
            return {"type": "input_text", "text": part.text}
        case wire.ImagePart():
            return media.image_content(part, at)
        case wire.DocumentPart():
            return media.file_content(part, at)
        case wire.AudioPart():
            return media.audio_content(part, at)
        case _:
            raise UnsupportedContentError(f"`{at}` cannot stand in this message.", param=at)


def _assistant_items(parts: Sequence[wire.Part], at: str, warnings: list[str]) -> Iterator[Item]:
    said: list[Item] = []
    for number, part in enumerate(parts):
        if isinstance(part, (wire.TextPart, wire.RefusalPart)):
            said.append(_spoken(part, warnings))
            continue
        if said:
            yield _assistant_message(said)
            said = []
        yield from _assistant_item(part, f"{at}.content[{number}]", warnings)
    if said:
        yield _assistant_message(said)


def _spoken(part: wire.TextPart | wire.RefusalPart, warnings: list[str]) -> Item:
    if isinstance(part, wire.RefusalPart):
        return {"type": "refusal", "refusal": part.text}
    if part.cache:
        warnings.append("cache_control: dropped")
    return {"type": "output_text", "text": part.text, "annotations": []}


def _assistant_message(said: list[Item]) -> Item:
    if len(said) == 1 and said[0]["type"] == "output_text":
        return {"type": "message", "role": "assistant", "content": said[0]["text"]}
    return {"type": "message", "role": "assistant", "content": said}


def _assistant_item(part: wire.Part, at: str, warnings: list[str]) -> Iterator[Item]:
    match part:
        case wire.ToolCallPart():
            if part.cache:
                warnings.append("cache_control: dropped")
            yield {
                "type": "function_call",
                "call_id": part.id,
                "name": part.name,
                "arguments": part.arguments,
            }
        case wire.ReasoningPart() if part.origin == NAME and (part.signature or part.id):
            item = reasoning_item(part)
            yield {**item, "id": part.id} if part.id else item
        case wire.ReasoningPart():
            # Thoughts of another provider: the Responses API takes only its own.
            warnings.append("reasoning: dropped")
        case _:
            raise UnsupportedContentError(
                f"`{at}`: the provider of this model takes no such content from an assistant.",
                param=at,
            )


def _result_items(parts: Sequence[wire.Part], at: str, warnings: list[str]) -> Iterator[Item]:
    for number, part in enumerate(parts):
        here = f"{at}.content[{number}]"
        if not isinstance(part, wire.ToolResultPart):
            raise UnsupportedContentError(f"`{here}` is no tool result.", param=here)
        if part.cache:
            warnings.append("cache_control: dropped")
        yield {
            "type": "function_call_output",
            "call_id": part.call_id,
            "output": _output(part, here, warnings),
        }


def _output(part: wire.ToolResultPart, at: str, warnings: list[str]) -> str | list[Item]:
    """A result's text or content list; failure has no field of its own, so the text says it."""
    contents = _contents(part.content, at, warnings)
    if part.is_error:
        warnings.append(f"{at}.is_error: told in the text")
        contents = _as_error(contents)
    if not contents:
        return ""
    if len(contents) == 1 and contents[0]["type"] == "input_text":
        text: str = contents[0]["text"]
        return text
    return contents


def _as_error(contents: list[Item]) -> list[Item]:
    if contents and contents[0]["type"] == "input_text":
        return [{"type": "input_text", "text": f"Error: {contents[0]['text']}"}, *contents[1:]]
    return [{"type": "input_text", "text": "Error"}, *contents]


# Tools and formats


def tool_value(tool: wire.Tool) -> Item:
    """A function tool, flat. `strict` is always said: left out, this API tries to be strict."""
    value: Item = {"type": "function", "name": tool.name}
    if tool.description is not None:
        value["description"] = tool.description
    value["parameters"] = tool.parameters if tool.parameters is not None else NO_PARAMETERS
    value["strict"] = bool(tool.strict)
    return value


def choice_value(choice: wire.ToolChoice) -> str | Item:
    """The tool choice; several names are an allowed list from which one must be called."""
    if choice.mode is not wire.ToolMode.NAMED:
        return choice.mode.value
    named = [{"type": "function", "name": name} for name in choice.names]
    if len(named) == 1:
        return named[0]
    return {"type": "allowed_tools", "mode": "required", "tools": named}


def format_value(output: wire.OutputFormat | None) -> Item:
    """The value of `text.format`."""
    if output is None:
        return {"type": "text"}
    if output.schema is None:
        return {"type": "json_object"}
    value: Item = {
        "type": "json_schema",
        "name": output.name or "response",
        "schema": output.schema,
    }
    if output.description is not None:
        value["description"] = output.description
    if output.strict is not None:
        value["strict"] = output.strict
    return value
