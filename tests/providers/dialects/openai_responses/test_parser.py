from typing import Any

import pytest

from apps.providers import errors, wire
from apps.providers.collect import collect
from apps.providers.dialects.openai_responses.parser import ReplyParser
from apps.providers.sse import Event
from apps.providers.wire import FinishReason
from tests.providers.dialects.openai_responses.helpers import deltas_of, stream_of

CREATED = {
    "type": "response.created",
    "response": {"id": "resp_1", "model": "m", "created_at": 17, "status": "in_progress"},
}
START = wire.StreamStart(id="resp_1", model="m", created=17)


def completed(**fields: Any) -> dict[str, Any]:
    return {"type": "response.completed", "response": {"status": "completed", **fields}}


def parse(*events: dict[str, Any]) -> list[wire.ChatDelta]:
    return deltas_of(ReplyParser(), stream_of(*events))


def added(index: int, **item: Any) -> dict[str, Any]:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def done(index: int, **item: Any) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def delta(kind: str, index: int, text: str, **fields: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}.delta", "output_index": index, "delta": text, **fields}


class TestReplyParser:
    def test_reads_text_and_usage(self) -> None:
        usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}

        found = parse(
            CREATED,
            {**CREATED, "type": "response.in_progress"},
            added(0, type="message", content=[]),
            delta("output_text", 0, "Hel"),
            delta("output_text", 0, "lo"),
            {"type": "response.output_text.done", "output_index": 0, "text": "Hello"},
            done(0, type="message", content=[{"type": "output_text", "text": "Hello"}]),
            completed(usage=usage),
        )

        assert found == [
            START,
            wire.TextDelta(text="Hel"),
            wire.TextDelta(text="lo"),
            wire.Finish(reason=FinishReason.STOP),
            wire.UsageReport(usage=wire.Usage(input_tokens=3, output_tokens=2)),
        ]

    def test_reads_parallel_calls_that_interleave(self) -> None:
        found = parse(
            CREATED,
            added(0, type="function_call", call_id="a", name="f", arguments=""),
            added(1, type="function_call", call_id="b", name="g", arguments=""),
            delta("function_call_arguments", 0, '{"x"'),
            delta("function_call_arguments", 1, "{}"),
            delta("function_call_arguments", 0, ":1}"),
            done(0, type="function_call", call_id="a", name="f", arguments='{"x":1}'),
            done(1, type="function_call", call_id="b", name="g", arguments="{}"),
            completed(),
        )

        (choice,) = collect(found).choices
        assert choice.finish is FinishReason.TOOL_CALLS
        assert choice.parts == (
            wire.ToolCallPart(id="a", name="f", arguments='{"x":1}'),
            wire.ToolCallPart(id="b", name="g", arguments="{}"),
        )
        assert found.count(wire.ToolCallEnd(index=0)) == 1

    def test_reads_thoughts_with_their_signature(self) -> None:
        found = parse(
            CREATED,
            added(0, type="reasoning", id="rs_1", summary=[], encrypted_content="early"),
            delta("reasoning_summary_text", 0, "a", summary_index=0),
            delta("reasoning_summary_text", 0, "b", summary_index=1),
            done(
                0,
                type="reasoning",
                id="rs_1",
                summary=[{"text": "a"}, {"text": "b"}],
                encrypted_content="sig",
            ),
            completed(),
        )

        assert collect(found).choices[0].parts == (
            wire.ReasoningPart(
                text="a\n\nb", signature="sig", origin="openai_responses", id="rs_1"
            ),
        )

    def test_reads_thoughts_that_are_only_encrypted(self) -> None:
        found = parse(
            CREATED,
            added(0, type="reasoning", id="rs_1", summary=[]),
            done(0, type="reasoning", id="rs_1", summary=[], encrypted_content="sig"),
            completed(),
        )

        assert found[1] == wire.ReasoningEnd(
            signature="sig", origin="openai_responses", redacted=True, id="rs_1"
        )

    def test_does_not_say_thoughts_and_their_summary_both(self) -> None:
        found = parse(
            CREATED,
            added(0, type="reasoning"),
            delta("reasoning_text", 0, "hm"),
            delta("reasoning_summary_text", 0, "summary"),
            done(0, type="reasoning", content=[{"text": "hm"}]),
            completed(),
        )

        assert [d.text for d in found if isinstance(d, wire.ReasoningDelta)] == ["hm"]

    def test_reads_refusals(self) -> None:
        found = parse(
            CREATED,
            added(0, type="message"),
            delta("refusal", 0, "No."),
            {"type": "response.refusal.done", "output_index": 0, "refusal": "No."},
            completed(),
        )

        assert found[1:] == [
            wire.RefusalDelta(text="No."),
            wire.Finish(reason=FinishReason.REFUSAL),
        ]

    def test_reads_logprobs(self) -> None:
        one = {"token": "Hi", "logprob": -0.5, "top_logprobs": []}

        found = parse(CREATED, delta("output_text", 0, "Hi", logprobs=[one]), completed())

        assert found[1] == wire.TextDelta(
            text="Hi", logprobs=(wire.TokenLogprob(token="Hi", logprob=-0.5),)
        )

    @pytest.mark.parametrize(
        "events",
        [
            [
                {"type": "response.output_text.done", "output_index": 0, "text": "Hi"},
                {
                    "type": "response.function_call_arguments.done",
                    "output_index": 1,
                    "arguments": '{"a":1}',
                },
            ],
            [],
        ],
    )
    def test_takes_from_the_ends_what_came_in_no_delta(self, events: list[Any]) -> None:
        call = {"type": "function_call", "call_id": "c", "name": "f"}

        found = parse(
            CREATED,
            added(0, type="message"),
            added(1, **call, arguments=""),
            *events,
            done(0, type="message", content=[{"type": "output_text", "text": "Hi"}]),
            done(1, **call, arguments='{"a":1}'),
            completed(),
        )

        texts = [d.text for d in found if isinstance(d, wire.TextDelta)]
        arguments = [d.arguments for d in found if isinstance(d, wire.ToolCallDelta)]
        assert (texts, arguments) == (["Hi"], ['{"a":1}'])

    def test_takes_everything_from_the_last_event_when_nothing_came_before(self) -> None:
        output = [
            {"type": "reasoning", "summary": [{"text": "hm"}]},
            {"type": "message", "content": [{"type": "output_text", "text": "Hi"}]},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
        ]

        found = parse(completed(id="resp_1", model="m", created_at=17, output=output))

        assert found[0] == START
        assert collect(found).choices[0].parts == (
            wire.ReasoningPart(text="hm", origin="openai_responses"),
            wire.TextPart(text="Hi"),
            wire.ToolCallPart(id="c", name="f"),
        )

    def test_closes_what_the_provider_left_open(self) -> None:
        found = parse(
            CREATED,
            added(0, type="function_call", call_id="c", name="f"),
            delta("function_call_arguments", 0, '{"a"'),
            {
                "type": "response.incomplete",
                "response": {
                    "status": "incomplete",
                    "incomplete_details": {"reason": "max_output_tokens"},
                },
            },
        )

        assert found[-2:] == [wire.ToolCallEnd(index=0), wire.Finish(reason=FinishReason.LENGTH)]

    def test_passes_over_unknown_events_whatever_their_shape(self) -> None:
        found = parse(
            CREATED,
            {"type": "response.web_search_call.searching", "item_id": "ws_1"},
            {"type": "response.shell_call_output.delta", "delta": {"stdout": "x"}},
            added(0, type="custom_tool_call", call_id="c", name="sql", input=""),
            {"type": "response.custom_tool_call_input.delta", "output_index": 0, "delta": "S"},
            done(0, type="custom_tool_call", call_id="c", name="sql", input="S"),
            completed(output=[{"type": "custom_tool_call"}]),
        )

        assert found == [START, wire.Finish(reason=FinishReason.TOOL_CALLS)]

    def test_passes_over_comments_and_the_end_mark_of_chat(self) -> None:
        parser = ReplyParser()

        assert parser.feed(Event(b": hi\n\n", None)) == ()
        assert parser.feed(Event(b"data: [DONE]\n\n", b"[DONE]")) == ()

    @pytest.mark.parametrize("data", [b"{", b"[]", b'{"type":"response.created","response":5}'])
    def test_calls_nonsense_unreadable(self, data: bytes) -> None:
        with pytest.raises(errors.ProviderProtocolError):
            ReplyParser().feed(Event(data, data))

    @pytest.mark.parametrize(
        "event",
        [
            {
                "type": "response.failed",
                "response": {
                    "status": "failed",
                    "error": {"code": "rate_limit_exceeded", "message": "Slow down."},
                },
            },
            {"type": "error", "code": "rate_limit_exceeded", "message": "Slow down."},
            {"type": "error", "error": {"code": "rate_limit_exceeded", "message": "Slow down."}},
        ],
    )
    def test_tells_of_a_failure(self, event: dict[str, Any]) -> None:
        found = parse(CREATED, event)

        (failure,) = found[1:]
        assert isinstance(failure, wire.StreamFailure)
        assert isinstance(failure.error, errors.ProviderRateLimitError)
        assert failure.error.message == "Slow down."

    def test_counts_what_a_failed_response_used(self) -> None:
        usage = {"input_tokens": 3, "output_tokens": 2}
        failed = {"type": "response.failed", "response": {"status": "failed", "usage": usage}}

        found = parse(CREATED, failed)

        assert found[1] == wire.UsageReport(usage=wire.Usage(input_tokens=3, output_tokens=2))
        assert isinstance(found[2], wire.StreamFailure)

    def test_tells_of_a_stream_that_breaks_off(self) -> None:
        found = parse(CREATED, delta("output_text", 0, "Hel"))

        assert isinstance(found[-1], wire.StreamFailure)
        assert isinstance(found[-1].error, errors.ProviderConnectionError)

    def test_hears_nothing_after_the_end(self) -> None:
        assert parse(completed(), delta("output_text", 0, "more"))[-1] == wire.Finish(
            reason=FinishReason.STOP
        )
