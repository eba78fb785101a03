import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.providers.errors import ProviderProtocolError
from apps.providers.sse import Event, EventParser, encode_event
from tests.providers.recordings import Recording, recorded, split_at

STREAMS = [case for case in recorded() if case.stream]


def parse(*chunks: bytes, **options: int) -> list[Event]:
    parser = EventParser(**options)
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return events + parser.close()


def bytewise(stream: bytes) -> list[Event]:
    return parse(*(stream[index : index + 1] for index in range(len(stream))))


class TestEventParser:
    def test_reads_one_event(self) -> None:
        assert parse(b"data: hello\n\n") == [Event(b"data: hello\n\n", b"hello")]

    def test_reads_several_events_of_one_chunk(self) -> None:
        assert [event.data for event in parse(b"data: a\n\ndata: b\n\n")] == [b"a", b"b"]

    @pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
    def test_takes_every_kind_of_line_end(self, end: bytes) -> None:
        stream = end.join([b"event: e", b"data: a", b"data: b", b"", b"data: c", b"", b""])

        for events in (parse(stream), bytewise(stream)):
            assert [(event.name, event.data) for event in events] == [("e", b"a\nb"), ("", b"c")]
            assert b"".join(event.raw for event in events) == stream

    def test_takes_line_ends_that_are_mixed(self) -> None:
        assert [event.data for event in bytewise(b"data: a\r\n\ndata: b\n\r\ndata: c\r\r")] == [
            b"a",
            b"b",
            b"c",
        ]

    def test_waits_for_the_second_half_of_a_line_end(self) -> None:
        parser = EventParser()

        first = parser.feed(b"data: a\r\n\r")
        second = parser.feed(b"\ndata: b\r\n\r\n")

        assert first == []
        assert [event.raw for event in second] == [b"data: a\r\n\r\n", b"data: b\r\n\r\n"]

    def test_joins_several_data_lines_with_a_line_feed(self) -> None:
        assert parse(b"data: a\ndata:\ndata: b\n\n")[0].data == b"a\n\nb"

    def test_removes_one_blank_after_the_colon_and_no_more(self) -> None:
        assert [event.data for event in parse(b"data:a\n\ndata:  b\n\n")] == [b"a", b" b"]

    def test_gives_a_comment_without_data(self) -> None:
        assert parse(b": keep-alive\n\n") == [Event(b": keep-alive\n\n", None)]

    def test_ignores_comments_and_unknown_fields_beside_data(self) -> None:
        assert parse(b": note\nid: 7\nretry: 10\nnonsense\ndata: a\n\n")[0].data == b"a"

    def test_skips_a_byte_order_mark_at_the_start_alone(self) -> None:
        mark = "\ufeff".encode()

        events = parse(mark + b"data: a\n\n" + mark + b"data: b\n\n")

        assert [event.data for event in events] == [b"a", None]

    def test_gives_a_last_event_without_its_blank_line(self) -> None:
        assert parse(b"data: a\n\ndata: b")[-1].data == b"b"
        assert parse(b"data: a\n")[-1].data == b"a"

    def test_gives_nothing_for_nothing(self) -> None:
        assert parse() == []
        assert parse(b"", b"\n") == []

    def test_joins_a_character_that_was_split(self) -> None:
        assert bytewise("data: grüße 🌍\n\n".encode())[0].data == "grüße 🌍".encode()

    def test_refuses_an_event_without_an_end(self) -> None:
        parser = EventParser(max_event_bytes=10)

        with pytest.raises(ProviderProtocolError):
            parser.feed(b"data: 0123456789")

    def test_takes_long_events_in_tiny_chunks_in_linear_time(self) -> None:
        def cost(size: int) -> float:
            parser = EventParser()
            began = time.process_time()
            for _ in range(size // 16):
                parser.feed(b"0123456789abcdef")
            return time.process_time() - began

        small, large = min(cost(160_000) for _ in range(3)), cost(3_200_000)

        # Twenty times the bytes; quadratic work would cost four hundred times as much.
        assert large < 100 * small

    @given(st.data())
    def test_finds_the_same_events_however_a_stream_is_split(self, data: st.DataObject) -> None:
        line_ends = st.sampled_from([b"\n", b"\r\n", b"\r"])
        line = st.sampled_from([b"data: x", b"data:", b"event: e", b": c", b"", b"id: 1", b"data"])
        lines = data.draw(st.lists(st.tuples(line, line_ends), max_size=12))
        stream = b"".join(text + end for text, end in lines)
        cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))

        assert parse(*split_at(stream, cuts)) == parse(stream)

    @pytest.mark.parametrize("size", [1, 7])
    @pytest.mark.parametrize("case", STREAMS, ids=str)
    def test_finds_the_same_events_in_recorded_streams(self, case: Recording, size: int) -> None:
        stream = case.stream
        whole = parse(stream)

        split = parse(*(stream[at : at + size] for at in range(0, len(stream), size)))

        assert split == whole
        assert b"".join(event.raw for event in whole) == stream


class TestEncodeEvent:
    @given(st.binary().filter(lambda data: b"\n" not in data and b"\r" not in data))
    def test_is_read_back(self, data: bytes) -> None:
        assert parse(encode_event(data))[0].data == data

    def test_names_the_event(self) -> None:
        assert encode_event(b"{}", "ping") == b"event: ping\ndata: {}\n\n"
