"""When a target fails before the first byte, the next one answers; never after it."""

import pytest

from tests.live import reading
from tests.live.proofs import Prover


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize(
    ("first", "error", "status"),
    [
        ("refused", "ProviderConnectionError", None),
        ("429", "ProviderRateLimitError", 429),
        ("500", "ProviderFaultError", 500),
        ("503", "ProviderOverloadedError", 503),
        ("html", "ProviderProtocolError", 200),
        ("cut", "ProviderConnectionError", None),
    ],
)
class TestNextTarget:
    def test_answers_and_both_attempts_are_on_record(
        self, first: str, error: str, status: int | None, stream: bool, prover: Prover
    ) -> None:
        reply = prover.ask(f"fallback/{first}", stream=stream)

        call = prover.call(reply.headers["x-request-id"])
        failed, done = call["tries"]
        assert reply.status_code == 200
        assert "fjords" in reading.read("openai_chat", reply.content, stream=stream).text
        assert reply.headers["x-portal-attempts"] == "2"
        assert reply.headers["x-portal-provider"] == "anthropic-messages"
        assert (failed["number"], failed["state"], failed["error_class"]) == (1, "failed", error)
        assert failed["status"] == status
        assert (done["number"], done["state"], done["status"]) == (2, "done", 200)
        assert [row["attempt_id"] for row in call["usage"]] == [done["id"]]
        assert (call["state"], call["attempts"]) == ("done", 2)


class TestNoNextTarget:
    @pytest.mark.parametrize("status", [400, 404])
    def test_for_what_lies_with_the_caller(self, status: int, prover: Prover) -> None:
        reply = prover.ask(f"fallback/{status}")

        call = prover.call(reply.headers["x-request-id"])
        assert reply.status_code == status
        assert reply.headers["x-portal-attempts"] == "1"
        assert len(call["tries"]) == 1
        assert (call["state"], call["usage"]) == ("failed", [])

    def test_after_the_first_byte(self, prover: Prover) -> None:
        reply = prover.ask("fallback/late", stream=True)

        call = prover.call(reply.headers["x-request-id"])
        assert reply.status_code == 200
        assert reply.text.count('"error"') == 1
        assert [row["state"] for row in call["tries"]] == ["failed"]
        assert call["usage"][0]["estimated"]


class TestChain:
    def test_goes_on_until_one_answers(self, prover: Prover) -> None:
        reply = prover.ask("fallback/thrice")

        call = prover.call(reply.headers["x-request-id"])
        assert reply.headers["x-portal-attempts"] == "3"
        assert [(row["number"], row["provider"], row["state"]) for row in call["tries"]] == [
            (1, "nobody", "failed"),
            (2, "gemini-generate", "failed"),
            (3, "anthropic-messages", "done"),
        ]

    def test_ends_with_the_last_error_when_nobody_does(self, prover: Prover) -> None:
        reply = prover.ask("fallback/hopeless")

        call = prover.call(reply.headers["x-request-id"])
        assert reply.status_code == 429
        assert reply.headers["retry-after"] == "31"
        assert reply.headers["x-portal-attempts"] == "3"
        assert [row["status"] for row in call["tries"]] == [None, 500, 429]
        assert call["error_code"] == "provider_rate_limited"
        assert call["usage"] == []


def test_a_disabled_endpoint_calls_nobody(prover: Prover) -> None:
    reply = prover.ask("fallback/disabled")

    assert reply.status_code == 404
    assert "switched off" in reply.json()["error"]["message"]
    assert reply.headers["x-portal-attempts"] == "0"
    assert prover.call(reply.headers["x-request-id"])["tries"] == []
