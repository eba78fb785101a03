import itertools
from typing import Any

import pytest
from openai import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import ResponseStreamEvent

from apps.providers import errors, wire
from apps.providers.dialects.openai_responses.renderer import ReplyRenderer
from apps.providers.wire import FinishReason
from tests.providers.dialects.openai_responses.helpers import (
    call_of,
    events_of,
    payloads,
    render,
    strictly,
)

START = wire.StreamStart(id="chatcmpl-1", model="m", created=17)
STOP = wire.Finish(reason=FinishReason.STOP)


def rendered(*deltas: wire.ChatDelta) -> list[dict[str, Any]]:
    return payloads(render(ReplyRenderer(call_of()), deltas))


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


class TestReplyRenderer:
    def test_keeps_the_order_of_a_message(self) -> None:
        usage = wire.UsageReport(usage=wire.Usage(input_tokens=3, output_tokens=2))

        events = rendered(START, wire.TextDelta(text="Hel"), wire.TextDelta(text="lo"), STOP, usage)

        assert kinds(events) == [
            "created",
            "in_progress",
            "output_item.added",
            "content_part.added",
            "output_text.delta",
            "output_text.delta",
            "output_text.done",
            "content_part.done",
            "output_item.done",
            "completed",
        ]
        assert [event["sequence_number"] for event in events] == list(range(10))
        assert events[6]["text"] == "Hello"
        assert events[-1]["response"]["output"] == [events[8]["item"]]
        assert events[-1]["response"]["usage"]["total_tokens"] == 5

    def test_names_every_event(self) -> None:
        stream = render(ReplyRenderer(call_of()), [START, wire.TextDelta(text="Hi"), STOP])

        assert b"[DONE]" not in stream
        for event, payload in zip(events_of(stream), payloads(stream), strict=True):
            assert event.name == payload["type"]

    def test_keeps_the_order_of_thoughts(self) -> None:
        events = rendered(
            START,
            wire.ReasoningDelta(text="h"),
            wire.ReasoningDelta(text="m"),
            wire.ReasoningEnd(signature="sig", origin="anthropic_messages"),
            STOP,
        )

        assert kinds(events)[2:-1] == [
            "output_item.added",
            "reasoning_summary_part.added",
            "reasoning_summary_text.delta",
            "reasoning_summary_text.delta",
            "reasoning_summary_text.done",
            "reasoning_summary_part.done",
            "output_item.done",
        ]
        assert events[-2]["item"] == {
            "id": "rs_chatcmpl-1_0",
            "type": "reasoning",
            "summary": [{"type": "summary_text", "text": "hm"}],
            "encrypted_content": "portal:anthropic_messages:sig",
        }

    def test_shows_thoughts_that_are_only_encrypted(self) -> None:
        end = wire.ReasoningEnd(signature="sig", origin="openai_responses", redacted=True)

        events = rendered(START, end, STOP)

        assert kinds(events)[2:-1] == ["output_item.added", "output_item.done"]
        assert events[3]["item"]["encrypted_content"] == "sig"

    def test_keeps_the_order_of_a_call(self) -> None:
        events = rendered(
            START,
            wire.ToolCallStart(index=0, id="c", name="f"),
            wire.ToolCallDelta(index=0, arguments='{"a"'),
            wire.ToolCallDelta(index=0, arguments=":1}"),
            wire.ToolCallEnd(index=0),
            wire.Finish(reason=FinishReason.TOOL_CALLS),
        )

        assert kinds(events)[2:] == [
            "output_item.added",
            "function_call_arguments.delta",
            "function_call_arguments.delta",
            "function_call_arguments.done",
            "output_item.done",
            "completed",
        ]
        assert events[2]["item"]["arguments"] == ""
        assert events[-1]["response"]["output"][0] == {
            "id": "fc_chatcmpl-1_0",
            "type": "function_call",
            "status": "completed",
            "arguments": '{"a":1}',
            "call_id": "c",
            "name": "f",
        }

    def test_gives_a_call_without_arguments_an_empty_object(self) -> None:
        events = rendered(START, wire.ToolCallStart(index=0, id="c", name="f"), STOP)

        assert [e["delta"] for e in events if e["type"].endswith("arguments.delta")] == ["{}"]
        assert events[-1]["response"]["output"][0]["arguments"] == "{}"

    def test_keeps_calls_apart_that_interleave(self) -> None:
        events = rendered(
            START,
            wire.ToolCallStart(index=0, id="a", name="f"),
            wire.ToolCallStart(index=1, id="b", name="g"),
            wire.ToolCallDelta(index=1, arguments='{"y":2}'),
            wire.ToolCallDelta(index=0, arguments='{"x":1}'),
            wire.Finish(reason=FinishReason.TOOL_CALLS),
        )

        output = events[-1]["response"]["output"]
        assert [item["arguments"] for item in output] == ['{"x":1}', '{"y":2}']
        assert [event["output_index"] for event in events[2:-1]] == [0, 1, 1, 0, 0, 0, 1, 1]

    def test_carries_the_signature_of_a_call_before_it(self) -> None:
        start = wire.ToolCallStart(
            index=0, id="c", name="f", signature="sig", origin="gemini_generate"
        )

        events = rendered(START, start, STOP)

        first, second = events[-1]["response"]["output"]
        assert first["encrypted_content"] == "portal:gemini_generate:call:sig"
        assert second["call_id"] == "c"

    def test_closes_one_item_before_it_opens_the_next(self) -> None:
        events = rendered(
            START,
            wire.ReasoningDelta(text="hm"),
            wire.TextDelta(text="a"),
            wire.RefusalDelta(text="no"),
            wire.ToolCallStart(index=0, id="c", name="f"),
            wire.ToolCallEnd(index=0),
            wire.TextDelta(text="b"),
            STOP,
        )

        bounds = [e["type"] for e in events if "output_item" in e["type"]]
        assert bounds == ["response.output_item.added", "response.output_item.done"] * 4
        contents = events[-1]["response"]["output"][1]["content"]
        assert [content["type"] for content in contents] == ["output_text", "refusal"]

    def test_gathers_logprobs(self) -> None:
        one = wire.TokenLogprob(token="é", logprob=-0.5)

        events = rendered(START, wire.TextDelta(text="é", logprobs=(one,)), STOP)

        expected = [{"token": "é", "logprob": -0.5, "bytes": [195, 169], "top_logprobs": []}]
        assert events[4]["logprobs"] == expected
        assert events[5]["logprobs"] == expected
        assert events[-1]["response"]["output"][0]["content"][0]["logprobs"] == expected

    @pytest.mark.parametrize(
        ("finish", "kind", "status"),
        [
            (FinishReason.STOP, "completed", "completed"),
            (FinishReason.OTHER, "completed", "completed"),
            (FinishReason.LENGTH, "incomplete", "incomplete"),
            (FinishReason.CONTENT_FILTER, "incomplete", "incomplete"),
            (FinishReason.MALFORMED_CALL, "failed", "completed"),
        ],
    )
    def test_ends_as_the_reply_ended(self, finish: FinishReason, kind: str, status: str) -> None:
        events = rendered(START, wire.TextDelta(text="Hi"), wire.Finish(reason=finish))

        assert kinds(events)[-1] == kind
        assert events[-1]["response"]["status"] == kind
        assert events[-1]["response"]["output"][0]["status"] == status

    def test_ends_a_stream_that_says_nothing(self) -> None:
        assert kinds(rendered(START, STOP)) == ["created", "in_progress", "completed"]
        assert kinds(rendered()) == ["created", "in_progress", "completed"]

    def test_fails_with_all_that_was_said(self) -> None:
        failure = wire.StreamFailure(error=errors.ProviderRateLimitError("Slow down."))

        events = rendered(
            START,
            wire.ToolCallStart(index=0, id="c", name="f"),
            wire.ToolCallDelta(index=0, arguments="{"),
            wire.TextDelta(text="Hel"),
            failure,
            wire.TextDelta(text="never"),
        )

        assert kinds(events)[-1] == "failed"
        response = events[-1]["response"]
        assert response["error"] == {"code": "rate_limit_exceeded", "message": "Slow down."}
        assert [item["status"] for item in response["output"]] == ["incomplete", "incomplete"]
        assert response["output"][1]["content"][0]["text"] == "Hel"

    def test_fails_with_an_error_event_before_the_start(self) -> None:
        events = rendered(wire.StreamFailure(error=errors.ProviderFaultError("Broke.")))

        assert [(e["type"], e["sequence_number"]) for e in events] == [("error", 0)]

    def test_shows_the_first_choice_only(self) -> None:
        events = rendered(START, wire.TextDelta(text="x", choice=1), STOP)

        assert events[-1]["response"]["output"] == []

    def test_gives_no_two_items_one_id(self) -> None:
        deltas: list[wire.ChatDelta] = [START]
        for number in range(3):
            deltas += [
                wire.TextDelta(text="a"),
                wire.ToolCallStart(index=number, id=f"c{number}", name="f"),
                wire.ToolCallEnd(index=number),
            ]

        output = rendered(*deltas, STOP)[-1]["response"]["output"]

        assert len({item["id"] for item in output}) == 6
        assert all(len(item["id"]) <= 64 for item in output)

    def test_numbers_events_without_gaps(self) -> None:
        events = rendered(START, *[wire.TextDelta(text="x")] * 5, STOP)

        steps = itertools.pairwise(event["sequence_number"] for event in events)
        assert all(after - before == 1 for before, after in steps)


class TestOfficialClient:
    def test_gathers_the_whole_response(self) -> None:
        state: ResponseStreamState[Any] = ResponseStreamState(input_tools=omit, text_format=omit)
        events = rendered(
            START,
            wire.ReasoningDelta(text="hm"),
            wire.ReasoningEnd(signature="sig", origin="gemini_generate"),
            wire.TextDelta(text="Hel"),
            wire.TextDelta(text="lo"),
            wire.ToolCallStart(index=0, id="a", name="f"),
            wire.ToolCallStart(index=1, id="b", name="g"),
            wire.ToolCallDelta(index=1, arguments='{"y":2}'),
            wire.ToolCallDelta(index=0, arguments='{"x":1}'),
            wire.Finish(reason=FinishReason.TOOL_CALLS),
            wire.UsageReport(usage=wire.Usage(input_tokens=3, output_tokens=2)),
        )

        told = [
            one
            for event in events
            for one in state.handle_event(strictly(ResponseStreamEvent, event))
        ]

        last = told[-1]
        assert last.type == "response.completed"
        assert last.response.output_text == "Hello"
        assert [item.type for item in last.response.output] == [
            "reasoning",
            "message",
            "function_call",
            "function_call",
        ]
