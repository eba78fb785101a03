"""Thoughts in the chat family, and the opaque signatures that must come back with them.

The text stands in `reasoning_content` (DeepSeek, Azure) or `reasoning` (Groq, OpenRouter): both
are read, the first is written. A signature stands in `reasoning_details` (OpenRouter), that of a
tool call and of an answer in `extra_content.google.thought_signature` (Gemini's compatible
surface). Signatures of other dialects travel there sealed with their origin.

Source: openrouter.ai/docs/use-cases/reasoning-tokens;
ai.google.dev/gemini-api/docs/thought-signatures (OpenAI compatibility).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.providers import wire
from apps.providers.dialects.signatures import seal, unseal


def read_thoughts(fields: Mapping[str, Any], *, dialect: str) -> list[wire.ReasoningPart]:
    """The thoughts of a message (or of a whole reply's message), in order."""
    text = fields.get("reasoning_content") or fields.get("reasoning")
    text = text if isinstance(text, str) else ""
    parts = _read_details(fields.get("reasoning_details"), dialect=dialect)
    if not any(part.signature or part.id for part in parts):
        whole = text or "".join(part.text for part in parts)
        parts = [wire.ReasoningPart(text=whole)] if whole else []
    elif text and not any(part.text for part in parts):
        parts = _give_text(parts, text)
    signature = read_signature(fields)
    if signature:
        origin, signature = unseal(signature, dialect=dialect)
        parts.append(wire.ReasoningPart(signature=signature, origin=origin))
    return parts


def read_signature(fields: Mapping[str, Any]) -> str | None:
    """The `extra_content.google.thought_signature` of a message or a tool call."""
    extra = fields.get("extra_content")
    google = extra.get("google") if isinstance(extra, dict) else None
    signature = google.get("thought_signature") if isinstance(google, dict) else None
    return signature if isinstance(signature, str) and signature else None


def write_signature(signature: str, origin: str, *, dialect: str) -> dict[str, Any]:
    """The `extra_content` that carries a signature."""
    return {"google": {"thought_signature": seal(origin, signature, dialect=dialect)}}


def read_detail(detail: Any, *, dialect: str) -> wire.ReasoningPart | None:
    """One entry of `reasoning_details`; None when it says nothing."""
    if not isinstance(detail, dict):
        return None
    redacted = detail.get("type") == "reasoning.encrypted"
    text = detail.get("text") or detail.get("summary")
    signature = detail.get("data") if redacted else detail.get("signature")
    text = text if isinstance(text, str) and not redacted else ""
    origin = ""
    if isinstance(signature, str) and signature:
        origin, signature = unseal(signature, dialect=dialect)
    else:
        signature = None
    item = detail.get("id")
    item = item if isinstance(item, str) and item else None
    if not (text or signature or item):
        return None
    return wire.ReasoningPart(
        text=text, signature=signature, origin=origin, redacted=redacted, id=item
    )


def write_detail(part: wire.ReasoningPart, index: int, *, dialect: str) -> dict[str, Any]:
    """The entry of `reasoning_details` for a part."""
    detail: dict[str, Any] = {"index": index}
    sealed = seal(part.origin, part.signature, dialect=dialect) if part.signature else None
    if part.redacted:
        detail |= {"type": "reasoning.encrypted", "data": sealed or ""}
    else:
        detail |= {"type": "reasoning.text", "text": part.text}
        if sealed:
            detail["signature"] = sealed
    if part.id:
        detail["id"] = part.id
    return detail


def write_thoughts(parts: Sequence[wire.ReasoningPart], *, dialect: str) -> dict[str, Any]:
    """The fields of a message that show the thoughts to a caller."""
    fields: dict[str, Any] = {}
    text = "".join(part.text for part in parts)
    if text:
        fields["reasoning_content"] = text
    if any(part.signature or part.id for part in parts):
        fields["reasoning_details"] = [
            write_detail(part, index, dialect=dialect) for index, part in enumerate(parts)
        ]
    return fields


def _read_details(details: Any, *, dialect: str) -> list[wire.ReasoningPart]:
    found = (read_detail(detail, dialect=dialect) for detail in _sequence(details))
    return [part for part in found if part is not None]


def _give_text(parts: list[wire.ReasoningPart], text: str) -> list[wire.ReasoningPart]:
    """Put the plain text into the first part that may have text."""
    for index, part in enumerate(parts):
        if not part.redacted:
            whole = wire.ReasoningPart(
                text=text, signature=part.signature, origin=part.origin, id=part.id
            )
            return [*parts[:index], whole, *parts[index + 1 :]]
    return [wire.ReasoningPart(text=text), *parts]


def _sequence(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()
