import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.providers import wire
from apps.providers.dialects.anthropic_messages import sealing
from apps.providers.dialects.anthropic_messages.terms import NAME

ORIGINS = ("anthropic_messages", "gemini_generate", "openai_responses")


class TestThoughts:
    def test_leaves_the_dialects_own_signature_as_it_is(self) -> None:
        assert sealing.seal_thought("EqEE==", NAME, None) == "EqEE=="

    def test_names_the_origin_of_a_foreign_one(self) -> None:
        sealed = sealing.seal_thought("sig", "gemini_generate", None)

        assert sealed != "sig"
        assert "gemini_generate" in sealed

    @pytest.mark.parametrize("origin", ["", NAME, "gemini_generate"])
    def test_is_empty_without_a_signature(self, origin: str) -> None:
        assert sealing.seal_thought(None, origin, None) == ""

    @given(
        signature=st.text(min_size=1, max_size=30),
        origin=st.sampled_from(ORIGINS[1:]),
        item_id=st.none() | st.text(alphabet="rs_0123", min_size=1, max_size=8),
        thinking=st.text(max_size=10),
        redacted=st.booleans(),
    )
    def test_come_back_whole(
        self, signature: str, origin: str, item_id: str | None, thinking: str, redacted: bool
    ) -> None:
        part = wire.ReasoningPart(
            text=thinking, signature=signature, origin=origin, redacted=redacted, id=item_id
        )

        sealed = sealing.seal_thought(part.signature, part.origin, part.id)

        assert sealing.unseal_thought(sealed, thinking=thinking, redacted=redacted) == part

    def test_keep_an_item_id_that_has_no_signature(self) -> None:
        sealed = sealing.seal_thought(None, "openai_responses", "rs_1")

        assert sealing.unseal_thought(sealed, thinking="x") == wire.ReasoningPart(
            text="x", origin="openai_responses", id="rs_1"
        )


class TestCalls:
    @given(signature=st.text(min_size=1, max_size=30), origin=st.sampled_from(ORIGINS))
    def test_signatures_come_back_whole(self, signature: str, origin: str) -> None:
        assert sealing.unseal_call(sealing.seal_call(signature, origin)) == (origin, signature)

    def test_a_thought_is_no_call(self) -> None:
        assert sealing.unseal_call("EqkECkYIBxgCKkA8") is None
