"""What this dialect writes is what the official client reads, and what the service describes."""

import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pydantic
import pytest
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import Message, MessageTokensCount, RawMessageStreamEvent
from hypothesis import HealthCheck, given, settings

from apps.core import errors as core
from apps.providers import errors, wire
from apps.providers.dialects.anthropic_messages import inbound, outbound
from tests.providers.dialects.anthropic_messages.examples import a_call, events_of
from tests.providers.dialects.anthropic_messages.strategies import (
    bare_thoughts,
    calls,
    deltas_of,
    foreign_thoughts,
    own_thoughts,
    replies,
)

STREAM_EVENT = pydantic.TypeAdapter[Any](RawMessageStreamEvent)
# The client has statuses for these two, but no error object.
NO_OBJECT = {"conflict_error", "request_too_large"}

shared = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
any_reply = replies(own_thoughts | bare_thoughts | foreign_thoughts, signed=True)


@pytest.fixture(scope="module")
def check(shared_dir: Path) -> Callable[[str, object], None]:
    """Validates a value against one of the described types."""
    path = shared_dir / "specs" / "anthropic-messages.types.json"
    types = json.loads(path.read_text())["types"]
    validator = cache(lambda name: jsonschema.Draft202012Validator(types[name]))
    return lambda name, value: validator(name).validate(value)


def events_for(reply: wire.ChatReply) -> list[dict[str, Any]]:
    renderer = inbound.stream_renderer(a_call(stream=True))
    deltas: Iterable[wire.ChatDelta] = deltas_of(reply, 3)
    return events_of(b"".join([*map(renderer.feed, deltas), renderer.close()]))


def _told(message: Any) -> dict[str, Any]:
    """What a message says, without the client's own additions."""
    shown: dict[str, Any] = message.model_dump(mode="json", exclude_none=True)
    for block in shown["content"]:
        block.pop("parsed_output", None)
    return shown


def _is_whole(reply: wire.ChatReply) -> bool:
    """Whether no call breaks off inside its object: pieces already shown cannot be mended."""
    return not any(
        isinstance(part, wire.ToolCallPart) and part.arguments == '{"a":'
        for part in reply.choices[0].parts
    )


class TestRequests:
    @shared
    @given(call=calls())
    def test_are_as_described(
        self, check: Callable[[str, object], None], call: wire.ChatCall
    ) -> None:
        model = wire.TargetModel(name=call.model)

        body = msgspec.json.decode(outbound.build_request(call, model, outbound.Options()).body)

        form = "MessageCreateParamsStreaming" if call.stream else "MessageCreateParamsNonStreaming"
        check(form, body)


class TestReplies:
    @shared
    @given(reply=any_reply)
    def test_are_as_described_and_read_by_the_client(
        self, check: Callable[[str, object], None], reply: wire.ChatReply
    ) -> None:
        raw = inbound.render_reply(reply, a_call())

        message = Message.model_validate_json(raw)

        check("Message", json.loads(raw))
        assert message.id == reply.id
        assert message.usage.output_tokens == (reply.usage or wire.Usage()).output_tokens

    def test_of_counts_are_as_described(self, check: Callable[[str, object], None]) -> None:
        raw = inbound.render_count(5)

        check("MessageTokensCount", json.loads(raw))
        assert MessageTokensCount.model_validate_json(raw).input_tokens == 5


class TestStreams:
    @shared
    @given(reply=any_reply)
    def test_are_as_described(
        self, check: Callable[[str, object], None], reply: wire.ChatReply
    ) -> None:
        for event in events_for(reply):
            check("RawMessageStreamEvent", event)

    @given(reply=replies(own_thoughts | bare_thoughts | foreign_thoughts).filter(_is_whole))
    def test_add_up_in_the_client_to_the_whole_reply(self, reply: wire.ChatReply) -> None:
        snapshot: Any = None
        buffers: dict[int, bytes] = {}
        for event in events_for(reply):
            snapshot = accumulate_event(
                event=STREAM_EVENT.validate_python(event),
                current_snapshot=snapshot,
                json_bufs=buffers,
            )

        whole = Message.model_validate_json(inbound.render_reply(reply, a_call()))
        assert _told(snapshot) == _told(whole)


class TestErrors:
    @pytest.mark.parametrize(
        "error",
        [
            core.InvalidInputError("x"),
            core.AuthenticationError("x"),
            core.PermissionDeniedError("x"),
            core.NotFoundError("x"),
            core.ConflictError("x"),
            core.TooLargeError("x"),
            core.QuotaExceededError("x"),
            core.UnavailableError("x"),
            core.PortalError("x"),
            errors.ProviderFaultError("x"),
            errors.ProviderTimeoutError("x"),
        ],
        ids=lambda error: type(error).__name__,
    )
    def test_are_as_described(
        self, check: Callable[[str, object], None], error: core.PortalError
    ) -> None:
        shown = json.loads(inbound.render_error(error, request_id="r").body)

        if shown["error"]["type"] in NO_OBJECT:
            shown["error"]["type"] = "api_error"
        check("ErrorResponse", shown)
