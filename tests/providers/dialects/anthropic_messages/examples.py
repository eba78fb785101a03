"""Shorthand for the material of these tests."""

from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.anthropic_messages import inbound, outbound
from apps.providers.sse import Event, EventParser
from apps.providers.wire import Role

MODEL = wire.TargetModel(name="claude-sonnet-4-6")
OPTIONS = outbound.Options()


def user(*parts: wire.Part | str) -> wire.Message:
    return wire.Message(role=Role.USER, parts=tuple(map(_part, parts)))


def assistant(*parts: wire.Part | str) -> wire.Message:
    return wire.Message(role=Role.ASSISTANT, parts=tuple(map(_part, parts)))


def system(*parts: wire.Part | str) -> wire.Message:
    return wire.Message(role=Role.SYSTEM, parts=tuple(map(_part, parts)))


def results(*parts: wire.Part) -> wire.Message:
    return wire.Message(role=Role.TOOL, parts=parts)


def a_call(*messages: wire.Message, **fields: Any) -> wire.ChatCall:
    return wire.ChatCall(model="claude", messages=messages or (user("Hello"),), **fields)


def built(call: wire.ChatCall, name: str = MODEL.name, **options: Any) -> dict[str, Any]:
    """The request body for a call, decoded."""
    model = wire.TargetModel(name=name)
    body = outbound.build_request(call, model, outbound.Options(**options)).body
    decoded: dict[str, Any] = msgspec.json.decode(body)
    return decoded


def warned(call: wire.ChatCall, name: str = MODEL.name, **options: Any) -> tuple[str, ...]:
    """What the request loses."""
    model = wire.TargetModel(name=name)
    return outbound.build_request(call, model, outbound.Options(**options)).warnings


def incoming(body: dict[str, Any] | bytes, **fields: Any) -> wire.Incoming:
    """A request as the gateway hands it over; `body` is data, or the bytes themselves."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    named = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    model = msgspec.json.decode(named.get("model", b'"claude"'), type=str)
    return wire.Incoming(
        **{
            "operation": "chat",
            "model": model,
            "body": raw,
            "fields": named,
            **fields,
        }
    )


def decoded(**fields: Any) -> wire.ChatCall:
    """A small request with these fields, read."""
    body = {"model": "claude", "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}
    return inbound.decode_request(incoming({**body, **fields}))


def decoded_turns(*turns: dict[str, Any]) -> tuple[wire.Message, ...]:
    return decoded(messages=list(turns)).messages


def a_reply(*parts: wire.Part, **fields: Any) -> wire.ChatReply:
    choice = {name: fields.pop(name) for name in ("finish", "stop_sequence") if name in fields}
    whole = {"id": "msg_1", "model": "claude-x", "usage": wire.Usage(), **fields}
    return wire.ChatReply(choices=(wire.Choice(parts=parts, **choice),), **whole)


def events_of(stream: bytes) -> list[dict[str, Any]]:
    """The data of each event of a stream; names must agree with types."""
    parser = EventParser()
    events = [*parser.feed(stream), *parser.close()]
    told = [msgspec.json.decode(event.data or b"null") for event in events]
    assert [event.name for event in events] == [data["type"] for data in told]
    return told


def an_event(**data: Any) -> Event:
    encoded = msgspec.json.encode(data)
    return Event(b"", encoded, data["type"])


def parsed(*events: Event) -> list[wire.ChatDelta]:
    """The deltas of a whole stream."""
    parser = outbound.stream_parser()
    return [*(delta for event in events for delta in parser.feed(event)), *parser.close()]


def rendered(*deltas: wire.ChatDelta, call: wire.ChatCall | None = None) -> list[dict[str, Any]]:
    """The events of a whole stream, decoded."""
    renderer = inbound.stream_renderer(call or a_call(stream=True))
    return events_of(b"".join([*map(renderer.feed, deltas), renderer.close()]))


def _part(part: wire.Part | str) -> wire.Part:
    return wire.TextPart(text=part) if isinstance(part, str) else part
