"""Short ways to say requests, replies and streams of this dialect."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.gemini_generate import inbound, outbound
from apps.providers.sse import EventParser

OWN = "gemini_generate"
OPTIONS = outbound.Options()
VERTEX = outbound.Options(path_prefix="/v1/projects/p/locations/l/publishers/google")
MODEL = wire.TargetModel(name="compatible-model")

_OPERATIONS = {
    "countTokens": "count_tokens",
    "embedContent": "embeddings",
    "batchEmbedContents": "embeddings",
}


def incoming(body: Any, verb: str = "generateContent", model: str = "fast") -> wire.Incoming:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return wire.Incoming(
        operation=_OPERATIONS.get(verb, "chat"),
        model=model,
        body=raw,
        fields=msgspec.json.decode(raw, type=dict[str, msgspec.Raw]),
        stream=verb == "streamGenerateContent",
        verb=verb,
    )


def asked(**fields: Any) -> wire.ChatCall:
    """Decode a request that says hello and has `fields`."""
    return inbound.decode_request(incoming({"contents": said("Hello"), **fields}))


def said(*texts: str) -> list[dict[str, Any]]:
    return [{"role": "user", "parts": [{"text": text} for text in texts]}]


def turns(*contents: tuple[str, Sequence[dict[str, Any]]]) -> tuple[wire.Message, ...]:
    """Decode contents, each (role, parts)."""
    body = {"contents": [{"role": role, "parts": list(parts)} for role, parts in contents]}
    return inbound.decode_request(incoming(body)).messages


def call(*messages: wire.Message, **fields: Any) -> wire.ChatCall:
    given = messages or (user("Hello"),)
    return wire.ChatCall(model="fast", messages=given, **fields)


def user(*parts: wire.Part | str) -> wire.Message:
    return _message(wire.Role.USER, parts)


def assistant(*parts: wire.Part | str) -> wire.Message:
    return _message(wire.Role.ASSISTANT, parts)


def system(*parts: wire.Part | str) -> wire.Message:
    return _message(wire.Role.SYSTEM, parts)


def results(*parts: wire.Part) -> wire.Message:
    return _message(wire.Role.TOOL, parts)


def _message(role: wire.Role, parts: Iterable[wire.Part | str]) -> wire.Message:
    whole = (wire.TextPart(text=part) if isinstance(part, str) else part for part in parts)
    return wire.Message(role=role, parts=tuple(whole))


def built(
    asks: wire.ChatCall,
    *,
    model: str = MODEL.name,
    options: outbound.Options = OPTIONS,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body that is built for a call, and its warnings."""
    request = outbound.build_request(asks, wire.TargetModel(name=model), options)
    return msgspec.json.decode(request.body), request.warnings


def replied(*parts: dict[str, Any], finish: str = "STOP", **fields: Any) -> wire.ChatReply:
    """Parse a reply of one candidate."""
    candidate = {"content": {"parts": list(parts), "role": "model"}, "finishReason": finish}
    body = {"candidates": [candidate], "responseId": "r1", "modelVersion": "m1", **fields}
    return outbound.parse_reply(msgspec.json.encode(body))


def streamed(*bodies: dict[str, Any], close: bool = True) -> list[wire.ChatDelta]:
    """Parse a stream of events with these bodies."""
    text = b"".join(b"data: " + msgspec.json.encode(body) + b"\r\n\r\n" for body in bodies)
    return parse_stream([text], close=close)


def chunk(*parts: dict[str, Any], finish: str | None = None, **fields: Any) -> dict[str, Any]:
    """The body of one event."""
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}}
    if finish is not None:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], "responseId": "r1", "modelVersion": "m1", **fields}


def parse_stream(chunks: Iterable[bytes], *, close: bool = True) -> list[wire.ChatDelta]:
    """All deltas of a stream that comes in `chunks`."""
    events = EventParser()
    parser = outbound.stream_parser()
    deltas: list[wire.ChatDelta] = []
    for piece in chunks:
        for event in events.feed(piece):
            deltas.extend(parser.feed(event))
    for event in events.close():
        deltas.extend(parser.feed(event))
    if close:
        deltas.extend(parser.close())
    return deltas


def rendered(*deltas: wire.ChatDelta, asks: wire.ChatCall | None = None) -> bytes:
    """The bytes that a caller gets for deltas."""
    renderer = inbound.stream_renderer(asks or call())
    return b"".join([renderer.feed(delta) for delta in deltas] + [renderer.close()])


def bodies(stream: bytes) -> list[dict[str, Any]]:
    """The bodies of the events of a stream; all framing is checked."""
    pieces = stream.split(b"\r\n\r\n")
    assert pieces.pop() == b""
    assert all(piece.startswith(b"data: ") and b"\n" not in piece for piece in pieces)
    return [msgspec.json.decode(piece.removeprefix(b"data: ")) for piece in pieces]
