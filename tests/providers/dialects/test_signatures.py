import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.providers.dialects.signatures import seal, unseal

DIALECTS = st.sampled_from(["anthropic_messages", "gemini_generate", "openai_chat"])


class TestSeal:
    def test_leaves_a_dialects_own_signature_as_it_is(self) -> None:
        assert seal("openai_chat", "abc", dialect="openai_chat") == "abc"
        assert seal("", "abc", dialect="openai_chat") == "abc"

    def test_names_the_origin_of_another(self) -> None:
        assert seal("gemini_generate", "abc", dialect="openai_chat") != "abc"

    @given(DIALECTS, DIALECTS, st.text())
    def test_is_undone_by_unseal(self, origin: str, dialect: str, signature: str) -> None:
        sealed = seal(origin, signature, dialect=dialect)

        if origin != dialect or not signature.startswith("portal:"):
            assert unseal(sealed, dialect=dialect) == (origin, signature)


class TestUnseal:
    @pytest.mark.parametrize("text", ["abc", "", "portal:", "portal:nothing"])
    def test_takes_what_is_not_sealed_as_the_dialects_own(self, text: str) -> None:
        assert unseal(text, dialect="openai_chat") == ("openai_chat", text)
