"""A stream on its way to the caller: same bytes however it is cut, and books that always close."""

import itertools
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import InvalidInputError
from apps.inference.call import Attempt, Call
from apps.inference.relay import (
    Books,
    StreamCutError,
    events_of_array,
    stream_answer,
    with_first,
)
from apps.inference.translation import Translation, Translator
from apps.providers import wire
from apps.providers.dialects import DIALECTS
from apps.providers.errors import ProviderConnectionError, ProviderProtocolError
from tests.inference.calls import CHAT_STREAM, USAGE_EVENT, chunk, make_call, make_target
from tests.inference.factories import NOW

TEXT = "Hello, cäller."
cuts = st.lists(st.integers(0, len(CHAT_STREAM)), max_size=12).map(sorted)


def split(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *places, len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


class Turn:
    """One stream with everything that it needs, and what became of it."""

    def __init__(self, dialect: str = "openai_chat", provider: str = "openai_chat", **fields: Any):
        self.call: Call = make_call(dialect, stream=True, keep_bytes=10_000, **fields)
        target = make_target(1, provider)
        self.how: Translation = Translator(self.call.incoming, self.call.source, created=7).say_to(
            target
        )
        self.attempt = Attempt(id="att_1", number=1, target=target, started_at=NOW, began=0.0)
        self.released = 0
        self.was_cut = False
        self.settled: list[Books] = []

    def release(self) -> None:
        self.released += 1

    def settle(self, call: Call, attempt: Attempt, books: Books) -> None:
        self.settled.append(books)

    def events(self, *pieces: bytes | BaseException) -> AsyncIterator[bytes]:
        async def chunks() -> AsyncIterator[bytes]:
            for piece in pieces:
                if isinstance(piece, BaseException):
                    raise piece
                yield piece

        return stream_answer(self.call, self.attempt, self.how, chunks(), self.release, self.settle)

    async def read(self, *pieces: bytes | BaseException) -> bytes:
        told = []
        try:
            async for piece in self.events(*pieces):
                told.append(piece)  # noqa: PERF401  what came before a cut counts
        except StreamCutError:
            self.was_cut = True
        return b"".join(told)

    def is_closed(self, state: str) -> bool:
        return (self.released, len(self.settled), self.attempt.state) == (1, 1, state)


class TestRelayed:
    @given(cuts)
    async def test_the_same_bytes_however_they_come(self, places: list[int]) -> None:
        turn = Turn()

        body = await turn.read(*split(CHAT_STREAM, places))

        assert body == CHAT_STREAM.replace(USAGE_EVENT, b"")
        assert turn.is_closed("done")
        assert turn.settled[0].usage == wire.Usage(input_tokens=10, output_tokens=5)
        assert "".join(turn.settled[0].said) == TEXT
        assert turn.attempt.facts.finish == "stop"

    async def test_usage_is_shown_to_a_caller_who_asked(self) -> None:
        body = {"messages": [], "stream_options": {"include_usage": True}}
        turn = Turn(body=body)

        assert await turn.read(CHAT_STREAM) == CHAT_STREAM
        assert turn.settled[0].usage is not None

    @given(cuts)
    async def test_unknown_events_and_comments_pass(self, places: list[int]) -> None:
        odd = b': keep-alive\r\n\r\nevent: new\r\ndata: {"x": 1}\r\nid: 5\r\n\r\n' + CHAT_STREAM
        turn = Turn(body={"messages": [], "stream_options": {"include_usage": True}})

        assert await turn.read(*split(odd, [p for p in places if p < len(odd)])) == odd

    async def test_a_parser_that_stumbles_breaks_no_stream(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def stumble(*_: Any) -> None:
            raise KeyError("flaw")

        monkeypatch.setattr(Books, "take", stumble)
        turn = Turn()

        with caplog.at_level(logging.CRITICAL):
            body = await turn.read(CHAT_STREAM)

        assert TEXT.split(",")[0].encode() in body
        assert turn.is_closed("done")

    async def test_the_providers_own_error_event_passes_once(self) -> None:
        event = b'data: {"error": {"message": "overloaded", "type": "server_error"}}\n\n'
        turn = Turn()

        body = await turn.read(CHAT_STREAM[:400] + b"\n\n", event)

        assert body.count(b'"error"') == 1
        assert turn.is_closed("failed")
        assert turn.settled[0].failure is not None


class TestRendered:
    @pytest.mark.parametrize("dialect", [d for d in DIALECTS if d != "openai_chat"])
    async def test_every_dialect_says_the_same_words(self, dialect: str) -> None:
        turn = Turn(dialect)

        body = await turn.read(CHAT_STREAM)

        words = json.dumps(TEXT.split(", ")[1])[1:-1]
        assert TEXT.split(", ")[1].encode() in body or words.encode() in body
        assert turn.is_closed("done")

    @given(cuts)
    async def test_the_same_bytes_however_they_come(self, places: list[int]) -> None:
        whole = await Turn("anthropic_messages").read(CHAT_STREAM)

        cut = await Turn("anthropic_messages").read(*split(CHAT_STREAM, places))

        assert cut == whole

    async def test_a_start_without_a_time_gets_the_calls_own(self) -> None:
        event = (
            b'data: {"candidates": [{"content": {"parts": [{"text": "Hi"}]},'
            b' "finishReason": "STOP"}], "responseId": "r"}\n\n'
        )
        turn = Turn("openai_chat", "gemini_generate")

        body = await turn.read(event)

        assert f'"created":{int(NOW.timestamp())}'.encode() in body.replace(b" ", b"")


ERRORS = {
    "openai_chat": b'"error"',
    "openai_responses": b"event: response.failed",
    "anthropic_messages": b"event: error",
    "gemini_generate": b'"error"',
    "azure_inference": b'"error"',
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("provider", ["openai_chat", "same"])
class TestFailures:
    async def test_a_cut_ends_in_the_dialects_own_error_event(
        self, dialect: str, provider: str
    ) -> None:
        turn = Turn(dialect, dialect if provider == "same" else provider)
        begun = (chunk({"role": "assistant", "content": "Hi"}),) if provider != "same" else ()

        body = await turn.read(*begun, ProviderConnectionError("The provider closed."))

        marker = ERRORS[dialect]
        if dialect == "openai_responses" and provider == "same":
            marker = b"error"
        assert marker in body
        assert b"The provider closed." in body
        assert turn.is_closed("failed")
        assert turn.was_cut is (dialect == "azure_inference")

    async def test_a_flaw_of_our_own_does_too(
        self, dialect: str, provider: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        turn = Turn(dialect, dialect if provider == "same" else provider)

        with caplog.at_level(logging.CRITICAL):
            body = await turn.read(RuntimeError("flaw"))

        assert b"error" in body
        assert b"flaw" not in body
        assert turn.is_closed("failed")


class TestEnds:
    @pytest.mark.parametrize("taken", [1, 2, 3])
    async def test_a_caller_who_leaves(self, taken: int) -> None:
        turn = Turn()
        events = turn.events(*CHAT_STREAM.splitlines(keepends=True))

        for _ in range(taken):
            await anext(events)
        await events.aclose()  # type: ignore[attr-defined]

        assert turn.is_closed("cancelled")

    async def test_an_event_that_is_too_large(self) -> None:
        turn = Turn()

        body = await turn.read(CHAT_STREAM[:400], b"x" * (9 * 1024 * 1024))

        assert b'"error"' in body
        assert turn.is_closed("failed")
        assert isinstance(turn.settled[0].failure, ProviderProtocolError)

    async def test_an_error_that_is_no_providers(self) -> None:
        turn = Turn("anthropic_messages")

        body = await turn.read(InvalidInputError("cannot be said"))

        assert b"cannot be said" in body
        assert turn.is_closed("failed")

    async def test_nothing_is_read_ahead_of_the_caller(self) -> None:
        turn = Turn()
        asked = []

        async def chunks() -> AsyncIterator[bytes]:
            for n in range(10):
                asked.append(n)
                yield chunk({"content": str(n)})

        events = stream_answer(
            turn.call, turn.attempt, turn.how, chunks(), turn.release, turn.settle
        )
        await anext(events)
        await anext(events)
        await events.aclose()  # type: ignore[attr-defined]

        assert asked == [0, 1]

    async def test_what_was_said_is_kept_for_the_record(self) -> None:
        turn = Turn()

        body = await turn.read(CHAT_STREAM)

        assert b"".join(turn.call.kept) == body


class TestBooks:
    def test_notes_what_was_told(self) -> None:
        books = Books()
        for delta in (
            wire.StreamStart(id="r1", model="m"),
            wire.ReasoningDelta(text="a"),
            wire.TextDelta(text="b"),
            wire.RefusalDelta(text="c"),
            wire.ToolCallDelta(index=0, arguments="d"),
            wire.UsageReport(usage=wire.Usage(output_tokens=1)),
            wire.UsageReport(usage=wire.Usage(output_tokens=2)),
            wire.Finish(reason=wire.FinishReason.LENGTH),
        ):
            books.take(delta)

        facts = books.facts()
        assert "".join(books.said) == "abcd"
        assert (facts.id, facts.model, facts.finish) == ("r1", "m", "length")
        assert facts.usage == wire.Usage(output_tokens=2)


class TestEventsOfArray:
    async def test_gives_an_event_for_each_element(self) -> None:
        events = [e async for e in events_of_array(b'[{"a": 1},\n {"b": "\xc3\xa4"}]')]

        assert events == [b'data: {"a":1}\n\n', 'data: {"b":"ä"}\n\n'.encode()]

    @pytest.mark.parametrize("body", [b"[1", b"{}", b"\xff"])
    async def test_refuses_what_is_no_array(self, body: bytes) -> None:
        with pytest.raises(ProviderProtocolError):
            [e async for e in events_of_array(body)]


class TestWithFirst:
    async def test_gives_all_in_order(self) -> None:
        async def rest() -> AsyncIterator[bytes]:
            yield b"2"
            yield b"3"

        assert [c async for c in with_first(b"1", rest())] == [b"1", b"2", b"3"]
