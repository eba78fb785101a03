"""The form of API keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.access import keys
from apps.access.errors import MalformedKeyError


class TestMint:
    def test_makes_keys_that_parse(self) -> None:
        minted = keys.mint()

        assert keys.parse(minted.text) == minted
        assert len(minted.text) == keys.LENGTH
        assert minted.text.startswith(f"ptl_{minted.public_id}_")
        assert minted.text.endswith(minted.last_four)

    def test_never_repeats(self) -> None:
        assert len({keys.mint().text for _ in range(500)}) == 500

    def test_does_not_show_the_secret(self) -> None:
        minted = keys.mint()

        assert minted.text not in repr(minted)


class TestParse:
    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "begin with"),
            ("sk-proj-abc", "begin with"),
            ("ptl_short", "9"),
            ("ptl_" + "é" * (keys.LENGTH - 4), "characters that no key has"),
            ("ptl_" + "A" * 16 + "_" + "a" * 46, "characters that no key has"),
            ("ptl_" + "a" * 16 + "_" + "a" * 46, "checksum"),
        ],
    )
    def test_says_precisely_what_is_wrong(self, text: str, reason: str) -> None:
        with pytest.raises(MalformedKeyError, match=reason):
            keys.parse(text)

    def test_notices_every_single_typing_error(self) -> None:
        text = keys.mint().text

        for place in range(4, len(text)):
            wrong = text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :]
            with pytest.raises(MalformedKeyError):
                keys.parse(wrong)

    @given(st.text(max_size=100))
    def test_repeats_nothing_of_what_it_was_given(self, text: str) -> None:
        with pytest.raises(MalformedKeyError) as refusal:
            keys.parse("ptl_" + text)

        assert len(text) < 5 or text not in refusal.value.message


class TestDigestOf:
    def test_is_the_same_for_the_same_key_only(self) -> None:
        first, second = keys.mint().text, keys.mint().text

        assert keys.is_same(keys.digest_of(first), keys.digest_of(first))
        assert not keys.is_same(keys.digest_of(first), keys.digest_of(second))
        assert first.rpartition("_")[2] not in keys.digest_of(first)
