"""Opaque signatures of other providers, carried in the blocks of this dialect.

A caller who speaks this dialect gives thinking and redacted_thinking blocks back unchanged. Two
things of others need a place there: the item id of a reasoning part (Responses), kept behind a
`#`, and the signature of a tool call (Gemini), kept in a redacted_thinking block before it.
"""

from apps.providers import wire
from apps.providers.dialects.anthropic_messages.terms import NAME
from apps.providers.dialects.signatures import seal, unseal

_CALL = "call;"


def seal_thought(signature: str | None, origin: str, item_id: str | None) -> str:
    """The text for `signature` or `data`; empty when there is nothing to carry."""
    if origin in ("", NAME):
        return signature or ""
    if item_id or (signature and "#" in signature):
        return seal(origin, f"{signature or ''}#{item_id or ''}", dialect=NAME)
    return seal(origin, signature, dialect=NAME) if signature else ""


def unseal_thought(text: str, *, thinking: str = "", redacted: bool = False) -> wire.ReasoningPart:
    """The reasoning part that a block from the caller stands for."""
    if not text:
        return wire.ReasoningPart(text=thinking, redacted=redacted)
    origin, signature = unseal(text, dialect=NAME)
    item_id = ""
    if origin != NAME and "#" in signature:
        signature, _, item_id = signature.rpartition("#")
    return wire.ReasoningPart(
        text=thinking,
        signature=signature or None,
        origin=origin,
        redacted=redacted,
        id=item_id or None,
    )


def seal_call(signature: str, origin: str) -> str:
    """The `data` of the redacted_thinking block that goes before a signed tool call."""
    return _CALL + seal(origin, signature, dialect=NAME)


def unseal_call(data: str) -> tuple[str, str] | None:
    """Give (origin, signature) for the next tool call; None when the block is a thought."""
    if not data.startswith(_CALL):
        return None
    return unseal(data.removeprefix(_CALL), dialect=NAME)
