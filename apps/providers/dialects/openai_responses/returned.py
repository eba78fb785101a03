"""Take out of a caller's own body the thoughts that another dialect's model had.

The API verifies `encrypted_content` and refuses what it did not encrypt itself.
"""

from collections.abc import Mapping

import msgspec

from apps.providers.dialects.reading import read
from apps.providers.dialects.signatures import is_sealed

Fields = Mapping[str, msgspec.Raw]


class _Item(msgspec.Struct):
    type: str | None = None
    encrypted_content: str | None = None


def without_foreign_thoughts(fields: Fields) -> tuple[Fields, tuple[str, ...]]:
    """The fields to send on, and what they lost; the same fields when nothing is foreign."""
    given = bytes(fields.get("input", b""))
    if not is_sealed(given) or not given.lstrip().startswith(b"["):
        return fields, ()
    items = read(list[msgspec.Raw], given, at="input")
    kept = [item for item in items if not _is_foreign(item)]
    if len(kept) == len(items):
        return fields, ()
    sent = {**fields, "input": msgspec.Raw(msgspec.json.encode(kept))}
    return sent, ("reasoning: dropped",)


def _is_foreign(raw: msgspec.Raw) -> bool:
    if not is_sealed(bytes(raw)):
        return False
    item = read(_Item, raw)
    return item.type == "reasoning" and is_sealed((item.encrypted_content or "").encode())
