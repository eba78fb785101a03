from typing import Any

import pytest

from apps.providers import wire
from apps.providers.collect import collect
from apps.providers.dialects.anthropic_messages.parser import MessagesParser
from apps.providers.errors import (
    ProviderConnectionError,
    ProviderOverloadedError,
    ProviderProtocolError,
)
from apps.providers.sse import Event
from apps.providers.wire import FinishReason
from tests.providers.dialects.anthropic_messages.examples import an_event, parsed

START = an_event(
    type="message_start",
    message={"id": "msg_1", "model": "m", "usage": {"input_tokens": 4, "output_tokens": 1}},
)
PING = an_event(type="ping")
STOP = an_event(type="message_stop")


def begin(index: int, **block: Any) -> Event:
    return an_event(type="content_block_start", index=index, content_block=block)


def grow(index: int, **delta: Any) -> Event:
    return an_event(type="content_block_delta", index=index, delta=delta)


def end(index: int) -> Event:
    return an_event(type="content_block_stop", index=index)


def finish(reason: str | None = "end_turn", usage: Any = None, **delta: Any) -> Event:
    return an_event(type="message_delta", delta={"stop_reason": reason, **delta}, usage=usage)


class TestFeed:
    def test_tells_a_text(self) -> None:
        deltas = parsed(
            START,
            begin(0, type="text", text=""),
            PING,
            grow(0, type="text_delta", text="Hel"),
            PING,
            grow(0, type="text_delta", text="lo"),
            end(0),
            finish(usage={"output_tokens": 5}),
            STOP,
        )

        assert deltas == [
            wire.StreamStart(id="msg_1", model="m"),
            wire.UsageReport(usage=wire.Usage(input_tokens=4, output_tokens=1)),
            wire.TextDelta(text="Hel"),
            wire.TextDelta(text="lo"),
            wire.UsageReport(usage=wire.Usage(input_tokens=4, output_tokens=5)),
            wire.Finish(reason=FinishReason.STOP),
        ]

    def test_takes_the_last_word_on_usage(self) -> None:
        deltas = parsed(
            START,
            finish(usage={"input_tokens": 61, "cache_read_input_tokens": 9, "output_tokens": 2}),
            finish(None, usage={"output_tokens": 3}),
            STOP,
        )

        assert collect(deltas).usage == wire.Usage(
            input_tokens=70, output_tokens=3, cache_read_tokens=9
        )

    def test_tells_calls_in_the_order_of_their_blocks(self) -> None:
        deltas = parsed(
            START,
            begin(0, type="text", text="So: "),
            end(0),
            begin(1, type="tool_use", id="t1", name="f", input={}),
            grow(1, type="input_json_delta", partial_json=""),
            grow(1, type="input_json_delta", partial_json='{"a"'),
            grow(1, type="input_json_delta", partial_json=":1}"),
            end(1),
            begin(2, type="tool_use", id="t2", name="g", input={}),
            end(2),
            finish("tool_use"),
            STOP,
        )

        assert deltas[2:] == [
            wire.TextDelta(text="So: "),
            wire.ToolCallStart(index=0, id="t1", name="f"),
            wire.ToolCallDelta(index=0, arguments='{"a"'),
            wire.ToolCallDelta(index=0, arguments=":1}"),
            wire.ToolCallEnd(index=0),
            wire.ToolCallStart(index=1, id="t2", name="g"),
            wire.ToolCallDelta(index=1, arguments="{}"),
            wire.ToolCallEnd(index=1),
            wire.Finish(reason=FinishReason.TOOL_CALLS),
        ]

    def test_takes_arguments_that_came_with_the_start(self) -> None:
        deltas = parsed(
            START,
            begin(0, type="tool_use", id="t", name="f", input={"a": 1}),
            end(0),
            finish("tool_use"),
            STOP,
        )

        assert collect(deltas).choices[0].parts == (
            wire.ToolCallPart(id="t", name="f", arguments='{"a":1}'),
        )

    def test_tells_thoughts_with_their_signature(self) -> None:
        deltas = parsed(
            START,
            begin(0, type="thinking", thinking="", signature=""),
            grow(0, type="thinking_delta", thinking="hm"),
            grow(0, type="signature_delta", signature="s"),
            end(0),
            begin(1, type="redacted_thinking", data="d"),
            end(1),
            begin(2, type="thinking", thinking="", signature=""),
            end(2),
            finish(),
            STOP,
        )

        origin = "anthropic_messages"
        assert deltas[2:-1] == [
            wire.ReasoningDelta(text="hm"),
            wire.ReasoningEnd(signature="s", origin=origin),
            wire.ReasoningEnd(signature="d", origin=origin, redacted=True),
            wire.ReasoningEnd(),
        ]

    def test_says_which_stop_sequence_was_hit(self) -> None:
        deltas = parsed(START, finish("stop_sequence", stop_sequence="END"), STOP)

        assert deltas[-1] == wire.Finish(reason=FinishReason.STOP_SEQUENCE, stop_sequence="END")

    def test_passes_over_what_it_does_not_know(self) -> None:
        deltas = parsed(
            START,
            an_event(type="of_tomorrow", delta={"type": "x"}),
            begin(0, type="server_tool_use", id="s", name="web_search", input={}),
            grow(0, type="input_json_delta", partial_json='{"q":1}'),
            end(0),
            begin(1, type="web_search_tool_result", content=[]),
            end(1),
            begin(2, type="text", text=""),
            grow(2, type="citations_delta", citation={"type": "page_location"}),
            grow(2, type="text_delta", text="a"),
            grow(9, type="input_json_delta", partial_json="{"),
            grow(9, type="signature_delta", signature="s"),
            an_event(type="content_block_delta", index=2),
            end(2),
            end(9),
            finish(),
            STOP,
        )

        assert deltas[2:] == [wire.TextDelta(text="a"), wire.Finish(reason=FinishReason.STOP)]

    @pytest.mark.parametrize("data", [None, b"", b"  ", b"[DONE]"])
    def test_passes_over_events_without_data(self, data: bytes | None) -> None:
        assert MessagesParser().feed(Event(b"", data)) == ()

    @pytest.mark.parametrize("data", [b"{", b"[]", b'{"index":"x"}', b"\xff", b"[" * 100_000])
    def test_raises_for_what_cannot_be_read(self, data: bytes) -> None:
        with pytest.raises(ProviderProtocolError):
            MessagesParser().feed(Event(b"", data))

    def test_takes_nulls_and_gaps(self) -> None:
        deltas = parsed(
            an_event(type="message_start", message=None),
            an_event(type="content_block_start", content_block=None),
            an_event(type="message_delta", delta=None, usage=None),
            STOP,
        )

        assert deltas == [
            wire.StreamStart(id="", model=""),
            wire.Finish(reason=FinishReason.OTHER),
        ]

    def test_closes_what_was_left_open(self) -> None:
        deltas = parsed(
            START, begin(0, type="tool_use", id="t", name="f"), finish("max_tokens"), STOP
        )

        assert wire.ToolCallEnd(index=0) in deltas

    def test_starts_once(self) -> None:
        deltas = parsed(START, START, finish(), STOP)

        assert sum(isinstance(delta, wire.StreamStart) for delta in deltas) == 1


class TestFailure:
    def test_comes_with_the_error_of_the_provider(self) -> None:
        error = {"type": "overloaded_error", "message": "Overloaded"}

        deltas = parsed(START, an_event(type="error", error=error))

        assert isinstance(deltas[-1], wire.StreamFailure)
        assert isinstance(deltas[-1].error, ProviderOverloadedError)
        assert deltas[-1].error.message == "Overloaded"
        assert sum(isinstance(delta, wire.StreamFailure) for delta in deltas) == 1

    def test_is_told_when_the_bytes_end_early(self) -> None:
        deltas = parsed(START, begin(0, type="text", text="Hel"))

        assert isinstance(deltas[-1], wire.StreamFailure)
        assert isinstance(deltas[-1].error, ProviderConnectionError)

    def test_is_not_told_when_only_the_last_event_is_missing(self) -> None:
        deltas = parsed(START, finish())

        assert deltas[-1] == wire.Finish(reason=FinishReason.STOP)

    def test_is_told_once(self) -> None:
        parser = MessagesParser()

        assert len(parser.close()) == 1
        assert parser.close() == ()
