"""What the tests of this dialect share: requests as they come in, schemas, streams."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
from pydantic import TypeAdapter

from apps.providers import sse, wire
from apps.providers.dialects.base import StreamParser, StreamRenderer
from apps.providers.dialects.openai_responses import outbound

MODEL = wire.TargetModel(name="gpt-5-mini")
OPTIONS = outbound.Options()


def incoming(body: Mapping[str, Any], operation: str = "chat") -> wire.Incoming:
    """A request as the gateway hands it on."""
    data = json.dumps(body).encode()
    return wire.Incoming(
        operation=operation,
        model=body.get("model") or "",
        body=data,
        fields=msgspec.json.decode(data, type=dict[str, msgspec.Raw]),
        stream=bool(body.get("stream")),
    )


def call_of(*messages: wire.Message, **fields: Any) -> wire.ChatCall:
    """A call that says hello unless it is given messages."""
    said = messages or (user("Hello"),)
    return wire.ChatCall(model="fast", messages=said, **fields)


def user(*parts: wire.Part | str) -> wire.Message:
    return wire.Message(role=wire.Role.USER, parts=_parts(parts))


def system(*parts: wire.Part | str) -> wire.Message:
    return wire.Message(role=wire.Role.SYSTEM, parts=_parts(parts))


def assistant(*parts: wire.Part | str) -> wire.Message:
    return wire.Message(role=wire.Role.ASSISTANT, parts=_parts(parts))


def results(*parts: wire.Part) -> wire.Message:
    return wire.Message(role=wire.Role.TOOL, parts=parts)


def _parts(parts: Iterable[wire.Part | str]) -> tuple[wire.Part, ...]:
    return tuple(wire.TextPart(text=part) if isinstance(part, str) else part for part in parts)


def built(call: wire.ChatCall) -> dict[str, Any]:
    """The body that is sent for a call."""
    body: dict[str, Any] = json.loads(outbound.build_request(call, MODEL, OPTIONS).body)
    return body


def render(renderer: StreamRenderer, deltas: Iterable[wire.ChatDelta]) -> bytes:
    """The whole stream of some deltas."""
    return b"".join([*(renderer.feed(delta) for delta in deltas), renderer.close()])


def events_of(stream: bytes, chunk: int | None = None) -> list[sse.Event]:
    """The events of a stream that comes in pieces of `chunk` bytes."""
    parser = sse.EventParser()
    size = chunk or len(stream) or 1
    found = []
    for start in range(0, len(stream), size):
        found += parser.feed(stream[start : start + size])
    return found + parser.close()


def payloads(stream: bytes) -> list[dict[str, Any]]:
    """The JSON of each event."""
    return [json.loads(event.data) for event in events_of(stream) if event.data is not None]


def deltas_of(parser: StreamParser, events: Iterable[sse.Event]) -> list[wire.ChatDelta]:
    """What a parser makes of some events."""
    deltas: list[wire.ChatDelta] = []
    for event in events:
        deltas += parser.feed(event)
    return [*deltas, *parser.close()]


def stream_of(*events: Mapping[str, Any]) -> list[sse.Event]:
    """The named events of a provider."""
    data = b"".join(sse.encode_event(json.dumps(event).encode(), event["type"]) for event in events)
    return events_of(data)


def validator(shared_dir: Path, name: str) -> jsonschema.Draft202012Validator:
    """A validator for one schema of the official description.

    Its `oneOf` are unions by discriminator whose members overlap, so they are read as `anyOf`.
    """
    path = shared_dir / "specs" / "openai-trimmed.openapi.json"
    description = json.loads(path.read_text().replace('"oneOf"', '"anyOf"'))
    schema = {"$ref": f"#/components/schemas/{name}", "components": description["components"]}
    return jsonschema.Draft202012Validator(schema)


_adapter = cache(TypeAdapter)


def strictly(kind: Any, value: Any) -> Any:
    """Read plain data with a type of the official SDK, which refuses what does not fit."""
    return _adapter(kind).validate_python(value)
