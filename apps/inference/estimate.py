"""Guess tokens from text, without a model's tokenizer.

Good to about a fifth on ordinary text of any script; what a provider reports always wins.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from apps.providers import wire

# What a modern byte-pair vocabulary does with each kind of run, in characters per token.
_RUNS: Final = re.compile(
    r"(?P<word>[A-Za-z]+)"
    r"|(?P<latin>[\u00c0-\u024f]+)"
    r"|(?P<digits>\d+)"
    r"|(?P<cjk>[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]+)"
    r"|(?P<script>[\u0370-\u1fff]+)"
    r"|(?P<lines>[\r\n]+)"
    r"|(?P<blanks>[ \t]+)"
    r"|(?P<marks>[!-/:-@\[-`{-~]+)"
    r"|(?P<other>[^\x00-\x7f]+)"
)
_PER_TOKEN: Final[Mapping[str, float]] = {
    "word": 9.0,
    "latin": 2.0,
    "digits": 2.0,
    "cjk": 1.3,
    "script": 2.6,
    "lines": 2.0,
    "blanks": 16.0,
    "marks": 2.0,
    "other": 0.6,
}


@dataclass(frozen=True, slots=True)
class Overhead:
    """Tokens that a family of models adds to what callers wrote (measured on recorded usage).

    `tools` comes once when any tool is there; `schema` is the part of a tool's JSON text that is
    left when the provider has rewritten it.
    """

    call: int
    message: int
    tool: int
    tools: int = 0
    schema: float = 1.0
    reasoning: int = 0


OVERHEADS: Final[Mapping[str, Overhead]] = {
    "openai_chat": Overhead(call=3, message=4, tool=4, schema=0.6),
    "openai_responses": Overhead(call=3, message=4, tool=4, schema=0.6),
    "azure_inference": Overhead(call=3, message=3, tool=4),
    "anthropic_messages": Overhead(call=7, message=0, tool=12, tools=340, reasoning=29),
    "gemini_generate": Overhead(call=0, message=0, tool=4),
}
USUAL: Final = OVERHEADS["openai_chat"]
CALL_TOKENS: Final = 12
IMAGE_TOKENS: Final = 800
DOCUMENT_TOKENS: Final = 1500
AUDIO_TOKENS: Final = 300

_STRINGS: Final = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?')
_OPAQUE: Final = 2000
# Values of these keys are words of the protocol, not of the caller.
_PROTOCOL: Final = frozenset(
    {"role", "type", "model", "id", "object", "status", "media_type", "mimeType", "mime_type",
     "call_id", "tool_call_id", "tool_use_id", "detail", "format", "encoding_format", "user"}
)  # fmt: skip
# Keys that shape a request; others belong to tools and schemas, which models read.
_STRUCTURE: Final = _PROTOCOL | frozenset(
    {"messages", "content", "contents", "parts", "text", "stream", "temperature", "max_tokens",
     "max_completion_tokens", "input", "instructions", "generationConfig", "system",
     "stream_options", "include_usage", "n", "top_p", "stop", "stop_sequences", "thinking",
     "budget_tokens"}
)  # fmt: skip


def text_tokens(text: str) -> int:
    """Tokens of a text; 0 for an empty one."""
    total = 0
    for run in _RUNS.finditer(text):
        kind = run.lastgroup or "other"
        length = run.end() - run.start()
        if kind == "blanks" and length == 1:
            continue  # a blank belongs to the word that follows it
        total += math.ceil(length / _PER_TOKEN[kind])
    return total


def input_tokens(call: wire.ChatCall, *, dialect: str = "") -> int:
    """Tokens that a chat call puts in: messages, tools, output schema.

    `dialect` is the provider's: families of models add more or less of their own.
    """
    family = OVERHEADS.get(dialect, USUAL)
    total = family.call
    for message in call.messages:
        total += family.message + sum(_part_tokens(part) for part in message.parts)
    if call.tools:
        total += family.tools
    for tool in call.tools:
        schema = _json(tool.parameters or {})
        text = f"{tool.name} {tool.description or ''} {schema}"
        total += family.tool + round(text_tokens(text) * family.schema)
    if call.output_format is not None and call.output_format.schema is not None:
        total += round(text_tokens(_json(call.output_format.schema)) * family.schema)
    if call.reasoning is not None:
        total += family.reasoning
    return total


def texts_tokens(call: wire.EmbeddingCall) -> int:
    """Tokens of the texts that an embeddings call puts in; token ids count themselves."""
    return sum(text_tokens(x) if isinstance(x, str) else len(x) for x in call.inputs)


def body_tokens(body: bytes) -> int:
    """Tokens of a request that was not decoded: of its texts, opaque blobs at a flat rate."""
    total = USUAL.call
    key = ""
    for match in _STRINGS.finditer(body.decode("utf-8", "replace")):
        text = match[1]
        if match[2]:
            key = text
            if key == "role":
                total += USUAL.message
            elif key not in _STRUCTURE:
                total += 1 + text_tokens(key)
        elif key in _PROTOCOL:
            continue
        elif len(text) > _OPAQUE and " " not in text[:_OPAQUE]:
            total += IMAGE_TOKENS
        else:
            total += text_tokens(_plain(text))
    return total


def _plain(text: str) -> str:
    """The text that a JSON string stands for."""
    if "\\" not in text:
        return text
    try:
        return msgspec.json.decode(f'"{text}"', type=str)
    except msgspec.MsgspecError:
        return text


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _part_tokens(part: wire.Part) -> int:
    match part:
        case wire.TextPart() | wire.RefusalPart() | wire.ReasoningPart():
            return text_tokens(part.text)
        case wire.ToolCallPart():
            return CALL_TOKENS + text_tokens(part.name) + text_tokens(part.arguments)
        case wire.ToolResultPart():
            return sum(_part_tokens(inner) for inner in part.content)
        case wire.ImagePart():
            return IMAGE_TOKENS
        case wire.DocumentPart():
            return DOCUMENT_TOKENS
        case wire.AudioPart():
            return AUDIO_TOKENS
