import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.responses import Response, ResponseStreamEvent

from apps.providers import wire
from apps.providers.collect import collect
from apps.providers.dialects.openai_responses import inbound, outbound
from apps.providers.dialects.openai_responses.parser import ReplyParser
from apps.providers.dialects.openai_responses.renderer import ReplyRenderer
from tests.providers.dialects.openai_responses import strategies
from tests.providers.dialects.openai_responses.helpers import (
    MODEL,
    OPTIONS,
    call_of,
    deltas_of,
    events_of,
    incoming,
    payloads,
    render,
    strictly,
    validator,
)


def without_ids(reply: wire.ChatReply) -> wire.ChatReply:
    """The reply without the ids of its thoughts, which a stream shows before it knows them."""
    (choice,) = reply.choices
    parts = tuple(
        wire.ReasoningPart(
            text=part.text, signature=part.signature, origin=part.origin, redacted=part.redacted
        )
        if isinstance(part, wire.ReasoningPart)
        else part
        for part in choice.parts
    )
    return _with(reply, parts)


def _with(reply: wire.ChatReply, parts: tuple[wire.Part, ...]) -> wire.ChatReply:
    (choice,) = reply.choices
    one = wire.Choice(parts=parts, finish=choice.finish, logprobs=choice.logprobs)
    return wire.ChatReply(
        id=reply.id, model=reply.model, choices=(one,), usage=reply.usage, created=reply.created
    )


class TestCallRoundTrip:
    @given(strategies.calls())
    def test_comes_back_as_it_was(self, call: wire.ChatCall) -> None:
        request = outbound.build_request(call, MODEL, OPTIONS)

        assert request.warnings == ()
        assert inbound.decode_request(incoming(json.loads(request.body))) == call

    @settings(max_examples=50)
    @given(strategies.calls())
    def test_would_be_forwarded_as_it_was_built(self, call: wire.ChatCall) -> None:
        body = json.loads(outbound.build_request(call, MODEL, OPTIONS).body)

        again = outbound.forward_request(incoming(body), MODEL, OPTIONS)

        assert json.loads(again.body) == body


class TestReplyRoundTrip:
    @given(strategies.replies())
    def test_comes_back_as_it_was(self, reply: wire.ChatReply) -> None:
        body = inbound.render_reply(reply, call_of())

        assert outbound.parse_reply(body) == reply
        assert outbound.read_facts("chat", body) == wire.Facts(
            id=reply.id, model=reply.model, usage=reply.usage, finish=reply.choices[0].finish
        )


class TestStreamRoundTrip:
    @given(strategies.replies(), st.integers(1, 4), st.sampled_from([None, 1, 7]))
    def test_spells_the_same_reply(
        self, reply: wire.ChatReply, pieces: int, chunk: int | None
    ) -> None:
        deltas = strategies.stream_of(reply, pieces)

        stream = render(ReplyRenderer(call_of()), deltas)

        found = deltas_of(ReplyParser(), events_of(stream, chunk))
        assert without_ids(collect(found)) == without_ids(collect(deltas))

    @given(strategies.replies(), st.integers(1, 4))
    def test_ends_with_what_the_whole_reply_would_be(
        self, reply: wire.ChatReply, pieces: int
    ) -> None:
        call = call_of()
        deltas = strategies.stream_of(reply, pieces)

        last = payloads(render(ReplyRenderer(call), deltas))[-1]["response"]

        assert last == json.loads(inbound.render_reply(collect(deltas), call))

    @given(strategies.replies(), st.integers(1, 4))
    def test_has_deltas_that_concatenate_to_the_final_items(
        self, reply: wire.ChatReply, pieces: int
    ) -> None:
        events = payloads(render(ReplyRenderer(call_of()), strategies.stream_of(reply, pieces)))

        said: dict[Any, str] = {}
        for event in events:
            if event["type"].endswith(".delta"):
                place = (event["output_index"], event.get("content_index"))
                said[place] = said.get(place, "") + event["delta"]
        assert said == dict(_texts(events[-1]["response"]["output"]))
        assert [event["sequence_number"] for event in events] == list(range(len(events)))


