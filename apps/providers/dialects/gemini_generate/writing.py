"""Write a model's turn: text, thoughts with their signatures, whole function calls.

The same for a caller (reply) and for the provider (history), which is shown its own signatures
only; see parts.py for how signatures find their parts.
"""

from collections.abc import Iterable
from typing import Any

from apps.providers import wire
from apps.providers.dialects.gemini_generate.media import write_media
from apps.providers.dialects.gemini_generate.signing import Signature, write_signature
from apps.providers.dialects.gemini_generate.values import arguments_object


def write_turn(
    parts: Iterable[wire.Part], *, at: str = "", vertex: bool = False
) -> list[dict[str, Any]]:
    """The parts of a model's content; `at` is the path of the list of canonical parts."""
    written: list[dict[str, Any]] = []
    waiting: str | None = None  # a signature whose text is still to come
    for place, part in enumerate(parts):
        if isinstance(part, wire.ReasoningPart):
            if waiting is not None:
                written.append(signed_text("", waiting))
            waiting = None
            if is_loose(part):
                waiting = part.signature
            elif thought := write_thought(part):
                written.append(thought)
            continue
        one = _write_part(part, at=f"{at}[{place}]", vertex=vertex)
        if waiting is not None and (one is None or "functionCall" in one):
            written.append(signed_text("", waiting))
            waiting = None
        if one is not None:
            if waiting is not None:
                one["thoughtSignature"] = waiting
                waiting = None
            written.append(one)
    if waiting is not None:
        written.append(signed_text("", waiting))
    return written


def is_loose(part: wire.ReasoningPart) -> bool:
    """Whether the part stands for nothing but the signature of the text after it."""
    own = not Signature(origin=part.origin).is_foreign
    return own and not part.text and bool(part.signature)


def write_thought(part: wire.ReasoningPart) -> dict[str, Any] | None:
    """A thought part; None when there is nothing in it."""
    field = write_signature(Signature(part.signature, part.origin, part.id, part.redacted))
    if not part.text and field is None:
        return None
    written: dict[str, Any] = {"text": part.text, "thought": True}
    if field is not None:
        written["thoughtSignature"] = field
    return written


def signed_text(text: str, signature: str | None) -> dict[str, Any]:
    """A text part, with its signature when it has one."""
    return {"text": text, "thoughtSignature": signature} if signature else {"text": text}


def write_call(
    call_id: str, name: str, arguments: str, signature: Signature | None = None
) -> dict[str, Any]:
    """A whole function call."""
    call = {"id": call_id, "name": name, "args": arguments_object(arguments)}
    field = write_signature(signature) if signature is not None else None
    if field is None:
        return {"functionCall": call}
    return {"functionCall": call, "thoughtSignature": field}


def _write_part(part: wire.Part, *, at: str, vertex: bool) -> dict[str, Any] | None:
    match part:
        case wire.TextPart() | wire.RefusalPart():
            return {"text": part.text} if part.text else None
        case wire.ToolCallPart():
            signature = Signature(part.signature, part.origin) if part.signature else None
            return write_call(part.id, part.name, part.arguments, signature)
        case wire.ImagePart() | wire.DocumentPart() | wire.AudioPart():
            return write_media(part, at=at, vertex=vertex)
        case _:
            return None
