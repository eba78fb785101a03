from hypothesis import given
from hypothesis import strategies as st

from apps.providers.simulator import tokens
from apps.providers.simulator.signatures import is_ours, sign
from apps.providers.simulator.vectors import closeness, vector


class TestTokens:
    @given(st.text())
    def test_join_to_the_text_again(self, text: str) -> None:
        pieces = tokens.tokens(text)

        assert "".join(pieces) == text
        assert tokens.count(text) == len(pieces)
        assert "".join(tokens.fragments(text, 3)) == text

    @given(st.text(), st.integers(0, 20))
    def test_clip_keeps_whole_tokens(self, text: str, limit: int) -> None:
        clipped = tokens.clip(text, limit)

        assert text.startswith(clipped)
        assert tokens.count(clipped) <= limit

    def test_hold_about_four_bytes(self) -> None:
        assert tokens.tokens("abcdefghi") == ["abcd", "efgh", "i"]
        assert tokens.tokens("é🦊aé") == ["é", "🦊", "aé"]


class TestSignatures:
    def test_are_known_to_their_own_dialect_only(self) -> None:
        signature = sign("gemini", "a thought")

        assert is_ours("gemini", signature)
        assert not is_ours("anthropic", signature)
        assert not is_ours("gemini", "something else")
        assert not is_ours("gemini", None)


class TestVector:
    @given(st.text(), st.integers(1, 64))
    def test_has_length_one(self, text: str, size: int) -> None:
        values = vector(text, size)

        assert len(values) == size
        assert abs(sum(value * value for value in values) - 1) < 1e-5

    def test_same_words_are_closest(self) -> None:
        assert closeness("red fox", "Fox, red!") > closeness("red fox", "tax")
