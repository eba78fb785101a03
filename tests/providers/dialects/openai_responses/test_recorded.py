"""Every recorded exchange of the Responses API, request and answer."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.providers import errors, wire
from apps.providers.collect import collect
from apps.providers.dialects.openai_responses import inbound, outbound
from apps.providers.dialects.openai_responses.parser import ReplyParser
from apps.providers.dialects.openai_responses.renderer import ReplyRenderer
from apps.providers.errors import UnsupportedContentError
from apps.providers.sse import Event, EventParser
from tests.providers.dialects.openai_responses.helpers import (
    OPTIONS,
    call_of,
    deltas_of,
    events_of,
    incoming,
    render,
)

pytestmark = pytest.mark.needs_shared

# Why a recorded request cannot be said to another provider.
REFUSED = {
    "openai_client_tool_search_streaming": "input[1]",
    "openai_native_tool_search_streaming": "tools[0].type",
    "openai_previous_response_id_seed": "previous_response_id",
}
REJECTED = {
    "openai_responses_model_http_error": errors.ProviderRejectedError,
    "responses_create_api_error": errors.ProviderNotFoundError,
}


@cache
def cases(shared_dir: Path) -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted((shared_dir / "wire").glob("*/responses__*.json")):
        found[path.stem] = json.loads(path.read_text())
    return found


def _expected(table: dict[str, Any], name: str) -> Any:
    return next((value for key, value in table.items() if key in name), None)


def normal(body: dict[str, Any]) -> dict[str, Any]:
    """A request with what means the same spelled the same, and without what is documented lost."""
    kept = {name: value for name, value in body.items() if value not in (None, "", False)}
    kept.pop("include", None)  # asked for whenever thoughts are
    if isinstance(kept["input"], str):
        kept["input"] = [{"role": "user", "content": kept["input"]}]
    kept["input"] = [_normal_item(item) for item in kept["input"]]
    kept["tools"] = [
        {key: value for key, value in tool.items() if value} for tool in kept.get("tools", ())
    ]
    reasoning = {**kept.get("reasoning", {})}
    reasoning.pop("context", None)
    if reasoning.get("summary"):
        reasoning["summary"] = "any"
    kept["reasoning"] = reasoning
    return kept


def _normal_item(item: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in item.items() if value is not None}
    if "role" in kept:
        kept["type"] = "message"
    if kept["type"] == "reasoning":
        kept.pop("content", None)  # the summary says the same
        kept["summary"] = "\n\n".join(part["text"] for part in kept["summary"])
    else:
        kept.pop("id", None)
    return kept


class TestRequests:
    def test_are_understood_or_refused_for_a_known_reason(self, shared_dir: Path) -> None:
        for name, case in cases(shared_dir).items():
            if case["request_body"] is None:
                continue
            request = incoming(case["request_body"])
            param = _expected(REFUSED, name)
            if param is None:
                call = inbound.decode_request(request)
                assert call.messages, name
            else:
                with pytest.raises(UnsupportedContentError) as caught:
                    inbound.decode_request(request)
                assert caught.value.param == param, name

    def test_are_built_again_as_they_were(self, shared_dir: Path) -> None:
        for name, case in cases(shared_dir).items():
            body = case["request_body"]
            if body is None or _expected(REFUSED, name):
                continue
            call = inbound.decode_request(incoming(body))

            request = outbound.build_request(call, wire.TargetModel(name=body["model"]), OPTIONS)

            assert normal(json.loads(request.body)) == normal(body), name
            assert request.warnings == (), name

    def test_are_forwarded_with_every_value_kept(self, shared_dir: Path) -> None:
        for name, case in cases(shared_dir).items():
            body = case["request_body"]
            if body is None or "previous_response_id" in body:
                continue

            request = outbound.forward_request(
                incoming(body), wire.TargetModel(name=body["model"]), OPTIONS
            )

            assert json.loads(request.body) == {**body, "store": False}, name


class TestReplies:
    def test_are_read_with_usage_that_adds_up(self, shared_dir: Path) -> None:
        for name, case in cases(shared_dir).items():
            recorded = case.get("response_body")
            if case["status"] != 200 or recorded is None:
                continue
            body = json.dumps(recorded).encode()

            reply = outbound.parse_reply(body)

            usage = reply.usage
            assert usage is not None, name
            assert usage.total_tokens == recorded["usage"]["total_tokens"], name
            assert usage.cache_read_tokens <= usage.input_tokens, name
            assert usage.reasoning_tokens <= usage.output_tokens, name
            assert outbound.read_facts("chat", body).usage == usage, name
            assert outbound.parse_reply(inbound.render_reply(reply, call_of())).usage == usage

    def test_are_the_right_errors(self, shared_dir: Path) -> None:
        for name, case in cases(shared_dir).items():
            if case["status"] < 400:
                continue
            body = json.dumps(case["response_body"]).encode()

            error = outbound.parse_error(case["status"], case["response_headers"], body)

            assert type(error) is _expected(REJECTED, name), name
            assert error.message == case["response_body"]["error"]["message"]


def streams(shared_dir: Path) -> dict[str, bytes]:
    found = {}
    for path in sorted((shared_dir / "wire").glob("*/responses*.json")):
        case = json.loads(path.read_text())
        if case.get("response_sse_text"):
            found[path.stem] = case["response_sse_text"].encode()
    return found


class TestStreams:
    def test_spell_the_response_that_ends_them(self, shared_dir: Path) -> None:
        for name, stream in streams(shared_dir).items():
            events = events_of(stream)
            last = json.loads(events[-1].data or b"")["response"]
            if _is_shortened(events):
                continue

            reply = collect(deltas_of(ReplyParser(), events))

            whole = outbound.parse_reply(json.dumps(last).encode())
            assert (reply.id, reply.usage) == (whole.id, whole.usage), name
            assert reply.choices[0].finish is whole.choices[0].finish, name
            assert _said(reply) == _said(whole), name

    @pytest.mark.parametrize("chunk", [1, 7])
    def test_give_the_same_however_they_are_split(self, shared_dir: Path, chunk: int) -> None:
        for name, stream in streams(shared_dir).items():
            whole = deltas_of(ReplyParser(), events_of(stream))

            assert deltas_of(ReplyParser(), events_of(stream, chunk)) == whole, name

    @settings(max_examples=25)
    @given(data=st.data())
    def test_give_the_same_at_any_split(self, shared_dir: Path, data: st.DataObject) -> None:
        stream = data.draw(st.sampled_from(sorted(streams(shared_dir).values())))
        cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=8)))
        parser, events = EventParser(), []
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            events += parser.feed(stream[start:end])

        deltas = deltas_of(ReplyParser(), [*events, *parser.close()])

        assert deltas == deltas_of(ReplyParser(), events_of(stream))

    def test_tell_when_they_are_cut_off(self, shared_dir: Path) -> None:
        for name, stream in streams(shared_dir).items():
            deltas = deltas_of(ReplyParser(), events_of(stream)[:-1])

            assert isinstance(deltas[-1], wire.StreamFailure), name

    def test_can_be_told_again(self, shared_dir: Path) -> None:
        for name, stream in streams(shared_dir).items():
            deltas = deltas_of(ReplyParser(), events_of(stream))

            told = render(ReplyRenderer(call_of()), deltas)

            again = collect(deltas_of(ReplyParser(), events_of(told)))
            assert _said(again) == _said(collect(deltas)), name


def _is_shortened(events: list[Event]) -> bool:
    """Whether whoever kept the recording left events out."""
    numbers = [json.loads(event.data or b"").get("sequence_number") for event in events]
    first = numbers[0] or 0
    return None not in numbers and numbers != list(range(first, first + len(numbers)))


def _said(reply: wire.ChatReply) -> tuple[Any, ...]:
    """Text, calls and log probabilities; where one text ends and another begins does not count."""
    (choice,) = reply.choices
    text = "".join(part.text for part in choice.parts if isinstance(part, wire.TextPart))
    calls = [part for part in choice.parts if isinstance(part, wire.ToolCallPart)]
    tokens = [one.token for one in choice.logprobs or ()]
    return text, calls, tokens
