"""Recorded traffic of the provider, read both ways and cut at every place."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from apps.providers import errors, wire
from apps.providers.collect import collect
from apps.providers.dialects.anthropic_messages import inbound, outbound
from apps.providers.errors import UnsupportedContentError
from apps.providers.sse import EventParser
from apps.providers.wire import FinishReason
from tests.conftest import REPOSITORY
from tests.providers.dialects.anthropic_messages.examples import incoming

pytestmark = pytest.mark.needs_shared

SHARED = Path(os.environ.get("PORTAL_SHARED") or REPOSITORY.parent / "shared")
CASES = {
    path.stem: msgspec.json.decode(path.read_bytes())
    for path in sorted((SHARED / "wire" / "anthropic").glob("*.json"))
}
REQUESTS = [name for name, case in CASES.items() if case.get("request_body")]
STREAMS = [name for name, case in CASES.items() if case.get("response_sse_text")]
FAILURES = [name for name, case in CASES.items() if case["status"] >= 400]
COUNTS = [name for name in CASES if name.startswith("messages-count_tokens")]
REPLIES = [name for name in CASES if name not in {*STREAMS, *FAILURES, *COUNTS}]

# Requests that hold what no other provider has: results that name tools, and hosted tools.
REFUSED = {
    "messages-count_tokens__anthropic_count_tokens_with_tool_search_replay__0": (
        "messages[2].content[0].content[0]"
    ),
    "messages__in_flight_native_tool_call_history_is_accepted__0": "messages[1].content[0]",
    "messages__live_tool_search_handoff_openai_to_anthropic__2": (
        "messages[2].content[0].content[0]"
    ),
}
CLASSES: dict[int, type[errors.ProviderError]] = {
    400: errors.ProviderRejectedError,
    401: errors.ProviderAuthError,
    403: errors.ProviderAuthError,
    404: errors.ProviderNotFoundError,
    413: errors.ProviderTooLargeError,
    429: errors.ProviderRateLimitError,
    504: errors.ProviderTimeoutError,
}


def normal(body: dict[str, Any]) -> dict[str, Any]:
    """The request with everything spelled out that has more than one spelling."""
    shown = {key: value for key, value in body.items() if value is not False}
    if isinstance(shown.get("system"), str):
        shown["system"] = [{"type": "text", "text": shown["system"]}]
    if "effort" in shown.get("output_config", {}):
        # An effort asks for thought where the model can, and for the most that it knows.
        shown.setdefault("thinking", {"type": "adaptive"})
    if "thinking" in shown and shown.get("temperature") == 1:
        del shown["temperature"]
    shown["messages"] = [
        {**turn, "content": [_normal_block(block) for block in _blocks(turn["content"])]}
        for turn in shown["messages"]
    ]
    return shown


def _blocks(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _normal_block(block: dict[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in block.items() if value is not False}
    if shown["type"] == "tool_result":
        shown["content"] = _blocks(shown["content"])
    return shown


def decode(name: str) -> wire.ChatCall:
    if name in COUNTS:
        body = incoming(CASES[name]["request_body"], operation="count_tokens")
        return inbound.decode_count(body)
    return inbound.decode_request(incoming(CASES[name]["request_body"]))


def deltas_of(raw: bytes, sizes: Sequence[int]) -> list[wire.ChatDelta]:
    """The deltas of a stream that comes in pieces of these sizes, over and over."""
    events, parser = EventParser(), outbound.stream_parser()
    deltas: list[wire.ChatDelta] = []
    start = turn = 0
    while start < len(raw):
        size = sizes[turn % len(sizes)]
        for event in events.feed(raw[start : start + size]):
            deltas.extend(parser.feed(event))
        start, turn = start + size, turn + 1
    for event in events.close():
        deltas.extend(parser.feed(event))
    return [*deltas, *parser.close()]


def check_usage(usage: wire.Usage | None) -> None:
    assert usage is not None
    assert usage.input_tokens > 0
    assert usage.output_tokens > 0
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    assert usage.cache_read_tokens + usage.cache_write_tokens <= usage.input_tokens
    assert usage.reasoning_tokens <= usage.output_tokens


class TestRequests:
    @pytest.mark.parametrize("name", REQUESTS)
    def test_are_built_again_as_they_were_or_refused_for_a_reason(self, name: str) -> None:
        recorded = CASES[name]["request_body"]
        if name in REFUSED:
            with pytest.raises(UnsupportedContentError) as caught:
                decode(name)
            assert caught.value.param == REFUSED[name]
            return

        call = decode(name)
        # A model that nobody knows, so that nothing is fitted to it.
        model = wire.TargetModel(name="some-model")
        build = outbound.build_count if name in COUNTS else outbound.build_request
        request = build(call, model, outbound.Options())

        again = msgspec.json.decode(request.body)
        assert (call.warnings, request.warnings) == ((), ())
        assert normal({**again, "model": recorded["model"]}) == normal(recorded)

    @pytest.mark.parametrize("name", REQUESTS)
    def test_are_forwarded_with_another_model_and_no_other_change(self, name: str) -> None:
        recorded = CASES[name]["request_body"]

        request = outbound.forward_request(
            incoming(recorded, query=CASES[name]["query"]),
            wire.TargetModel(name="other"),
            outbound.Options(),
        )

        assert msgspec.json.decode(request.body) == {**recorded, "model": "other"}
        assert list(msgspec.json.decode(request.body)) == list(recorded)
        assert request.path.endswith("?beta=true") is (CASES[name]["query"] == {"beta": "true"})


class TestReplies:
    @pytest.mark.parametrize("name", REPLIES)
    def test_are_read_with_sound_usage(self, name: str) -> None:
        recorded = CASES[name]["response_body"]
        body = msgspec.json.encode(recorded)

        reply = outbound.parse_reply(body)

        (choice,) = reply.choices
        assert reply.id == recorded["id"]
        assert choice.parts
        assert choice.finish is not FinishReason.OTHER
        check_usage(reply.usage)
        assert outbound.read_facts("chat", body) == wire.Facts(
            id=reply.id, model=reply.model, usage=reply.usage, finish=choice.finish
        )

    @pytest.mark.parametrize("name", COUNTS)
    def test_of_counts_are_read(self, name: str) -> None:
        recorded = CASES[name]["response_body"]

        assert outbound.parse_count(msgspec.json.encode(recorded)) == recorded["input_tokens"]


class TestStreams:
    @pytest.mark.parametrize("name", STREAMS)
    def test_are_read_with_sound_usage(self, name: str) -> None:
        deltas = deltas_of(CASES[name]["response_sse_text"].encode(), [4096])

        reply = collect(deltas)

        (choice,) = reply.choices
        assert isinstance(deltas[0], wire.StreamStart)
        assert choice.parts
        assert choice.finish in (FinishReason.STOP, FinishReason.TOOL_CALLS)
        assert not any(isinstance(delta, wire.StreamFailure) for delta in deltas)
        check_usage(reply.usage)

    @pytest.mark.parametrize("name", STREAMS)
    @pytest.mark.parametrize("sizes", [[1], [7], [2, 3, 61], [1, 1000]], ids=str)
    def test_are_the_same_however_the_bytes_are_cut(self, name: str, sizes: list[int]) -> None:
        raw = CASES[name]["response_sse_text"].encode()

        assert deltas_of(raw, sizes) == deltas_of(raw, [len(raw)])

    @pytest.mark.parametrize("name", STREAMS)
    def test_survive_being_written_again(self, name: str) -> None:
        deltas = deltas_of(CASES[name]["response_sse_text"].encode(), [4096])
        renderer = inbound.stream_renderer(wire.ChatCall(model="m", messages=()))

        raw = b"".join([*map(renderer.feed, deltas), renderer.close()])

        assert collect(deltas_of(raw, [4096])) == collect(deltas)


class TestFailures:
    @pytest.mark.parametrize("name", FAILURES)
    def test_have_the_class_of_their_condition(self, name: str) -> None:
        case = CASES[name]
        body = msgspec.json.encode(case["response_body"])

        error = outbound.parse_error(case["status"], case["response_headers"], body)

        assert type(error) is CLASSES[case["status"]]
        said = case["response_body"]["error"]["message"]
        if case["status"] in (401, 402, 403):
            # About the portal's own account: a provider may quote the key there.
            assert error.message == (
                f"The provider refused the portal's own account ({case['status']})."
            )
        else:
            assert error.message == said
        assert error.upstream_request_id == case["response_body"]["request_id"]
