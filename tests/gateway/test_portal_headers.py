"""The portal's own headers, and that nobody writes into them."""

from typing import Any

import pytest

from apps.gateway import portal_headers
from apps.inference.call import Attempt
from apps.inference.catalog import ProviderEntry
from apps.providers import wire
from tests.inference.calls import make_call, make_target
from tests.inference.factories import NOW


def attempt(**target: Any) -> Attempt:
    return Attempt(id="att_1", number=1, target=make_target(1, **target), started_at=NOW, began=0.0)


class TestOfCall:
    def test_a_call_that_went_nowhere_says_so(self) -> None:
        assert portal_headers.of_call(make_call()) == [("X-Portal-Attempts", "0")]

    def test_tells_who_answered_at_what_cost(self) -> None:
        call = make_call(attempts=[attempt(), attempt()], cost_usd_micros=1_234_567)
        call.attempts[1].upstream_request_id = "up-1"
        call.warnings = ("seed: dropped", "temperature: clamped to 1")

        assert dict(portal_headers.of_call(call)) == {
            "X-Portal-Attempts": "2",
            "X-Portal-Provider": "openai-chat-1",
            "X-Portal-Model": "m-1",
            "X-Portal-Upstream-Request-Id": "up-1",
            "X-Portal-Cost-Usd": "1.234567",
            "X-Portal-Warnings": "seed: dropped, temperature: clamped to 1",
        }

    def test_labels_what_was_simulated(self) -> None:
        provider = ProviderEntry("prov_1", "sim", "openai_chat", "https://x", None, True)
        call = make_call(attempts=[attempt(provider=provider)])

        assert ("X-Portal-Simulated", "true") in portal_headers.of_call(call)

    @pytest.mark.parametrize("text", ["a\r\nset-cookie: x=1", "ä\0\x7f", "\ud800", "x" * 9000])
    def test_words_of_others_are_harmless(self, text: str) -> None:
        made = attempt(model=wire.TargetModel(name=text))
        made.upstream_request_id = text
        call = make_call(attempts=[made], warnings=(f"{text}: dropped",))

        for _, value in portal_headers.of_call(call):
            assert value.isascii()
            assert value.isprintable()
            assert len(value) <= 2000
