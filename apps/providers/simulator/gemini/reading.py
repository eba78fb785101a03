"""Read the body of a Gemini call, in camelCase or snake_case.

Source: https://ai.google.dev/api/generate-content
"""

import re
from dataclasses import replace
from typing import Any, Final

import orjson

from apps.providers.simulator import media, reading
from apps.providers.simulator.asks import Ask, Media, PastCall, Tool, ToolResult, Turn
from apps.providers.simulator.exchange import SimError
from apps.providers.simulator.reading import Body
from apps.providers.simulator.signatures import is_ours

ROLES: Final = ("user", "model", "function", "system")
MAX_CHOICES: Final = 8
MAX_STOPS: Final = 5
# Documented by the provider for histories that come from elsewhere.
NO_SIGNATURE: Final = frozenset(
    {"skip_thought_signature_validator", "context_engineering_is_the_way_to_go"}
)


def field(body: Body, name: str) -> Any:
    """Return a field by its camelCase name, or by its snake_case one."""
    if name in body:
        return body[name]
    return body.get(re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower())


def read_ask(body: Body, model: str) -> Ask:
    """Return what a generateContent body asks."""
    config = reading.mapping(field(body, "generationConfig") or {}, "generation_config")
    thinking = reading.mapping(field(config, "thinkingConfig") or {}, "thinking_config")
    for name, high in (("temperature", 2), ("topP", 1)):
        reading.number({name: field(config, name)}, name, 0, high)
    choices = _whole(config, "candidateCount") or 1
    stops = reading.texts(field(config, "stopSequences"), "stop_sequences")
    if choices > MAX_CHOICES or len(stops) > MAX_STOPS:
        raise SimError(400, "[simulated] candidateCount or stopSequences passes its limit.")
    tools, choice = _tools_and_choice(body)
    mime = field(config, "responseMimeType") or "text/plain"
    schema = field(config, "responseJsonSchema") or field(config, "responseSchema")
    if schema is not None and mime == "text/plain":
        message = "Function calling or JSON mode with a response schema needs application/json"
        raise SimError(400, f"[simulated] {message}")
    return Ask(
        model=model,
        turns=(*_system(body), *read_turns(field(body, "contents"))),
        tools=tools,
        tool_choice=choice,
        schema=None if schema is None else reading.mapping(schema, "response_schema"),
        json_object=mime == "application/json" and schema is None,
        reasoning=bool(field(thinking, "includeThoughts")),
        max_tokens=_whole(config, "maxOutputTokens"),
        stops=stops,
        choices=choices,
        top_logprobs=reading.top_logprobs(
            field(config, "logprobs"), wanted=field(config, "responseLogprobs")
        ),
        cache_write=bool(field(body, "cachedContent")),
    )


def _whole(config: Body, name: str) -> int | None:
    return reading.whole({name: field(config, name)}, name)


def read_turns(contents: Any) -> tuple[Turn, ...]:
    """Return the turns; after function calls there must be as many responses."""
    if isinstance(contents, (dict, str)):
        contents = [contents]
    turns: list[Turn] = []
    for at, content in enumerate(reading.items(contents, "contents", least=1)):
        turn = read_content(content, f"contents[{at}]")
        if turns and turn.role == turns[-1].role == "assistant":
            turns[-1] = _joined(turns[-1], turn)  # clients store each chunk of a stream
            continue
        called = len(turns[-1].calls) if turns else 0
        if called != len(turn.results):
            message = (
                "Please ensure that the number of function response parts is equal to the number "
                "of function call parts of the function call turn."
            )
            raise SimError(400, f"[simulated] {message}")
        turns.append(turn)
    return tuple(turns)


def _joined(first: Turn, more: Turn) -> Turn:
    return replace(
        first,
        text="\n".join(text for text in (first.text, more.text) if text),
        media=first.media + more.media,
        calls=first.calls + more.calls,
    )


