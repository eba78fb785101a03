"""The half that speaks to a caller: requests in, replies out."""

from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.anthropic_messages import requests, sealing, terms
from apps.providers.dialects.anthropic_messages.errors import render_error, render_stream_error
from apps.providers.dialects.anthropic_messages.renderer import MessagesRenderer, shows_thoughts
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import FinishReason

__all__ = [
    "decode_count",
    "decode_embeddings",
    "decode_request",
    "render_count",
    "render_embeddings",
    "render_error",
    "render_reply",
    "render_stream_error",
    "stream_renderer",
]


def decode_request(incoming: wire.Incoming) -> wire.ChatCall:
    """Read a Messages request.

    Raises:
        InvalidInputError: a field is wrong; its path is in `param`.
        UnsupportedContentError: it asks for what only Anthropic has.
    """
    return requests.decode(incoming, counting=False)


def decode_count(incoming: wire.Incoming) -> wire.ChatCall:
    """Read a count_tokens request."""
    return requests.decode(incoming, counting=True)


def decode_embeddings(incoming: wire.Incoming) -> wire.EmbeddingCall:
    """Refuse: this dialect has no embeddings."""
    raise UnsupportedContentError("Anthropic Messages has no embeddings.")


def render_reply(reply: wire.ChatReply, call: wire.ChatCall) -> bytes:
    """Write a reply as a Message; there is one answer, the first."""
    choice = reply.choices[0] if reply.choices else wire.Choice(parts=())
    stop_reason = terms.stop_reason_of(
        choice.finish,
        called=any(isinstance(part, wire.ToolCallPart) for part in choice.parts),
        refused=any(isinstance(part, wire.RefusalPart) for part in choice.parts),
    )
    hit = choice.stop_sequence if choice.finish is FinishReason.STOP_SEQUENCE else None
    message: dict[str, Any] = {
        "id": terms.message_id(reply.id),
        "type": "message",
        "role": "assistant",
        "model": reply.model or call.model,
        "content": _content(choice.parts, call),
        "stop_reason": stop_reason,
        "stop_sequence": hit,
        "stop_details": terms.stop_details_of(stop_reason),
        "usage": terms.write_usage(reply.usage),
    }
    return msgspec.json.encode(message)


def render_embeddings(reply: wire.EmbeddingReply, call: wire.EmbeddingCall) -> bytes:
    """Refuse: this dialect has no embeddings."""
    raise UnsupportedContentError("Anthropic Messages has no embeddings.")


def render_count(input_tokens: int) -> bytes:
    """Write the answer of count_tokens."""
    return msgspec.json.encode({"input_tokens": input_tokens})


def stream_renderer(call: wire.ChatCall) -> MessagesRenderer:
    """A renderer for one stream."""
    return MessagesRenderer(call)


def _content(parts: tuple[wire.Part, ...], call: wire.ChatCall) -> list[dict[str, Any]]:
    shown = shows_thoughts(call)
    blocks: list[dict[str, Any]] = []
    for part in parts:
        match part:
            case wire.TextPart() | wire.RefusalPart():
                if part.text:
                    blocks.append({"type": "text", "text": part.text})
            case wire.ReasoningPart():
                if (thought := _thought(part, shown=shown)) is not None:
                    blocks.append(thought)
            case wire.ToolCallPart():
                blocks += _call_blocks(part)
            case wire.ImagePart() | wire.DocumentPart() | wire.AudioPart():
                kind = part.media.media_type or "unknown type"
                blocks.append({"type": "text", "text": f"[media not carried: {kind}]"})
            case _:
                pass
    return blocks


def _thought(part: wire.ReasoningPart, *, shown: bool) -> dict[str, Any] | None:
    sealed = sealing.seal_thought(part.signature, part.origin, part.id)
    if part.redacted:
        return {"type": "redacted_thinking", "data": sealed}
    text = part.text if shown else ""
    if not text and not sealed:
        return None
    return {"type": "thinking", "thinking": text, "signature": sealed}


def _call_blocks(part: wire.ToolCallPart) -> list[dict[str, Any]]:
    call = {
        "type": "tool_use",
        "id": part.id,
        "name": part.name,
        "input": terms.arguments_object(part.arguments),
    }
    if not part.signature:
        return [call]
    data = sealing.seal_call(part.signature, part.origin)
    return [{"type": "redacted_thinking", "data": data}, call]
