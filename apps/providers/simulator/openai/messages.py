"""Read the messages, tools and settings of a chat-completions body (Azure reads them the same way).

Source: openapi `CreateChatCompletionRequest`.
"""

from collections.abc import Mapping
from typing import Any, Final

from apps.providers.simulator import media, reading
from apps.providers.simulator.asks import Ask, Media, PastCall, Tool, ToolResult, Turn
from apps.providers.simulator.exchange import SimError
from apps.providers.simulator.reading import Body

ROLES: Final = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
CHOICES: Final = ("auto", "none", "required")
FORMATS: Final = ("text", "json_object", "json_schema")
MAX_CHOICES: Final = 128


def read_ask(body: Body) -> Ask:
    """Return what a chat body asks."""
    reading.number(body, "top_p", 0, 1)
    wanted, schema = _format(body.get("response_format"))
    limit = reading.whole(body, "max_completion_tokens")
    choices = reading.whole(body, "n") or 1
    if choices > MAX_CHOICES:
        raise SimError(400, f"[simulated] n must be at most {MAX_CHOICES}.", param="n")
    return Ask(
        model=str(body.get("model") or ""),
        turns=read_turns(body["messages"]),
        tools=allowed(read_tools(body.get("tools")), body.get("tool_choice")),
        tool_choice=read_choice(body.get("tool_choice")),
        parallel=body.get("parallel_tool_calls") is not False,
        schema=schema,
        json_object=wanted == "json_object",
        reasoning=body.get("reasoning_effort") not in (None, "none"),
        max_tokens=limit if limit is not None else reading.whole(body, "max_tokens"),
        stops=reading.texts(body.get("stop"), "stop"),
        choices=choices,
        top_logprobs=reading.top_logprobs(body.get("top_logprobs"), wanted=body.get("logprobs")),
        cache_write=body.get("prompt_cache_key") is not None,
    )


def read_turns(messages: Any) -> tuple[Turn, ...]:
    """Return the turns; a tool call without its answer is refused, as the provider does."""
    turns = []
    waiting: list[str] = []
    for at, message in enumerate(reading.items(messages, "messages", least=1)):
        turn = _turn(reading.mapping(message, f"messages[{at}]"), f"messages[{at}]")
        waiting = [
            call for call in waiting if call not in {result.call_id for result in turn.results}
        ]
        if waiting and turn.role != "tool":
            raise SimError(400, _UNANSWERED.format(ids=", ".join(waiting)), param="messages")
        waiting += [call.id for call in turn.calls]
        turns.append(turn)
    if waiting:
        raise SimError(400, _UNANSWERED.format(ids=", ".join(waiting)), param="messages")
    return tuple(turns)


_UNANSWERED = (
    "[simulated] An assistant message with 'tool_calls' must be followed by tool messages "
    "responding to each 'tool_call_id'. These did not have response messages: {ids}"
)


def _turn(message: Body, where: str) -> Turn:
    role = reading.one_of(message.get("role"), ROLES, f"{where}.role")
    content = message.get("content")
    calls = tuple(_calls(message.get("tool_calls"), where))
    if content is None and not calls and role != "assistant":
        raise SimError(400, f"[simulated] {where}.content must not be null.", param=where)
    text, attached = _content(content, f"{where}.content")
    if ROLES[role] != "tool":
        return Turn(ROLES[role], text, attached, calls)
    call_id = message.get("tool_call_id") or message.get("name")
    if not isinstance(call_id, str):
        raise SimError(400, f"[simulated] {where}.tool_call_id is missing.", param=where)
    return Turn("tool", media=attached, results=(ToolResult(call_id, text),))


def _content(content: Any, where: str) -> tuple[str, tuple[Media, ...]]:
    if content is None:
        return "", ()
    if isinstance(content, str):
        return content, ()
    texts, attached = [], []
    for at, part in enumerate(reading.items(content, where)):
        part = reading.mapping(part, f"{where}[{at}]")
        if part.get("type") in ("text", "refusal"):
            texts.append(reading.text(part.get(part["type"]), f"{where}[{at}].{part['type']}"))
        else:
            attached.append(_attachment(part, f"{where}[{at}]"))
    return "\n".join(texts), tuple(attached)