def read_content(content: Any, where: str) -> Turn:
    """Return one content as a turn."""
    if isinstance(content, str):
        return Turn("user", content)
    content = reading.mapping(content, where)
    role = reading.one_of(content.get("role") or "user", ROLES, f"{where}.role")
    parts = content.get("parts")
    parts = [parts] if isinstance(parts, dict) else parts
    texts, attached, calls, results = [], [], [], []
    for at, part in enumerate(reading.items(parts, f"{where}.parts", least=1)):
        read = _part(reading.mapping(part, f"{where}.parts[{at}]"), f"{where}.parts[{at}]")
        if isinstance(read, str):
            texts.append(read)
        elif isinstance(read, Media):
            attached.append(read)
        elif isinstance(read, PastCall):
            calls.append(read)
        elif isinstance(read, ToolResult):
            results.append(read)
    role = {"model": "assistant", "function": "tool"}.get(role, role)
    return Turn(role, "\n".join(texts), tuple(attached), tuple(calls), tuple(results))


def _part(part: Body, where: str) -> str | Media | PastCall | ToolResult | None:
    signature = field(part, "thoughtSignature")
    if signature and signature not in NO_SIGNATURE and not is_ours("gemini", signature):
        raise SimError(400, f"[simulated] {where}: Corrupted thought signature.")
    if isinstance(part.get("text"), str):
        return None if part.get("thought") else str(part["text"])
    if blob := field(part, "inlineData"):
        blob = reading.mapping(blob, where)
        mime = reading.text(field(blob, "mimeType"), f"{where}.inline_data.mime_type")
        return media.from_base64(blob.get("data"), mime, where=f"{where}.inline_data.data")
    if file := field(part, "fileData"):
        file = reading.mapping(file, where)
        mime = str(field(file, "mimeType") or "application/octet-stream")
        return media.from_url(field(file, "fileUri"), mime, where=f"{where}.file_data.file_uri")
    if call := field(part, "functionCall"):
        call = reading.mapping(call, f"{where}.function_call")
        arguments = orjson.dumps(call.get("args") or {}).decode()
        name = reading.text(call.get("name"), f"{where}.function_call.name")
        return PastCall(str(call.get("id") or name), name, arguments)
    if answered := field(part, "functionResponse"):
        answered = reading.mapping(answered, f"{where}.function_response")
        name = reading.text(answered.get("name"), f"{where}.function_response.name")
        response = reading.mapping(answered.get("response"), f"{where}.function_response.response")
        said = orjson.dumps(response).decode()
        return ToolResult(str(answered.get("id") or name), _shown(response, said), name)
    if any(field(part, name) for name in ("executableCode", "codeExecutionResult")):
        return None
    if signature:
        return None
    raise SimError(400, f"[simulated] {where}: required oneof field 'data' must have one value.")


def _shown(response: Body, said: str) -> str:
    """Return the text of a response that wraps one text, else its JSON."""
    wrapped = response.get("output", response.get("result"))
    return wrapped if isinstance(wrapped, str) and len(response) == 1 else said


def _system(body: Body) -> tuple[Turn, ...]:
    instruction = field(body, "systemInstruction")
    if instruction is None:
        return ()
    return (Turn("system", read_content(instruction, "system_instruction").text),)


def _tools_and_choice(body: Body) -> tuple[tuple[Tool, ...], str]:
    tools = []
    for at, group in enumerate(reading.items(body.get("tools") or [], "tools")):
        declared = field(reading.mapping(group, f"tools[{at}]"), "functionDeclarations")
        for function in reading.items(declared or [], "function_declarations"):
            function = reading.mapping(function, "function_declarations")
            schema = field(function, "parametersJsonSchema") or function.get("parameters") or {}
            name = reading.text(function.get("name"), "function_declarations.name")
            tools.append(Tool(name, reading.mapping(schema, "parameters"), _about(function)))
    config = reading.mapping(field(body, "toolConfig") or {}, "tool_config")
    calling = reading.mapping(field(config, "functionCallingConfig") or {}, "tool_config")
    mode = str(calling.get("mode") or "AUTO").upper()
    allowed = reading.texts(field(calling, "allowedFunctionNames"), "allowed_function_names")
    if mode not in ("AUTO", "ANY", "NONE", "VALIDATED", "MODE_UNSPECIFIED"):
        raise SimError(400, f"[simulated] function_calling_config.mode has no value {mode!r}.")
    if mode == "ANY" and allowed:
        tools = [tool for tool in tools if tool.name in allowed]
    choice = {"ANY": "required", "NONE": "none"}.get(mode, "auto")
    return tuple(tools), choice


def _about(function: Body) -> str:
    return str(function.get("description") or "")
