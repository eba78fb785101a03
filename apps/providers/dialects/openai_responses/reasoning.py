"""Reasoning items: thoughts, and whatever opaque signature must come back with them.

A signature of another dialect travels in `encrypted_content`, sealed with its origin. Two marks
say what it belongs to: `redacted:` (thoughts that are shown in no other form) and `call:` (the
signature of the function call that follows; a function_call item has no place of its own for it).
"""

from typing import Any

from apps.providers import wire
from apps.providers.dialects import signatures

NAME = "openai_responses"
_REDACTED = "redacted:"
_CALL = "call:"


def reasoning_item(part: wire.ReasoningPart) -> dict[str, Any]:
    """The item of some thoughts, without an id."""
    summary = [{"type": "summary_text", "text": part.text}] if part.text else []
    item: dict[str, Any] = {"type": "reasoning", "summary": summary}
    if part.signature is not None:
        item["encrypted_content"] = seal_thoughts(part.signature, part.origin, part.redacted)
    return item


def seal_thoughts(signature: str, origin: str, redacted: bool) -> str:
    """The `encrypted_content` for a signature of any dialect."""
    foreign = origin not in ("", NAME)
    marked = _REDACTED + signature if foreign and redacted else signature
    return signatures.seal(origin, marked, dialect=NAME)


def seal_call(signature: str | None, origin: str) -> str | None:
    """The `encrypted_content` that carries a function call's signature; None: none is needed."""
    if signature is None or origin in ("", NAME):
        return None
    return signatures.seal(origin, _CALL + signature, dialect=NAME)


def thoughts_of(
    text: str, encrypted: str | None, item_id: str | None
) -> wire.ReasoningPart | tuple[str, str]:
    """The canonical part of an item; or (signature, origin) for the call that follows it."""
    if encrypted is None:
        return wire.ReasoningPart(text=text, origin=NAME, id=item_id)
    origin, signature = signatures.unseal(encrypted, dialect=NAME)
    if origin == NAME:
        redacted = not text
    elif signature.startswith(_CALL):
        return signature.removeprefix(_CALL), origin
    else:
        redacted = signature.startswith(_REDACTED)
        signature = signature.removeprefix(_REDACTED)
        item_id = None
    return wire.ReasoningPart(
        text=text, signature=signature, origin=origin, redacted=redacted, id=item_id
    )
