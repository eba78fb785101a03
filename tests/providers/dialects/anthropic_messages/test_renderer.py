from typing import Any

import pytest

from apps.providers import wire
from apps.providers.dialects.anthropic_messages import inbound, sealing
from apps.providers.errors import ProviderOverloadedError
from apps.providers.wire import FinishReason
from tests.providers.dialects.anthropic_messages.examples import a_call, events_of, rendered

START = wire.StreamStart(id="msg_1", model="m")
STOP = wire.Finish(reason=FinishReason.STOP)


def outline(events: list[dict[str, Any]]) -> list[str]:
    """Types of the events with the index and what matters of each block."""
    lines = []
    for event in events:
        line = event["type"]
        if "index" in event:
            inner = event.get("content_block") or event.get("delta") or {}
            line = " ".join(
                [line.removeprefix("content_block_"), str(event["index"]), inner.get("type", "")]
            ).strip()
        lines.append(line)
    return lines


class TestFeed:
    def test_writes_a_text(self) -> None:
        events = rendered(
            START,
            wire.UsageReport(usage=wire.Usage(input_tokens=9, output_tokens=1)),
            wire.TextDelta(text="Hel"),
            wire.TextDelta(text=""),
            wire.TextDelta(text="lo"),
            STOP,
            wire.UsageReport(
                usage=wire.Usage(input_tokens=9, output_tokens=5, cache_read_tokens=4)
            ),
        )

        assert events == [
            {
                "type": "message_start",
                "message": {
                    "id": "msg_1",
                    "type": "message",
                    "role": "assistant",
                    "model": "m",
                    "content": [],
                    "stop_reason": None,
                    "stop_sequence": None,
                    "stop_details": None,
                    "usage": {
                        "input_tokens": 0,
                        "cache_creation_input_tokens": 0,
                        "cache_read_input_tokens": 0,
                        "output_tokens": 1,
                    },
                },
            },
            {
                "type": "content_block_start",
                "index": 0,
                "content_block": {"type": "text", "text": ""},
            },
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": "Hel"},
            },
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": "lo"},
            },
            {"type": "content_block_stop", "index": 0},
            {
                "type": "message_delta",
                "delta": {"stop_reason": "end_turn", "stop_sequence": None, "stop_details": None},
                "usage": {
                    "input_tokens": 5,
                    "cache_creation_input_tokens": 0,
                    "cache_read_input_tokens": 4,
                    "output_tokens": 5,
                },
            },
            {"type": "message_stop"},
        ]

    def test_writes_each_delta_when_it_comes(self) -> None:
        renderer = inbound.stream_renderer(a_call())

        assert outline(events_of(renderer.feed(START))) == ["message_start"]
        assert outline(events_of(renderer.feed(wire.TextDelta(text="a")))) == [
            "start 0 text",
            "delta 0 text_delta",
        ]
        assert outline(events_of(renderer.feed(wire.TextDelta(text="b")))) == ["delta 0 text_delta"]

    def test_tells_input_in_the_start_when_it_is_known_by_then(self) -> None:
        usage = wire.UsageReport(usage=wire.Usage(input_tokens=9))

        assert rendered(usage, START, STOP)[0]["message"]["usage"]["input_tokens"] == 9

    def test_writes_thoughts_text_and_calls_one_after_another(self) -> None:
        events = rendered(
            START,
            wire.ReasoningDelta(text="hm"),
            wire.ReasoningEnd(signature="s", origin="gemini_generate"),
            wire.ReasoningEnd(signature="d", origin="anthropic_messages", redacted=True),
            wire.TextDelta(text="So"),
            wire.ToolCallStart(index=0, id="c", name="f"),
            wire.ToolCallDelta(index=0, arguments='{"a"'),
            wire.ToolCallDelta(index=0, arguments=":1}"),
            wire.ToolCallEnd(index=0),
            wire.Finish(reason=FinishReason.TOOL_CALLS),
        )

        assert outline(events) == [
            "message_start",
            "start 0 thinking",
            "delta 0 thinking_delta",
            "delta 0 signature_delta",
            "stop 0",
            "start 1 redacted_thinking",
            "stop 1",
            "start 2 text",
            "delta 2 text_delta",
            "stop 2",
            "start 3 tool_use",
            "delta 3 input_json_delta",
            "delta 3 input_json_delta",
            "stop 3",
            "message_delta",
            "message_stop",
        ]
        assert events[3]["delta"]["signature"] == "portal:gemini_generate:s"
        assert events[5]["content_block"]["data"] == "d"
        assert events[10]["content_block"] == {
            "type": "tool_use",
            "id": "c",
            "name": "f",
            "input": {},
        }

    def test_untangles_calls_that_grow_side_by_side(self) -> None:
        events = rendered(
            START,
            wire.ToolCallStart(index=0, id="a", name="f"),
            wire.ToolCallStart(index=1, id="b", name="g"),
            wire.ToolCallDelta(index=1, arguments='{"b"'),
            wire.ToolCallDelta(index=0, arguments='{"a"'),
            wire.ToolCallDelta(index=1, arguments=":2}"),
            wire.ToolCallEnd(index=1),
            wire.ToolCallDelta(index=0, arguments=":1}"),
            wire.TextDelta(text="then"),
            wire.ToolCallEnd(index=0),
            wire.Finish(reason=FinishReason.TOOL_CALLS),
        )

        assert outline(events)[1:-2] == [
            "start 0 tool_use",
            "delta 0 input_json_delta",
            "delta 0 input_json_delta",
            "stop 0",
            "start 1 tool_use",
            "delta 1 input_json_delta",
            "delta 1 input_json_delta",
            "stop 1",
            "start 2 text",
            "delta 2 text_delta",
            "stop 2",
        ]
        pieces = [e["delta"]["partial_json"] for e in events if "partial_json" in str(e)]
        assert pieces == ['{"a"', ":1}", '{"b"', ":2}"]

    def test_wraps_arguments_that_are_no_object(self) -> None:
        events = rendered(
            START,
            wire.ToolCallStart(index=0, id="a", name="f"),
            wire.ToolCallDelta(index=0, arguments=" "),
            wire.ToolCallDelta(index=0, arguments="oo"),
            wire.ToolCallDelta(index=0, arguments="ps"),
            wire.ToolCallEnd(index=0),
            STOP,
        )

        (piece,) = [e["delta"]["partial_json"] for e in events if "partial_json" in str(e)]
        assert piece == '{"_raw":"oops"}'

    def test_closes_calls_that_nobody_ended(self) -> None:
        events = rendered(
            START,
            wire.ToolCallStart(index=0, id="a", name="f"),
            wire.ToolCallStart(index=1, id="b", name="g"),
            STOP,
        )

        assert outline(events)[1:-2] == [
            "start 0 tool_use",
            "stop 0",
            "start 1 tool_use",
            "stop 1",
        ]
        assert events[-2]["delta"]["stop_reason"] == "tool_use"

    def test_signs_thoughts_that_nobody_ended_with_nothing(self) -> None:
        events = rendered(START, wire.ReasoningDelta(text="hm"), wire.TextDelta(text="So"), STOP)

        assert events[3]["delta"] == {"type": "signature_delta", "signature": ""}

    def test_keeps_a_signature_without_thoughts(self) -> None:
        end = wire.ReasoningEnd(signature="s", origin="openai_responses", id="rs_1")

        events = rendered(START, end, wire.ReasoningEnd(), STOP)

        assert outline(events)[1:-2] == ["start 0 thinking", "delta 0 signature_delta", "stop 0"]

    def test_puts_the_signature_of_a_call_before_it(self) -> None:
        start = wire.ToolCallStart(
            index=0, id="c", name="f", signature="sig", origin="gemini_generate"
        )

        events = rendered(START, start, STOP)

        data = events[1]["content_block"]["data"]
        assert sealing.unseal_call(data) == ("gemini_generate", "sig")
        assert events[3]["content_block"]["type"] == "tool_use"

    def test_hides_thoughts_that_the_caller_wants_omitted(self) -> None:
        call = a_call(reasoning=wire.ReasoningRequest(effort="low", summary=False))

        events = rendered(
            START,
            wire.ReasoningDelta(text="hm"),
            wire.ReasoningEnd(signature="s", origin="anthropic_messages"),
            STOP,
            call=call,
        )

        assert outline(events)[1:-2] == ["start 0 thinking", "delta 0 signature_delta", "stop 0"]

    def test_shows_a_refusal_as_text_with_its_stop_reason(self) -> None:
        events = rendered(START, wire.RefusalDelta(text="No."), STOP)

        assert events[2]["delta"]["text"] == "No."
        assert events[-2]["delta"]["stop_reason"] == "refusal"

    @pytest.mark.parametrize(
        ("finish", "stop_reason"),
        [
            (FinishReason.LENGTH, "max_tokens"),
            (FinishReason.CONTENT_FILTER, "refusal"),
            (FinishReason.CONTEXT_WINDOW, "model_context_window_exceeded"),
            (FinishReason.PAUSE, "pause_turn"),
            (FinishReason.OTHER, "end_turn"),
        ],
    )
    def test_says_why_it_ended(self, finish: FinishReason, stop_reason: str) -> None:
        events = rendered(START, wire.Finish(reason=finish))

        assert events[-2]["delta"]["stop_reason"] == stop_reason

    def test_says_which_stop_sequence_was_hit(self) -> None:
        finish = wire.Finish(reason=FinishReason.STOP_SEQUENCE, stop_sequence="END")

        assert rendered(START, finish)[-2]["delta"]["stop_sequence"] == "END"

    def test_begins_once_even_when_the_start_is_missing_or_comes_twice(self) -> None:
        missing = rendered(wire.TextDelta(text="a"), STOP)
        twice = rendered(START, START, STOP)

        assert outline(missing)[0] == "message_start"
        assert missing[0]["message"]["model"] == "claude"
        assert outline(twice).count("message_start") == 1

    def test_passes_over_other_choices(self) -> None:
        events = rendered(START, wire.TextDelta(text="b", choice=1), STOP)

        assert outline(events) == ["message_start", "message_delta", "message_stop"]


class TestFailure:
    def test_is_the_last_event(self) -> None:
        failure = wire.StreamFailure(error=ProviderOverloadedError("Busy."))

        events = rendered(START, wire.TextDelta(text="a"), failure, wire.TextDelta(text="b"))

        assert outline(events)[-1] == "error"
        assert events[-1]["error"] == {"type": "overloaded_error", "message": "Busy."}


class TestClose:
    def test_ends_even_a_stream_that_said_nothing(self) -> None:
        assert outline(rendered()) == ["message_start", "message_delta", "message_stop"]