def _texts(output: list[dict[str, Any]]) -> list[tuple[Any, str]]:
    found: list[tuple[Any, str]] = []
    for index, item in enumerate(output):
        if item["type"] == "message":
            for number, content in enumerate(item["content"]):
                found.append(((index, number), content.get("text") or content.get("refusal")))
        elif item["type"] == "function_call":
            found.append(((index, None), item["arguments"]))
        elif item["summary"]:
            found.append(((index, None), item["summary"][0]["text"]))
    return found


class TestOfficialTypes:
    @given(strategies.calls(), strategies.replies())
    def test_take_every_reply(self, call: wire.ChatCall, reply: wire.ChatReply) -> None:
        body = json.loads(inbound.render_reply(reply, call))

        strictly(Response, body)

    @settings(max_examples=50)
    @given(strategies.calls(), strategies.replies(), st.integers(1, 3))
    def test_take_every_event(
        self, call: wire.ChatCall, reply: wire.ChatReply, pieces: int
    ) -> None:
        deltas = strategies.stream_of(reply, pieces)

        for event in payloads(render(ReplyRenderer(call), deltas)):
            assert strictly(ResponseStreamEvent, event).type == event["type"]


@pytest.mark.needs_shared
class TestOfficialDescription:
    @settings(max_examples=40)
    @given(call=strategies.calls(), reply=strategies.replies())
    def test_allows_every_reply(
        self, shared_dir: Path, call: wire.ChatCall, reply: wire.ChatReply
    ) -> None:
        check = _checks(shared_dir, "Response")

        check.validate(json.loads(inbound.render_reply(reply, call)))

    @settings(max_examples=20)
    @given(reply=strategies.replies())
    def test_allows_every_event(self, shared_dir: Path, reply: wire.ChatReply) -> None:
        deltas = strategies.stream_of(reply, 2)

        for event in payloads(render(ReplyRenderer(call_of()), deltas)):
            _checks(shared_dir, _EVENTS[event["type"]]).validate(event)

    @settings(max_examples=40)
    @given(call=strategies.calls())
    def test_allows_every_request(self, shared_dir: Path, call: wire.ChatCall) -> None:
        body = json.loads(outbound.build_request(call, MODEL, OPTIONS).body)
        # The description knows neither spoken input nor the words of an assistant without an id.
        body["input"] = [item for item in body["input"] if not _is_undescribed(item)]

        _checks(shared_dir, "CreateResponse").validate(body)


_CHECKS: dict[str, Any] = {}
_EVENTS = {
    "response.created": "ResponseCreatedEvent",
    "response.in_progress": "ResponseInProgressEvent",
    "response.output_item.added": "ResponseOutputItemAddedEvent",
    "response.output_item.done": "ResponseOutputItemDoneEvent",
    "response.content_part.added": "ResponseContentPartAddedEvent",
    "response.content_part.done": "ResponseContentPartDoneEvent",
    "response.output_text.delta": "ResponseTextDeltaEvent",
    "response.output_text.done": "ResponseTextDoneEvent",
    "response.refusal.delta": "ResponseRefusalDeltaEvent",
    "response.refusal.done": "ResponseRefusalDoneEvent",
    "response.reasoning_summary_part.added": "ResponseReasoningSummaryPartAddedEvent",
    "response.reasoning_summary_part.done": "ResponseReasoningSummaryPartDoneEvent",
    "response.reasoning_summary_text.delta": "ResponseReasoningSummaryTextDeltaEvent",
    "response.reasoning_summary_text.done": "ResponseReasoningSummaryTextDoneEvent",
    "response.function_call_arguments.delta": "ResponseFunctionCallArgumentsDeltaEvent",
    "response.function_call_arguments.done": "ResponseFunctionCallArgumentsDoneEvent",
    "response.completed": "ResponseCompletedEvent",
    "response.incomplete": "ResponseIncompleteEvent",
}


def _checks(shared_dir: Path, name: str) -> Any:
    if name not in _CHECKS:
        _CHECKS[name] = validator(shared_dir, name)
    return _CHECKS[name]


def _is_undescribed(item: dict[str, Any]) -> bool:
    content = item.get("content")
    if not isinstance(content, list):
        return False
    return item["role"] == "assistant" or any(part["type"] == "input_audio" for part in content)
