"""The portal's own shapes of a call."""

import msgspec
import pytest

from apps.providers import wire


class TestUsage:
    def test_the_total_is_input_and_output_with_their_parts_inside(self) -> None:
        usage = wire.Usage(
            input_tokens=10,
            output_tokens=5,
            cache_read_tokens=4,
            cache_write_tokens=2,
            reasoning_tokens=3,
        )

        assert usage.total_tokens == 15

    def test_of_nothing_is_nothing(self) -> None:
        assert wire.Usage().total_tokens == 0


class TestShapes:
    def test_are_immutable(self) -> None:
        with pytest.raises(AttributeError):
            wire.Usage().input_tokens = 1  # type: ignore[misc]

    def test_every_part_and_delta_comes_back_from_json_as_itself(self) -> None:
        parts = (
            wire.TextPart(text="a"),
            wire.ImagePart(media=wire.Media(url="https://x/y.png")),
            wire.DocumentPart(media=wire.Media(data="AA==", media_type="text/plain"), name="n"),
            wire.AudioPart(media=wire.Media(data="AA==", media_type="audio/wav")),
            wire.RefusalPart(text="no"),
            wire.ReasoningPart(text="hm", signature="s", origin="gemini_generate"),
            wire.ToolCallPart(id="c1", name="f", arguments='{"x":1}'),
            wire.ToolResultPart(call_id="c1", content=(wire.TextPart(text="1"),), name="f"),
        )
        message = wire.Message(role=wire.Role.ASSISTANT, parts=parts)

        assert msgspec.json.decode(msgspec.json.encode(message), type=wire.Message) == message
