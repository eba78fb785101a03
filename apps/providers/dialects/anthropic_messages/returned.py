"""Take out of a caller's own body the thoughts that another dialect's model had.

A caller gives back what the portal showed, whoever answered then. A body that goes on to the same
dialect passes unharmed but for those thoughts: the service refuses signatures that it did not make.

Source: platform.claude.com/docs/en/build-with-claude/extended-thinking (preserving thinking
blocks): thinking that is on needs the thoughts of the turn whose tool results follow.
"""

import re
from collections.abc import Mapping

import msgspec

from apps.providers.dialects.reading import read
from apps.providers.dialects.signatures import is_sealed

Fields = Mapping[str, msgspec.Raw]

_THOUGHTS = frozenset({"thinking", "redacted_thinking"})
_UNSIGNED = re.compile(rb'"signature"\s*:\s*(?:""|null)')


class _Kind(msgspec.Struct):
    type: str | None = None
    signature: str | None = None
    data: str | None = None


def without_foreign_thoughts(fields: Fields) -> tuple[Fields, tuple[str, ...]]:
    """The fields to send on, and what they lost; the same fields when nothing is foreign."""
    given = bytes(fields.get("messages", b""))
    if not (is_sealed(given) or _UNSIGNED.search(given)):
        return fields, ()
    messages = read(list[dict[str, msgspec.Raw]], given, at="messages")
    kept = [_without_foreign(message) for message in messages]
    turns = [message for message in kept if message.get("content") is not _EMPTY]
    if kept == messages:
        return fields, ()
    sent = {**fields, "messages": msgspec.Raw(msgspec.json.encode(turns))}
    warnings = ["reasoning: dropped"]
    if _asks_budget(fields) and _thoughts_gone(turns):
        del sent["thinking"]
        warnings.append("thinking: dropped")
    return sent, tuple(warnings)


_EMPTY = msgspec.Raw(b"[]")


def _without_foreign(message: dict[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    content = message.get("content")
    if content is None or not bytes(content).lstrip().startswith(b"["):
        return message
    blocks = read(list[msgspec.Raw], content)
    kept = [block for block in blocks if not _is_foreign(block)]
    if len(kept) == len(blocks):
        return message
    left = msgspec.Raw(msgspec.json.encode(kept)) if kept else _EMPTY
    return {**message, "content": left}


def _is_foreign(block: msgspec.Raw) -> bool:
    kind = read(_Kind, block)
    if kind.type not in _THOUGHTS:
        return False
    proof = kind.signature if kind.type == "thinking" else kind.data
    return not proof or is_sealed(proof.encode())


def _asks_budget(fields: Fields) -> bool:
    thinking = fields.get("thinking")
    return thinking is not None and read(_Kind, thinking, at="thinking").type == "enabled"


def _thoughts_gone(turns: list[dict[str, msgspec.Raw]]) -> bool:
    """Whether the last turn of the model calls tools without a thought before."""
    for turn in reversed(turns):
        if bytes(turn.get("role", b"")) == b'"assistant"':
            content = bytes(turn.get("content", b""))
            if not content.lstrip().startswith(b"["):
                return False
            kinds = [block.type for block in read(list[_Kind], content)]
            return "tool_use" in kinds and kinds[0] not in _THOUGHTS
    return False
