"""Guess tokens from text, without a model's tokenizer.

Good to about a fifth on ordinary text of any script; what a provider reports always wins.
"""

import math
import re
from typing import Final

import msgspec

from apps.providers import wire

# What a modern byte-pair vocabulary does with each kind of run, in tokens.
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
_PER_TOKEN: Final = {
    "word": 7.0,
    "latin": 2.0,
    "digits": 3.0,
    "cjk": 1.3,
    "script": 2.6,
    "lines": 2.0,
    "blanks": 16.0,
    "marks": 2.0,
    "other": 0.6,
}
MESSAGE_TOKENS: Final = 4
TOOL_TOKENS: Final = 12
IMAGE_TOKENS: Final = 800
DOCUMENT_TOKENS: Final = 1500
AUDIO_TOKENS: Final = 300
_STRINGS: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_OPAQUE: Final = 2000


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


def input_tokens(call: wire.ChatCall) -> int:
    """Tokens that a chat call puts in: messages, tools, output schema."""
    total = 3
    for message in call.messages:
        total += MESSAGE_TOKENS + sum(_part_tokens(part) for part in message.parts)
    for tool in call.tools:
        schema = msgspec.json.encode(tool.parameters or {}).decode()
        total += TOOL_TOKENS + text_tokens(f"{tool.name} {tool.description or ''} {schema}")
    if call.output_format is not None and call.output_format.schema is not None:
        total += text_tokens(msgspec.json.encode(call.output_format.schema).decode())
    return total


def texts_tokens(call: wire.EmbeddingCall) -> int:
    """Tokens of the texts that an embeddings call puts in; token ids count themselves."""
    return sum(text_tokens(x) if isinstance(x, str) else len(x) for x in call.inputs)


def body_tokens(body: bytes) -> int:
    """Tokens of a request that was not decoded: of its texts, opaque blobs at a flat rate."""
    total = 0
    for match in _STRINGS.finditer(body.decode("utf-8", "replace")):
        text = match[1]
        if len(text) > _OPAQUE and " " not in text[:_OPAQUE]:
            total += IMAGE_TOKENS
        else:
            total += text_tokens(text)
    return total


def _part_tokens(part: wire.Part) -> int:
    match part:
        case wire.TextPart() | wire.RefusalPart() | wire.ReasoningPart():
            return text_tokens(part.text)
        case wire.ToolCallPart():
            return TOOL_TOKENS + text_tokens(part.name) + text_tokens(part.arguments)
        case wire.ToolResultPart():
            return MESSAGE_TOKENS + sum(_part_tokens(inner) for inner in part.content)
        case wire.ImagePart():
            return IMAGE_TOKENS
        case wire.DocumentPart():
            return DOCUMENT_TOKENS
        case wire.AudioPart():
            return AUDIO_TOKENS
