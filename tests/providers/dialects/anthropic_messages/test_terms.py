import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.providers import wire
from apps.providers.dialects.anthropic_messages import terms
from apps.providers.dialects.anthropic_messages.terms import NO_JSON, WireUsage
from apps.providers.wire import FinishReason


class TestReadFinish:
    @pytest.mark.parametrize(
        ("stop_reason", "finish"),
        [
            ("end_turn", FinishReason.STOP),
            ("max_tokens", FinishReason.LENGTH),
            ("stop_sequence", FinishReason.STOP_SEQUENCE),
            ("tool_use", FinishReason.TOOL_CALLS),
            ("pause_turn", FinishReason.PAUSE),
            ("refusal", FinishReason.CONTENT_FILTER),
            ("model_context_window_exceeded", FinishReason.CONTEXT_WINDOW),
            ("of_tomorrow", FinishReason.OTHER),
            (None, FinishReason.OTHER),
        ],
    )
    def test_knows_every_reason_and_calls_others_other(
        self, stop_reason: str | None, finish: FinishReason
    ) -> None:
        assert terms.read_finish(stop_reason) is finish


class TestStopReasonOf:
    @pytest.mark.parametrize("finish", list(FinishReason))
    def test_gives_a_reason_of_the_dialect_for_every_finish(self, finish: FinishReason) -> None:
        assert terms.stop_reason_of(finish, called=False, refused=False) in terms.FINISH_REASONS

    def test_says_tool_use_when_a_forced_call_ended_with_stop(self) -> None:
        assert terms.stop_reason_of(FinishReason.STOP, called=True, refused=False) == "tool_use"

    def test_says_refusal_when_the_model_declined_in_words(self) -> None:
        assert terms.stop_reason_of(FinishReason.STOP, called=False, refused=True) == "refusal"

    def test_keeps_the_length_of_a_cut_off_call(self) -> None:
        assert terms.stop_reason_of(FinishReason.LENGTH, called=True, refused=False) == "max_tokens"


class TestUsage:
    def test_counts_the_cache_as_input(self) -> None:
        usage = WireUsage(
            input_tokens=4,
            output_tokens=7,
            cache_creation_input_tokens=1165,
            cache_read_input_tokens=20,
        )

        assert terms.read_usage(usage) == wire.Usage(
            input_tokens=1189, output_tokens=7, cache_read_tokens=20, cache_write_tokens=1165
        )

    def test_adds_up_cache_writes_that_come_by_lifetime_only(self) -> None:
        made = terms.CacheCreation(ephemeral_5m_input_tokens=3, ephemeral_1h_input_tokens=4)

        usage = terms.read_usage(WireUsage(input_tokens=1, cache_creation=made))

        assert (usage.input_tokens, usage.cache_write_tokens) == (8, 7)

    def test_takes_missing_counts_as_none(self) -> None:
        assert terms.read_usage(WireUsage()) == wire.Usage()

    def test_keeps_earlier_counts_that_a_later_event_omits(self) -> None:
        first = WireUsage(input_tokens=4, cache_read_input_tokens=9, output_tokens=1)

        merged = first.merged(WireUsage(output_tokens=200))

        assert merged == WireUsage(input_tokens=4, cache_read_input_tokens=9, output_tokens=200)

    @given(
        fresh=st.integers(0, 10**6),
        read=st.integers(0, 10**6),
        write=st.integers(0, 10**6),
        output=st.integers(0, 10**6),
        share=st.floats(0, 1),
    )
    def test_survives_the_way_out_and_back(
        self, fresh: int, read: int, write: int, output: int, share: float
    ) -> None:
        usage = wire.Usage(
            input_tokens=fresh + read + write,
            output_tokens=output,
            cache_read_tokens=read,
            cache_write_tokens=write,
            reasoning_tokens=int(output * share),
        )

        shown = msgspec.convert(terms.write_usage(usage), WireUsage)

        assert shown.input_tokens == fresh
        assert terms.read_usage(shown) == usage

    def test_never_shows_negative_input(self) -> None:
        usage = wire.Usage(input_tokens=5, cache_read_tokens=9)

        assert terms.write_usage(usage)["input_tokens"] == 0


class TestArguments:
    def test_keeps_the_spelling_of_an_object(self) -> None:
        text = '{"b": 1.0,  "a": [1e2]}'

        assert bytes(terms.arguments_object(text)) == text.encode()

    @pytest.mark.parametrize("text", ["", "{}"])
    def test_makes_an_empty_object_of_nothing(self, text: str) -> None:
        assert bytes(terms.arguments_object(text)) == b"{}"

    @pytest.mark.parametrize("text", ['{"a": ', "[1]", '"text"', "null", "NaN", "[" * 5000])
    def test_wraps_what_is_no_object_and_unwraps_it_again(self, text: str) -> None:
        wrapped = terms.arguments_object(text)

        assert msgspec.json.decode(wrapped) == {"_raw": text}
        assert terms.arguments_text(wrapped) == text

    @pytest.mark.parametrize("value", [b"", b"null", b"{}"])
    def test_reads_an_absent_input_as_an_empty_object(self, value: bytes) -> None:
        assert terms.arguments_text(msgspec.Raw(value)) == "{}"
        assert terms.arguments_text(NO_JSON) == "{}"

    @pytest.mark.parametrize("text", ['{"_raw": 1}', '{"_raw": "x", "more": 1}', '{"a": "_raw"}'])
    def test_leaves_alone_what_only_resembles_a_wrapping(self, text: str) -> None:
        assert terms.arguments_text(msgspec.Raw(text.encode())) == text


class TestToolId:
    def test_keeps_an_id_that_the_service_accepts(self) -> None:
        assert terms.tool_id("call_Ab-9") == "call_Ab-9"

    @given(given=st.text(max_size=80))
    def test_gives_an_accepted_id_for_any_other_and_always_the_same(self, given: str) -> None:
        shown = terms.tool_id(given)

        assert shown
        assert set(shown) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
        assert terms.tool_id(given) == shown

    def test_keeps_different_ids_apart(self) -> None:
        assert terms.tool_id("a.b") != terms.tool_id("a:b")


class TestMessageId:
    @pytest.mark.parametrize(
        ("given", "shown"), [("msg_1", "msg_1"), ("chatcmpl-1", "msg_chatcmpl-1")]
    )
    def test_has_the_form_of_the_dialect(self, given: str, shown: str) -> None:
        assert terms.message_id(given) == shown

    def test_is_never_empty(self) -> None:
        assert terms.message_id("").startswith("msg_")
