"""What an answer says, read from the bytes of any dialect, without the portal's own code."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Said:
    """Text, tool calls as (name, arguments), tokens in and out, refusal text."""

    text: str = ""
    tools: list[tuple[str, Any]] = field(default_factory=list)
    usage: tuple[int, int] | None = None
    refusal: str = ""


def events(body: bytes) -> list[Any]:
    """The JSON of every event of a stream, `[DONE]` left out."""
    text = body.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    found = []
    for block in re.split(r"\n{2,}", text):
        data = [line[5:].removeprefix(" ") for line in block.split("\n") if line[:5] == "data:"]
        joined = "\n".join(data)
        if joined and joined.strip() != "[DONE]":
            found.append(json.loads(joined))
    return found


def read(dialect: str, body: bytes, *, stream: bool) -> Said:
    """What a whole answer or a whole stream says."""
    if stream:
        return _STREAMS[dialect](events(body))
    return _WHOLES[dialect](json.loads(body))


def _arguments(text: str) -> Any:
    try:
        return json.loads(text or "{}")
    except ValueError:
        return text


def _text_of(content: Any) -> str:
    if isinstance(content, list):
        return "".join(p.get("text", "") for p in content if p.get("type") == "text")
    return content or ""


def _chat_usage(usage: Any) -> tuple[int, int] | None:
    if not usage:
        return None
    inputs, outputs = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
    # Some compatible services leave thoughts out of the completion, and only the total has them.
    return inputs, max(outputs, (usage.get("total_tokens") or 0) - inputs)


def _chat(reply: Any) -> Said:
    if not reply["choices"]:
        return Said(usage=_chat_usage(reply.get("usage")))
    message = reply["choices"][0]["message"]
    calls = [c["function"] for c in message.get("tool_calls") or []]
    if message.get("function_call"):
        calls.append(message["function_call"])
    return Said(
        text=_text_of(message.get("content")),
        tools=[(c["name"], _arguments(c["arguments"])) for c in calls],
        usage=_chat_usage(reply.get("usage")),
        refusal=message.get("refusal") or "",
    )


def _chat_stream(chunks: Iterable[Any]) -> Said:
    said = Said()
    calls: list[list[str]] = []
    places: dict[Any, int] = {}
    for chunk in chunks:
        if chunk.get("usage"):
            said.usage = _chat_usage(chunk["usage"])
        elif (chunk.get("x_groq") or {}).get("usage"):
            said.usage = _chat_usage(chunk["x_groq"]["usage"])
        for choice in chunk.get("choices") or []:
            if choice.get("index", 0):
                continue
            delta = choice.get("delta") or {}
            said.text += _text_of(delta.get("content"))
            said.refusal += delta.get("refusal") or ""
            for call in delta.get("tool_calls") or []:
                key = call.get("index")
                if key not in places or (key is None and call.get("id")):
                    places[key] = len(calls)
                    calls.append(["", ""])
                place = calls[places[key]]
                place[0] += (call.get("function") or {}).get("name") or ""
                place[1] += (call.get("function") or {}).get("arguments") or ""
    said.tools = [(name, _arguments(text)) for name, text in calls]
    return said


def _responses(reply: Any) -> Said:
    said = Said()
    for item in reply["output"]:
        if item["type"] == "message":
            for part in item["content"]:
                said.text += part.get("text", "") if part["type"] == "output_text" else ""
                said.refusal += part.get("refusal", "") if part["type"] == "refusal" else ""
        elif item["type"] == "function_call":
            said.tools.append((item["name"], _arguments(item["arguments"])))
    if usage := reply.get("usage"):
        said.usage = (usage["input_tokens"], usage["output_tokens"])
    return said


def _responses_stream(found: Iterable[Any]) -> Said:
    text, last = "", None
    for event in found:
        if event["type"] == "response.output_text.delta":
            text += event["delta"]
        if event["type"] in ("response.completed", "response.incomplete", "response.failed"):
            last = event["response"]
    if last is None:
        return Said(text=text)
    said = _responses(last)
    said.text = text or said.text
    return said


def _anthropic_usage(usage: Any) -> tuple[int, int]:
    keys = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    return sum(usage.get(key) or 0 for key in keys), usage.get("output_tokens") or 0


def _anthropic(reply: Any) -> Said:
    blocks = reply["content"]
    return Said(
        text="".join(b["text"] for b in blocks if b["type"] == "text"),
        tools=[(b["name"], b["input"]) for b in blocks if b["type"] == "tool_use"],
        usage=_anthropic_usage(reply["usage"]),
    )


def _anthropic_stream(found: Iterable[Any]) -> Said:
    said = Said()
    usage: dict[str, Any] = {}
    blocks: dict[int, list[str]] = {}
    for event in found:
        match event["type"]:
            case "message_start":
                usage = dict(event["message"]["usage"])
            case "content_block_start" if event["content_block"]["type"] == "tool_use":
                blocks[event["index"]] = [event["content_block"]["name"], ""]
            case "content_block_start" if event["content_block"]["type"] == "text":
                said.text += event["content_block"].get("text") or ""
            case "content_block_delta":
                delta = event["delta"]
                said.text += delta.get("text", "") if delta["type"] == "text_delta" else ""
                if delta["type"] == "input_json_delta" and event["index"] in blocks:
                    blocks[event["index"]][1] += delta["partial_json"]
            case "message_delta":
                usage.update({k: v for k, v in event["usage"].items() if v is not None})
            case _:
                pass
    said.tools = [(name, _arguments(text)) for _, (name, text) in sorted(blocks.items())]
    said.usage = _anthropic_usage(usage) if usage else None
    return said


def _gemini(reply: Any) -> Said:
    return _gemini_stream([reply])


def _gemini_stream(chunks: Iterable[Any]) -> Said:
    said = Said()
    for chunk in chunks:
        for candidate in chunk.get("candidates") or []:
            if candidate.get("index", 0):
                continue
            for part in (candidate.get("content") or {}).get("parts") or []:
                if "text" in part and not part.get("thought"):
                    said.text += part["text"]
                if "functionCall" in part:
                    _gemini_call(said, part["functionCall"])
        if usage := chunk.get("usageMetadata"):
            inputs = ("promptTokenCount", "toolUsePromptTokenCount")
            outputs = ("candidatesTokenCount", "thoughtsTokenCount")
            said.usage = (
                sum(usage.get(key) or 0 for key in inputs),
                sum(usage.get(key) or 0 for key in outputs),
            )
    return said


def _gemini_call(said: Said, call: Any) -> None:
    """A whole call, or a piece of one: newer models stream arguments by path (`$.city`)."""
    if call.get("name"):
        said.tools.append((call["name"], dict(call.get("args") or {})))
    for piece in call.get("partialArgs") or []:
        arguments = said.tools[-1][1]
        key = piece["jsonPath"].removeprefix("$.")
        if "stringValue" in piece:
            arguments[key] = arguments.get(key, "") + piece["stringValue"]


_WHOLES = {
    "openai_chat": _chat,
    "azure_inference": _chat,
    "openai_responses": _responses,
    "anthropic_messages": _anthropic,
    "gemini_generate": _gemini,
}
_STREAMS = {
    "openai_chat": _chat_stream,
    "azure_inference": _chat_stream,
    "openai_responses": _responses_stream,
    "anthropic_messages": _anthropic_stream,
    "gemini_generate": _gemini_stream,
}
