"""Server-sent events as one JSON array."""

import itertools
import json
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.gateway.framing import as_array

VALUES = [{"text": "a"}, {"text": "ä\n[,]"}, {"error": {"code": 500}}]
EVENTS = b"".join(
    b"data: " + json.dumps(v, ensure_ascii=False).encode() + b"\r\n\r\n" for v in VALUES
)


class Source:
    """A stream in pieces that notes when it is closed."""

    def __init__(self, *pieces: bytes) -> None:
        self.is_closed = False
        self.events = self._run(pieces)

    async def _run(self, pieces: tuple[bytes, ...]) -> AsyncIterator[bytes]:
        try:
            for piece in pieces:
                yield piece
        finally:
            self.is_closed = True


async def framed(*pieces: bytes) -> bytes:
    return b"".join([piece async for piece in as_array(Source(*pieces).events)])


class TestAsArray:
    @given(st.lists(st.integers(0, len(EVENTS)), max_size=10).map(sorted))
    async def test_is_one_array_however_the_events_are_cut(self, places: list[int]) -> None:
        edges = [0, *places, len(EVENTS)]
        pieces = [EVENTS[a:b] for a, b in itertools.pairwise(edges)]

        assert json.loads(await framed(*pieces)) == VALUES

    async def test_nothing_is_an_empty_array(self) -> None:
        assert await framed() == b"[]"

    async def test_comments_are_no_elements(self) -> None:
        assert json.loads(await framed(b": wait\n\n", EVENTS, b": wait\n\n")) == VALUES

    async def test_a_last_event_without_its_blank_line_counts(self) -> None:
        assert json.loads(await framed(EVENTS.rstrip())) == VALUES

    async def test_an_element_comes_as_soon_as_its_event(self) -> None:
        source = Source(b'data: {"a": 1}\n\n', b'data: {"b": 2}\n\n')
        array = as_array(source.events)

        assert await anext(array) == b'[{"a": 1}'
        assert await anext(array) == b',\r\n{"b": 2}'

    @pytest.mark.parametrize("taken", [1, 2])
    async def test_a_reader_who_leaves_closes_the_stream(self, taken: int) -> None:
        source = Source(b"data: 1\n\n", b"data: 2\n\n", b"data: 3\n\n")
        array = as_array(source.events)

        for _ in range(taken):
            await anext(array)
        await array.aclose()  # type: ignore[attr-defined]

        assert source.is_closed
