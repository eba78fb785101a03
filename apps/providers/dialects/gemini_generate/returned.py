"""Take out of a caller's own body the signatures that another dialect's model gave.

A call whose signature was foreign says so instead: newer models refuse calls without any.

Source: ai.google.dev/gemini-api/docs/thought-signatures.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from apps.providers.dialects.gemini_generate.signing import NO_SIGNATURE, SEALED, read_signature
from apps.providers.dialects.reading import read

Fields = Mapping[str, msgspec.Raw]

_KEYS = ("thoughtSignature", "thought_signature")
_CALLS = ("functionCall", "function_call")
_DATA = {"text", "inlineData", "inline_data", "fileData", "file_data", *_CALLS}
_SKIP = msgspec.Raw(msgspec.json.encode(NO_SIGNATURE))
_MARK = SEALED.encode()
_TEXT: Any = str | None


def without_foreign_signatures(fields: Fields) -> tuple[Fields, tuple[str, ...]]:
    """The fields to send on, and what they lost; the same fields when nothing is foreign."""
    given = bytes(fields.get("contents", b""))
    if _MARK not in given or not given.lstrip().startswith(b"["):
        return fields, ()
    contents = read(list[dict[str, msgspec.Raw]], given, at="contents")
    kept = [_without_foreign(content) for content in contents]
    if kept == contents:
        return fields, ()
    sent = [content for content in kept if bytes(content.get("parts", b"")) != b"[]"]
    changed = {**fields, "contents": msgspec.Raw(msgspec.json.encode(sent))}
    return changed, ("reasoning: dropped",)


def _without_foreign(content: dict[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    parts = content.get("parts")
    if parts is None or _MARK not in bytes(parts):
        return content
    kept = [_part(part) for part in read(list[dict[str, msgspec.Raw]], parts, at="parts")]
    shown = [part for part in kept if part is not None]
    return {**content, "parts": msgspec.Raw(msgspec.json.encode(shown))}


def _part(part: dict[str, msgspec.Raw]) -> dict[str, msgspec.Raw] | None:
    """The part to send on; None when it held nothing but the signature, or a foreign thought."""
    key = next((key for key in _KEYS if key in part), None)
    if key is None or not read_signature(read(_TEXT, part[key], at=key)).is_foreign:
        return part
    if any(call in part for call in _CALLS):
        return {**part, key: _SKIP}
    if bytes(part.get("thought", b"")) == b"true" or not part.keys() & _DATA:
        return None
    return {name: value for name, value in part.items() if name != key}
