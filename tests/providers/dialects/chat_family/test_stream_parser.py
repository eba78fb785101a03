import json
from typing import Any

import pytest

from apps.providers import wire
from apps.providers.collect import collect
from apps.providers.dialects.chat_family.stream_parser import ChatStreamParser
from apps.providers.errors import (
    ProviderConnectionError,
    ProviderOverloadedError,
    ProviderProtocolError,
)
from apps.providers.sse import Event
from apps.providers.wire import FinishReason

NAME = "openai_chat"


def event(data: Any) -> Event:
    text = data if isinstance(data, bytes) else json.dumps(data).encode()
    return Event(raw=b"", data=text)


def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "model": "m", "created": 5, "choices": [choice], **more}


def calls(*fragments: dict[str, Any]) -> dict[str, Any]:
    return chunk({"tool_calls": list(fragments)})


def parse(*chunks: Any) -> list[wire.ChatDelta]:
    parser = ChatStreamParser(dialect=NAME)
    deltas: list[wire.ChatDelta] = []
    for data in chunks:
        deltas += parser.feed(event(data))
    return [*deltas, *parser.close()]


def parts(*chunks: Any) -> tuple[wire.Part, ...]:
    return collect(parse(*chunks, b"[DONE]")).choices[0].parts


class TestStart:
    def test_starts_once(self) -> None:
        deltas = parse(chunk({"role": "assistant"}), chunk({"content": "a"}), b"[DONE]")

        assert deltas[0] == wire.StreamStart(id="c1", model="m", created=5)
        assert sum(isinstance(delta, wire.StreamStart) for delta in deltas) == 1

    def test_waits_for_a_chunk_that_says_who_answers(self) -> None:
        filtered = {"choices": [], "created": 0, "id": "", "model": "", "prompt_filter_results": []}

        deltas = parse(filtered, chunk({"content": "a"}, "stop"))

        assert deltas[0] == wire.StreamStart(id="c1", model="m", created=5)


