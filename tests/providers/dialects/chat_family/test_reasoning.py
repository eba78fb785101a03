from hypothesis import given
from hypothesis import strategies as st

from apps.providers import wire
from apps.providers.dialects.chat_family.reasoning import read_thoughts, write_thoughts
from tests.providers.dialects.chat_family.strategies import signed, texts

NAME = "openai_chat"
thoughts = st.builds(wire.ReasoningPart, text=texts, redacted=st.booleans())


class TestReadThoughts:
    def test_reads_the_text_under_either_name(self) -> None:
        for field in ("reasoning_content", "reasoning"):
            assert read_thoughts({field: "hm"}, dialect=NAME) == [wire.ReasoningPart(text="hm")]

    def test_finds_none_in_nulls(self) -> None:
        fields = {"reasoning": None, "reasoning_content": "", "reasoning_details": None}

        assert read_thoughts(fields, dialect=NAME) == []

    def test_takes_unsigned_details_as_their_text(self) -> None:
        details = [{"type": "reasoning.text", "text": "a"}, {"type": "reasoning.summary"}, 7]

        assert read_thoughts({"reasoning_details": details}, dialect=NAME) == [
            wire.ReasoningPart(text="a")
        ]

    def test_reads_signed_and_encrypted_details(self) -> None:
        details = [
            {"type": "reasoning.text", "text": "a", "signature": "s"},
            {"type": "reasoning.encrypted", "data": "d", "id": "rs_1"},
        ]

        assert read_thoughts({"reasoning": "a", "reasoning_details": details}, dialect=NAME) == [
            wire.ReasoningPart(text="a", signature="s", origin=NAME),
            wire.ReasoningPart(signature="d", origin=NAME, redacted=True, id="rs_1"),
        ]

    def test_gives_the_plain_text_to_a_detail_that_came_without(self) -> None:
        fields = {
            "reasoning_content": "text",
            "reasoning_details": [{"type": "reasoning.text", "signature": "s"}],
        }

        assert read_thoughts(fields, dialect=NAME) == [
            wire.ReasoningPart(text="text", signature="s", origin=NAME)
        ]

    def test_keeps_plain_text_beside_encrypted_details(self) -> None:
        fields = {
            "reasoning": "text",
            "reasoning_details": [{"type": "reasoning.encrypted", "data": "d"}],
        }

        assert read_thoughts(fields, dialect=NAME) == [
            wire.ReasoningPart(text="text"),
            wire.ReasoningPart(signature="d", origin=NAME, redacted=True),
        ]

    def test_reads_the_signature_of_geminis_compatible_surface(self) -> None:
        fields = {"extra_content": {"google": {"thought_signature": "g"}}}

        assert read_thoughts(fields, dialect=NAME) == [
            wire.ReasoningPart(signature="g", origin=NAME)
        ]


class TestWriteThoughts:
    def test_shows_the_text_alone_when_nothing_is_signed(self) -> None:
        parts = [wire.ReasoningPart(text="a"), wire.ReasoningPart(text="b")]

        assert write_thoughts(parts, dialect=NAME) == {"reasoning_content": "ab"}

    def test_seals_the_signatures_of_others(self) -> None:
        part = wire.ReasoningPart(text="a", signature="s", origin="anthropic_messages")

        detail = write_thoughts([part], dialect=NAME)["reasoning_details"][0]

        assert detail["signature"] != "s"
        assert "anthropic_messages" in detail["signature"]

    @given(st.lists(signed(thoughts, NAME), max_size=3))
    def test_is_read_back(self, parts: list[wire.ReasoningPart]) -> None:
        assert read_thoughts(write_thoughts(parts, dialect=NAME), dialect=NAME) == parts
