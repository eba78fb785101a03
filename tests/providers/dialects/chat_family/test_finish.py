import pytest

from apps.providers.dialects.chat_family.finish import read_finish, write_finish
from apps.providers.wire import FinishReason


class TestReadFinish:
    @pytest.mark.parametrize(
        ("word", "reason"),
        [
            ("stop", FinishReason.STOP),
            ("length", FinishReason.LENGTH),
            ("model_length", FinishReason.CONTEXT_WINDOW),
            ("tool_calls", FinishReason.TOOL_CALLS),
            ("function_call", FinishReason.TOOL_CALLS),
            ("content_filter", FinishReason.CONTENT_FILTER),
            ("insufficient_system_resource", FinishReason.OTHER),
            (None, FinishReason.OTHER),
            (7, FinishReason.OTHER),
        ],
    )
    def test_follows_the_table(self, word: object, reason: FinishReason) -> None:
        assert read_finish(word, called=False, refused=False) is reason

    def test_calls_a_stop_after_a_forced_call_by_its_name(self) -> None:
        assert read_finish("stop", called=True, refused=False) is FinishReason.TOOL_CALLS

    def test_calls_a_stop_after_a_refusal_by_its_name(self) -> None:
        assert read_finish("stop", called=False, refused=True) is FinishReason.REFUSAL

    def test_keeps_another_reason_beside_calls(self) -> None:
        assert read_finish("length", called=True, refused=False) is FinishReason.LENGTH


class TestWriteFinish:
    @pytest.mark.parametrize(
        ("reason", "word"),
        [
            (FinishReason.STOP, "stop"),
            (FinishReason.STOP_SEQUENCE, "stop"),
            (FinishReason.LENGTH, "length"),
            (FinishReason.CONTEXT_WINDOW, "length"),
            (FinishReason.TOOL_CALLS, "tool_calls"),
            (FinishReason.CONTENT_FILTER, "content_filter"),
            (FinishReason.PAUSE, "stop"),
            (FinishReason.MALFORMED_CALL, "stop"),
            (FinishReason.OTHER, "stop"),
        ],
    )
    def test_follows_the_table(self, reason: FinishReason, word: str) -> None:
        assert write_finish(reason, refused=False) == word

    def test_is_stop_for_a_refusal_in_words_and_a_filter_for_one_without(self) -> None:
        assert write_finish(FinishReason.REFUSAL, refused=True) == "stop"
        assert write_finish(FinishReason.REFUSAL, refused=False) == "content_filter"
