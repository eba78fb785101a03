import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.telemetry import redaction


class TestMaskedHeaders:
    @pytest.mark.parametrize(
        "name",
        ["Authorization", "authorization", "X-Api-Key", "api-key", "x-goog-api-key", "Cookie",
         "Set-Cookie", "Proxy-Authorization", "X-Auth-Token", "Ocp-Apim-Subscription-Key"],
    )  # fmt: skip
    def test_masks_by_name(self, name: str) -> None:
        assert redaction.masked_headers(((name, "opaque"),)) == [(name, "***")]

    @pytest.mark.parametrize(
        "value",
        ["Bearer abcdefghijkl", "sk-" + "a" * 20, "https://x.test/?key=abcdef", "AIza" + "x" * 35],
    )
    def test_masks_by_looks_under_any_name(self, value: str) -> None:
        [(_, shown)] = redaction.masked_headers((("x-debug", f"saw {value} there"),))

        assert "***" in shown
        assert value not in shown

    @pytest.mark.parametrize(
        "header",
        [("x-ratelimit-remaining-tokens", "149984"), ("Content-Type", "application/json"),
         ("x-request-id", "req_0123456789abcdef"), ("retry-after", "2")],
    )  # fmt: skip
    def test_leaves_the_rest(self, header: tuple[str, str]) -> None:
        assert redaction.masked_headers((header,)) == [header]

    def test_keeps_order_and_repetitions(self) -> None:
        headers = (("b", "1"), ("a", "2"), ("b", "3"))

        assert redaction.masked_headers(headers) == list(headers)

    def test_bounds_what_a_provider_may_make_us_store(self) -> None:
        masked = redaction.masked_headers((("x", "y" * 10_000),) * 500)

        assert len(masked) == redaction.MAX_HEADERS
        assert {len(value) for _, value in masked} == {redaction.MAX_VALUE}


class TestMessage:
    def test_masks_a_key_that_a_provider_repeats(self) -> None:
        text = "Incorrect API key provided: sk-abcdefghijklmnopqrst1234. Try another."

        assert redaction.message(text) == "Incorrect API key provided: ***. Try another."

    def test_is_bounded(self) -> None:
        assert len(redaction.message("word " * 10_000)) == redaction.MAX_MESSAGE


class TestClean:
    @given(st.text(st.characters(codec=None), max_size=50))
    def test_any_text_becomes_one_that_databases_store(self, text: str) -> None:
        cleaned = redaction.clean(text + "\0\ud800")

        assert "\0" not in cleaned
        assert json.loads(json.dumps(cleaned)).encode("utf-8").decode() == cleaned

    @given(st.text(st.characters(exclude_characters="\0"), max_size=50))
    def test_ordinary_text_stays(self, text: str) -> None:
        assert redaction.clean(text) == text