def _attachment(part: Body, where: str) -> Media:
    kind = part.get("type")
    inner = reading.mapping(part.get(str(kind), {}), f"{where}.{kind}")
    if kind == "image_url":
        return media.from_url(inner.get("url"), "image/*", where=f"{where}.image_url.url")
    if kind == "audio_url":
        return media.from_url(inner.get("url"), "audio/*", where=f"{where}.audio_url.url")
    if kind == "input_audio":
        sound = f"audio/{inner.get('format', 'wav')}"
        return media.from_base64(inner.get("data"), sound, where=f"{where}.input_audio.data")
    if kind == "file":
        if inner.get("file_id"):
            return Media("application/octet-stream", None, "file id")
        data = inner.get("file_data")
        return media.from_url(data, "application/pdf", where=f"{where}.file.file_data")
    raise SimError(400, f"[simulated] {where}.type has no such value: {kind!r}.", param=where)


def _calls(value: Any, where: str) -> list[PastCall]:
    calls = []
    for at, call in enumerate(reading.items(value or [], f"{where}.tool_calls")):
        place = f"{where}.tool_calls[{at}]"
        function = reading.mapping(reading.mapping(call, place).get("function"), place)
        calls.append(
            PastCall(
                reading.text(call.get("id"), f"{place}.id"),
                reading.text(function.get("name"), f"{place}.function.name"),
                reading.text(function.get("arguments"), f"{place}.function.arguments"),
            )
        )
    return calls


def read_tools(value: Any) -> tuple[Tool, ...]:
    """Return the function tools; other kinds are offered in vain."""
    tools = []
    for at, tool in enumerate(reading.items(value or [], "tools")):
        function = reading.mapping(tool, f"tools[{at}]").get("function")
        if tool.get("type") == "function":
            function = reading.mapping(function, f"tools[{at}].function")
            tools.append(read_function(function, f"tools[{at}].function"))
    return tuple(tools)


def read_function(function: Body, where: str) -> Tool:
    """Return a function with its name, schema and description."""
    name = reading.text(function.get("name"), f"{where}.name")
    schema = function.get("parameters")
    if schema is not None and not isinstance(schema, Mapping):
        raise SimError(400, f"[simulated] {where}.parameters must be an object.", param=where)
    return Tool(name, schema or {}, str(function.get("description") or ""))


def read_choice(value: Any) -> str:
    """Return the tool choice as `Ask` has it."""
    if value is None:
        return "auto"
    if not isinstance(value, Mapping):
        return reading.one_of(value, CHOICES, "tool_choice")
    choice = value
    if choice.get("type") == "allowed_tools":
        allowed = reading.mapping(choice.get("allowed_tools", choice), "tool_choice")
        return reading.one_of(allowed.get("mode", "auto"), CHOICES, "tool_choice.mode")
    function = reading.mapping(choice.get("function", choice), "tool_choice.function")
    return "=" + reading.text(function.get("name"), "tool_choice.function.name")


def allowed(tools: tuple[Tool, ...], choice: Any) -> tuple[Tool, ...]:
    """Return the tools that a choice of the kind `allowed_tools` leaves."""
    if not isinstance(choice, Mapping) or choice.get("type") != "allowed_tools":
        return tools
    inner = reading.mapping(choice.get("allowed_tools", choice), "tool_choice")
    listed = [
        reading.mapping(tool, "tool_choice.tools")
        for tool in reading.items(inner.get("tools"), "tool_choice.tools")
    ]
    names = [reading.mapping(tool.get("function", tool), "tool_choice.tools") for tool in listed]
    kept = {reading.text(name.get("name"), "tool_choice.tools.name") for name in names}
    return tuple(tool for tool in tools if tool.name in kept)


def _format(value: Any) -> tuple[str, Mapping[str, Any] | None]:
    if value is None:
        return "text", None
    wanted = reading.mapping(value, "response_format")
    kind = reading.one_of(wanted.get("type"), FORMATS, "response_format.type")
    if kind != "json_schema":
        return kind, None
    described = reading.mapping(wanted.get("json_schema"), "response_format.json_schema")
    reading.text(described.get("name"), "response_format.json_schema.name")
    schema = described.get("schema", {})
    return kind, reading.mapping(schema, "response_format.json_schema.schema")