class TestText:
    def test_gives_text_and_the_end(self) -> None:
        assert parse(chunk({"content": "a"}), chunk({}, "stop"), b"[DONE]")[1:] == [
            wire.TextDelta(text="a"),
            wire.Finish(reason=FinishReason.STOP),
        ]

    def test_gives_log_probabilities_with_the_text(self) -> None:
        token = {"token": "a", "logprob": -0.1, "bytes": [97], "top_logprobs": []}
        data = chunk({"content": "a"})
        data["choices"][0]["logprobs"] = {"content": [token], "refusal": None}

        assert parse(data)[1] == wire.TextDelta(
            text="a", logprobs=(wire.TokenLogprob(token="a", logprob=-0.1, bytes=(97,)),)
        )

    def test_reads_refusals(self) -> None:
        deltas = parse(chunk({"refusal": "no"}), chunk({}, "stop"))

        assert deltas[1:] == [
            wire.RefusalDelta(text="no"),
            wire.Finish(reason=FinishReason.REFUSAL),
        ]

    def test_reads_content_in_chunks_of_several_kinds(self) -> None:
        content = [
            {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
            {"type": "text", "text": "so"},
        ]

        assert parts(chunk({"content": content}, "stop")) == (
            wire.ReasoningPart(text="hm"),
            wire.TextPart(text="so"),
        )


class TestThoughts:
    @pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
    def test_end_where_the_answer_begins(self, field: str) -> None:
        deltas = parse(chunk({field: "hm", "content": ""}), chunk({"content": "a"}, "stop"))

        assert deltas[1:4] == [
            wire.ReasoningDelta(text="hm"),
            wire.ReasoningEnd(),
            wire.TextDelta(text="a"),
        ]

    def test_end_where_the_choice_ends(self) -> None:
        assert parse(chunk({"reasoning": "hm"}, "length"))[-2:] == [
            wire.ReasoningEnd(),
            wire.Finish(reason=FinishReason.LENGTH),
        ]

    def test_are_not_told_twice_when_details_repeat_them(self) -> None:
        details = [{"type": "reasoning.text", "text": "hm"}]
        signed = [{"type": "reasoning.text", "signature": "s"}]

        assert parts(
            chunk({"reasoning": "hm", "reasoning_details": details}),
            chunk({"reasoning_details": signed}),
            chunk({"content": "a"}, "stop"),
        ) == (
            wire.ReasoningPart(text="hm", signature="s", origin=NAME),
            wire.TextPart(text="a"),
        )

    def test_are_taken_from_details_alone(self) -> None:
        details = [
            {"type": "reasoning.summary", "summary": "hm"},
            {"type": "reasoning.encrypted", "data": "d"},
        ]

        assert parts(chunk({"reasoning_details": details}, "stop")) == (
            wire.ReasoningPart(text="hm"),
            wire.ReasoningPart(signature="d", origin=NAME, redacted=True),
        )


class TestToolCalls:
    def test_join_by_index(self) -> None:
        deltas = parse(
            calls({"index": 0, "id": "a", "type": "function", "function": {"name": "f"}}),
            calls({"index": 1, "id": "b", "function": {"name": "g", "arguments": ""}}),
            calls({"index": 0, "function": {"arguments": "{}"}}),
            chunk({}, "tool_calls"),
        )

        assert deltas[1:] == [
            wire.ToolCallStart(index=0, id="a", name="f"),
            wire.ToolCallStart(index=1, id="b", name="g"),
            wire.ToolCallDelta(index=0, arguments="{}"),
            wire.ToolCallEnd(index=0),
            wire.ToolCallEnd(index=1),
            wire.Finish(reason=FinishReason.TOOL_CALLS),
        ]

    def test_join_without_an_index(self) -> None:
        assert parts(
            calls({"id": "a", "function": {"name": "f", "arguments": ""}}),
            calls({"id": "", "function": {"name": "", "arguments": '{"x"'}}),
            calls({"function": {"arguments": ":1}"}}),
            calls({"id": "b", "function": {"name": "f", "arguments": "{}"}}),
            calls({"id": "a", "function": {"arguments": " "}}),
        ) == (
            wire.ToolCallPart(id="a", name="f", arguments='{"x":1} '),
            wire.ToolCallPart(id="b", name="f", arguments="{}"),
        )

    def test_get_ids_of_their_own_where_the_provider_gives_none(self) -> None:
        fragments = [{"function": {"name": "f", "arguments": "{}"}} for _ in range(2)]

        assert parts(calls(*fragments)) == (
            wire.ToolCallPart(id="call_0_f", name="f"),
            wire.ToolCallPart(id="call_1_f", name="f"),
        )

    def test_are_two_when_a_second_one_reuses_the_index(self) -> None:
        assert parts(
            calls({"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}),
            calls({"index": 0, "id": "b", "function": {"name": "f", "arguments": "{}"}}),
        ) == (wire.ToolCallPart(id="a", name="f"), wire.ToolCallPart(id="b", name="f"))

    def test_are_one_when_every_fragment_repeats_id_and_name(self) -> None:
        fragment = {"index": 0, "id": "a", "function": {"name": "f", "arguments": "1"}}

        assert parts(calls(fragment), calls(fragment)) == (
            wire.ToolCallPart(id="a", name="f", arguments="11"),
        )

    def test_wait_for_a_name_that_comes_late(self) -> None:
        assert parts(
            calls({"index": 0, "id": "a", "function": {"arguments": "{"}}),
            calls({"index": 0, "function": {"name": "f", "arguments": "}"}}),
        ) == (wire.ToolCallPart(id="a", name="f", arguments="{}"),)

    def test_start_in_the_end_when_no_name_comes(self) -> None:
        assert parts(calls({"index": 0, "id": "a", "function": {}})) == (
            wire.ToolCallPart(id="a", name=""),
        )

    def test_take_arguments_that_are_an_object(self) -> None:
        fragment = {"index": 0, "id": "a", "function": {"name": "f", "arguments": {"x": 1}}}

        assert parts(calls(fragment)) == (wire.ToolCallPart(id="a", name="f", arguments='{"x":1}'),)

    def test_keep_their_signature(self) -> None:
        extra = {"google": {"thought_signature": "s"}}
        fragment = {"index": 0, "id": "a", "function": {"name": "f"}, "extra_content": extra}

        assert parts(calls(fragment)) == (
            wire.ToolCallPart(id="a", name="f", signature="s", origin=NAME),
        )

    def test_are_read_in_their_old_form(self) -> None:
        deltas = parse(
            chunk({"function_call": {"name": "f", "arguments": ""}}),
            chunk({"function_call": {"arguments": "{}"}}),
            chunk({}, "function_call"),
        )

        assert collect(deltas).choices[0] == wire.Choice(
            parts=(wire.ToolCallPart(id="call_0_f", name="f"),), finish=FinishReason.TOOL_CALLS
        )


class TestUsage:
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}

    def test_comes_alone(self) -> None:
        assert parse(chunk({}, "stop"), {"id": "c1", "choices": [], "usage": self.usage})[-1] == (
            wire.UsageReport(usage=wire.Usage(input_tokens=3, output_tokens=4))
        )

    def test_comes_with_the_last_choice(self) -> None:
        assert parse(chunk({}, "stop", usage=self.usage))[-1] == wire.UsageReport(
            usage=wire.Usage(input_tokens=3, output_tokens=4)
        )

    def test_comes_in_groqs_own_field(self) -> None:
        assert isinstance(
            parse(chunk({}, "stop", x_groq={"usage": self.usage}))[-1], wire.UsageReport
        )


class TestEnd:
    def test_is_quiet_after_done(self) -> None:
        parser = ChatStreamParser(dialect=NAME)
        parser.feed(event(chunk({"content": "a"}, "stop")))

        assert parser.feed(event(b"[DONE]")) == []
        assert parser.feed(event(chunk({"content": "late"}))) == []
        assert parser.close() == []

    def test_finishes_what_the_provider_left_open(self) -> None:
        assert parse(chunk({"content": "a"}), b" [DONE]")[-1] == wire.Finish(
            reason=FinishReason.OTHER
        )

    def test_needs_no_done_when_every_choice_has_ended(self) -> None:
        assert parse(chunk({"content": "a"}, "stop"))[-1] == wire.Finish(reason=FinishReason.STOP)

    def test_fails_when_the_stream_breaks_off(self) -> None:
        for chunks in ([], [chunk({"content": "a"})]):
            last = parse(*chunks)[-1]

            assert isinstance(last, wire.StreamFailure)
            assert isinstance(last.error, ProviderConnectionError)

    def test_fails_with_the_error_that_an_event_holds(self) -> None:
        deltas = parse(
            chunk({"content": "a"}),
            {"error": {"message": "busy", "code": 503}},
            chunk({"content": "b"}),
        )

        assert isinstance(deltas[-1], wire.StreamFailure)
        assert isinstance(deltas[-1].error, ProviderOverloadedError)
        assert len(deltas) == 3

    def test_fails_with_the_error_of_a_choice(self) -> None:
        data = chunk({})
        data["choices"][0]["error"] = {"message": "busy", "code": 503}

        last = parse(data)[-1]

        assert isinstance(last, wire.StreamFailure)
        assert isinstance(last.error, ProviderOverloadedError)

    def test_ends_a_choice_once(self) -> None:
        deltas = parse(chunk({}, "stop"), chunk({"content": ""}, "stop"), b"[DONE]")

        assert sum(isinstance(delta, wire.Finish) for delta in deltas) == 1


class TestTolerance:
    def test_ignores_comments(self) -> None:
        assert ChatStreamParser(dialect=NAME).feed(Event(raw=b": hi\n\n", data=None)) == []

    @pytest.mark.parametrize("data", [b"{", b"[]", b"null", b"\xff"])
    def test_refuses_what_is_no_object(self, data: bytes) -> None:
        with pytest.raises(ProviderProtocolError):
            ChatStreamParser(dialect=NAME).feed(event(data))

    @pytest.mark.parametrize(
        "data",
        [
            {"choices": None},
            {"choices": [None, 1, {}]},
            {"choices": [{"delta": None, "index": "x"}]},
            {"choices": [{"delta": {"content": 7, "tool_calls": {}, "refusal": []}}]},
            {"choices": [{"delta": {"tool_calls": [None, {"function": None}]}}]},
            {"choices": [{"delta": {"reasoning_details": [{"text": 1}], "extra_content": 1}}]},
            {"choices": [{"delta": {}, "logprobs": {"content": None}}], "usage": []},
            {"id": 7, "model": None, "created": "now", "choices": []},
        ],
    )
    def test_takes_odd_shapes_without_a_word(self, data: dict[str, Any]) -> None:
        ChatStreamParser(dialect=NAME).feed(event(data))
