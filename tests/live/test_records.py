"""What stays of a call: every row, exact, without a secret, and bodies for those who may read."""

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from tests.live import documents, reading
from tests.live.portal import LivePortal, running_portal
from tests.live.proofs import PATHS, Prover, marked

DIALECTS = tuple(PATHS)
# The prices that `documents.simulated` gives every model: 1 and 4 dollars per million tokens.
INPUT_USD, OUTPUT_USD = 1, 4
CALLS = 200


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
@pytest.mark.parametrize("caller", DIALECTS)
class TestRows:
    def test_a_call_its_attempt_and_its_usage_are_on_record(
        self, caller: str, stream: bool, prover: Prover
    ) -> None:
        for provider in ("openai_chat", caller):
            reply = prover.ask(f"{provider}/sim-small", caller, stream=stream)

            call = prover.call(reply.headers["x-request-id"])
            [attempt], [usage] = call["tries"], call["usage"]
            told = reading.read(caller, reply.content, stream=stream).usage
            tokens = (usage["input_tokens"], usage["output_tokens"])
            cost = tokens[0] * INPUT_USD + tokens[1] * OUTPUT_USD
            assert tokens == (call["input_tokens"], call["output_tokens"])
            # Where a stream does not tell its caller, the record knows all the same.
            assert tokens == told or (stream and told is None and min(tokens) > 0)
            assert (usage["usd_micros"], call["usd_micros"]) == (cost, cost)
            assert not usage["estimated"]
            assert (call["state"], call["dialect"], call["stream"]) == ("done", caller, stream)
            assert (call["provider_dialect"], call["model"]) == (provider, "sim-small")
            assert (call["application"], call["scope"]) == ("tests", "inference:call")
            assert usage["attempt_id"] == attempt["id"]
            assert 0 < call["first_byte_ms"] <= attempt["duration_ms"] <= call["duration_ms"]
            if not stream:
                assert reply.headers["x-portal-cost-usd"] == f"{cost / 1e6:.6f}"


class TestWireFacts:
    def test_raw_status_and_headers_are_kept_and_secrets_masked(self, prover: Prover) -> None:
        reply = prover.ask("proof/limited")

        call = prover.call(reply.headers["x-request-id"])
        [attempt] = call["tries"]
        headers = {name.lower(): value for name, value in json.loads(attempt["response_headers"])}
        assert reply.status_code == 429
        assert reply.headers["retry-after"] == headers["retry-after"] == "23"
        assert attempt["status"] == 429
        assert attempt["upstream_request_id"] == headers["x-request-id"]
        assert (attempt["error_class"], call["error_code"]) == (
            "ProviderRateLimitError",
            "provider_rate_limited",
        )
        assert "authorization" not in attempt["request_headers"].lower()
        assert call["usage"] == []

    def test_a_call_that_is_refused_at_the_door_of_the_engine_is_on_record(
        self, prover: Prover
    ) -> None:
        reply = prover.ask("no/such-endpoint")

        call = prover.call(reply.headers["x-request-id"])
        assert (call["state"], call["error_code"], call["tries"]) == ("failed", "not_found", [])


class TestBodies:
    @pytest.mark.parametrize(
        ("policy", "fails", "kept"),
        [
            ("off", False, False),
            ("errors", False, False),
            ("errors", True, True),
            ("all", False, True),
        ],
    )
    def test_are_kept_by_policy_and_encrypted(
        self, policy: str, fails: bool, kept: bool, prover: Prover
    ) -> None:
        mark = f"confidential-{policy}-{fails}"
        wrong = {"temperature": "hot"} if fails else {}

        reply = prover.ask(f"bodies/{policy}", **marked(mark), **wrong)

        call = prover.call(reply.headers["x-request-id"])
        stored = prover.rows(
            "SELECT request, response FROM telemetry_callbody WHERE call_id = ?", call["id"]
        )
        assert (reply.status_code == 400) == fails
        assert bool(stored) == kept
        assert mark.encode() not in _files(prover.portal.home)
        if kept:
            request, response = _read_bodies(prover.portal, call["id"])
            assert mark in request
            assert response == reply.text


def _read_bodies(portal: LivePortal, call_id: str) -> list[str]:
    found: list[str] = portal.query(
        "import json\n"
        "from apps.telemetry import services\n"
        f"bodies = services.read_bodies(call_id={call_id!r})\n"
        "print(json.dumps([body.decode() for body in bodies]))"
    )
    return found


def _files(home: Path) -> bytes:
    """Every byte of the database as it lies on the disk, the journal included, and of the log."""
    return b"".join(path.read_bytes() for path in home.glob("portal.sqlite3*")) + b"".join(
        path.read_bytes() for path in home.glob("*.log")
    )


def _ids(prover: Prover, table: str, column: str) -> set[str]:
    return {row[column] for row in prover.rows(f"SELECT {column} FROM {table}")}


def test_a_portal_that_is_stopped_loses_no_row_and_leaves_no_secret(simulator_url: str) -> None:
    private = [simulator_url.removeprefix("http://")]
    with running_portal(documents.simulated(simulator_url), private=private) as portal:
        prover = Prover(portal, simulator_url)

        def ask(n: int) -> str:
            dialect = DIALECTS[n % len(DIALECTS)]
            reply = prover.ask(f"{dialect}/sim-small", dialect, stream=n % 2 == 0)
            assert reply.status_code == 200, reply.text
            return str(reply.headers["x-request-id"])

        with closing(prover), ThreadPoolExecutor(8) as pool:
            ids = set(pool.map(ask, range(CALLS)))
        status = portal.stop(signal.SIGTERM)

        written = _files(portal.home)
        assert status in (0, -signal.SIGTERM)
        assert len(ids) == CALLS
        assert ids <= _ids(prover, "telemetry_calllog", "id")
        assert ids <= _ids(prover, "telemetry_attemptlog", "call_id")
        assert ids <= _ids(prover, "metering_usagerecord", "call_id")
        assert len(written) > 100_000
        assert portal.key.encode() not in written
        assert b"simulated-secret-of-" not in written
        assert "Traceback" not in portal.log()


def test_no_secret_is_in_the_database_or_the_log(prover: Prover) -> None:
    prover.ask("proof/broken")
    prover.call(prover.ask("openai_chat/sim-error-401").headers["x-request-id"])

    written = _files(prover.portal.home)

    assert prover.portal.key.encode() not in written
    assert b"simulated-secret-of-" not in written
    assert b"secret-of-nobody" not in written
