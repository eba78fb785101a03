"""Read the input items, tools and settings of a Responses body.

Source: openapi `CreateResponse`.
"""

from collections.abc import Iterator
from typing import Any, Final

from apps.providers.simulator import media, reading
from apps.providers.simulator.asks import Ask, Media, PastCall, Tool, ToolResult, Turn
from apps.providers.simulator.exchange import SimError
from apps.providers.simulator.openai.messages import (
    FORMATS,
    ROLES,
    allowed,
    read_choice,
    read_function,
)
from apps.providers.simulator.reading import Body
from apps.providers.simulator.signatures import is_ours

MIN_OUTPUT_TOKENS: Final = 16
LOGPROBS: Final = "message.output_text.logprobs"
ENCRYPTED: Final = "reasoning.encrypted_content"
SERVER_STATE: Final = {
    "previous_response_id": "previous_response_not_found",
    "conversation": "conversation_not_found",
}


def read_ask(body: Body) -> Ask:
    """Return what a Responses body asks."""
    for name, code in SERVER_STATE.items():
        if body.get(name):
            raise SimError(400, f"[simulated] Nothing is stored: {name}.", code=code, param=name)
    reading.number(body, "temperature", 0, 2)
    reading.number(body, "top_p", 0, 1)
    include = reading.texts(body.get("include"), "include")
    thinking = reading.mapping(body.get("reasoning") or {}, "reasoning")
    kind, schema = _format(body)
    return Ask(
        model=str(body.get("model") or ""),
        turns=(*_instructions(body), *read_turns(body.get("input"))),
        tools=allowed(_tools(body.get("tools")), body.get("tool_choice")),
        tool_choice=_choice(body.get("tool_choice")),
        parallel=body.get("parallel_tool_calls") is not False,
        schema=schema,
        json_object=kind == "json_object",
        reasoning=bool(thinking) and thinking.get("effort") != "none",
        max_tokens=reading.whole(body, "max_output_tokens", MIN_OUTPUT_TOKENS),
        top_logprobs=reading.top_logprobs(body.get("top_logprobs"), wanted=LOGPROBS in include),
        cache_write=body.get("prompt_cache_key") is not None,
        extra={"encrypted": ENCRYPTED in include, "summary": bool(thinking.get("summary"))},
    )


def read_turns(value: Any) -> tuple[Turn, ...]:
    """Return the turns; a function call without its output is refused, and the reverse."""
    if isinstance(value, str):
        return (Turn("user", value),)
    turns = []
    for at, item in enumerate(reading.items(value, "input", least=1)):
        turn = _turn(reading.mapping(item, f"input[{at}]"), f"input[{at}]")
        if turn is not None:
            turns.append(turn)
    called = [call.id for turn in turns for call in turn.calls]
    answered = [result.call_id for turn in turns for result in turn.results]
    if unanswered := [identity for identity in called if identity not in answered]:
        message = f"[simulated] No tool output found for function call {unanswered[0]}."
        raise SimError(400, message, param="input")
    if uncalled := [identity for identity in answered if identity not in called]:
        message = f"[simulated] No tool call found for function call output {uncalled[0]}."
        raise SimError(400, message, param="input")
    return tuple(turns)


def _turn(item: Body, where: str) -> Turn | None:
    kind = item.get("type") or "message"
    if kind == "message":
        role = reading.one_of(item.get("role"), ROLES, f"{where}.role")
        text, attached = _content(item.get("content"), f"{where}.content")
        return Turn(ROLES[role], text, attached)
    if kind == "function_call":
        names = ("call_id", "name", "arguments")
        said = [reading.text(item.get(name), f"{where}.{name}") for name in names]
        return Turn("assistant", calls=(PastCall(*said),))
    if kind == "function_call_output":
        call_id = reading.text(item.get("call_id"), f"{where}.call_id")
        text, attached = _content(item.get("output"), f"{where}.output")
        return Turn("tool", media=attached, results=(ToolResult(call_id, text),))
    if kind == "reasoning":
        secret = item.get("encrypted_content")
        if secret is not None and not is_ours("openai", secret):
            message = f"[simulated] The encrypted content of {where} could not be verified."
            raise SimError(400, message, code="invalid_encrypted_content", param=where)
        return None
    raise SimError(400, f"[simulated] {where}.type has no value {kind!r}.", param=where)


def _content(content: Any, where: str) -> tuple[str, tuple[Media, ...]]:
    if isinstance(content, str):
        return content, ()
    texts, attached = [], []
    for at, part in enumerate(reading.items(content, where)):
        part = reading.mapping(part, f"{where}[{at}]")
        kind = part.get("type")
        if kind in ("input_text", "output_text", "refusal"):
            said = part.get("refusal" if kind == "refusal" else "text")
            texts.append(reading.text(said, f"{where}[{at}].text"))
        else:
            attached.append(_attachment(part, f"{where}[{at}]"))
    return "\n".join(texts), tuple(attached)


def _attachment(part: Body, where: str) -> Media:
    kind = part.get("type")
    if kind not in ("input_image", "input_file", "input_audio"):
        raise SimError(400, f"[simulated] {where}.type has no value {kind!r}.", param=where)
    if part.get("file_id"):
        return Media("application/octet-stream", None, "file id")
    if kind == "input_image":
        return media.from_url(part.get("image_url"), "image/*", where=f"{where}.image_url")
    if kind == "input_audio":
        sound = reading.mapping(part.get("input_audio"), f"{where}.input_audio")
        media_type = f"audio/{sound.get('format', 'wav')}"
        return media.from_base64(sound.get("data"), media_type, where=f"{where}.input_audio.data")
    url = part.get("file_url") or part.get("file_data")
    return media.from_url(url, "application/pdf", where=f"{where}.file_data")


def _instructions(body: Body) -> Iterator[Turn]:
    instructions = body.get("instructions")
    if instructions:
        yield Turn("system", reading.text(instructions, "instructions"))


def _tools(value: Any) -> tuple[Tool, ...]:
    """Return the function tools; hosted ones are offered in vain."""
    tools = [
        reading.mapping(tool, f"tools[{at}]")
        for at, tool in enumerate(reading.items(value or [], "tools"))
    ]
    return tuple(
        read_function(tool, f"tools[{at}]")
        for at, tool in enumerate(tools)
        if tool.get("type") == "function"
    )


def _choice(value: Any) -> str:
    """Return the choice; one of a hosted tool leaves the model free."""
    if isinstance(value, dict) and value.get("type") not in ("function", "allowed_tools"):
        return "auto"
    return read_choice(value)


def _format(body: Body) -> tuple[str, Body | None]:
    text = reading.mapping(body.get("text") or {}, "text")
    wanted = reading.mapping(text.get("format") or {"type": "text"}, "text.format")
    kind = reading.one_of(wanted.get("type"), FORMATS, "text.format.type")
    if kind != "json_schema":
        return kind, None
    reading.text(wanted.get("name"), "text.format.name")
    return kind, reading.mapping(wanted.get("schema"), "text.format.schema")
