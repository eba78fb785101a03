"""Streams through a live portal: at once, at the caller's pace, and over when the caller leaves."""

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import azure.core.exceptions
import pytest

from tests.live import reading
from tests.live.proofs import PATHS, Prover, marked, within
from tests.live.sdks import Sdk

DIALECTS = tuple(PATHS)
ENDINGS: dict[str, Callable[[Any], bool]] = {
    "openai_chat": lambda event: "error" in event,
    "openai_responses": lambda event: (
        event.get("type") in ("response.failed", "error")
        # What the provider itself puts between its events passes to a caller of its dialect.
        or ("error" in event and "type" not in event)
    ),
    "anthropic_messages": lambda event: event.get("type") == "error",
    "gemini_generate": lambda event: "error" in event,
    "azure_inference": lambda event: "error" in event,
}
# A reader who takes nothing leaves what the sockets on the way hold, and the portal's own little.
HELD_BYTES = 20 * 2**20


class TestPace:
    @pytest.mark.parametrize("dialect", DIALECTS)
    def test_the_first_event_is_here_before_the_last_is_made(
        self, dialect: str, prover: Prover
    ) -> None:
        began = time.monotonic()
        with prover.http.stream(**prover.request("proof/paced", dialect, stream=True)) as reply:
            pieces = reply.iter_bytes()
            first = next(pieces)
            first_after_s = time.monotonic() - began
            rest = b"".join(pieces)
        whole_s = time.monotonic() - began

        call = prover.call(reply.headers["x-request-id"])
        said = reading.read(dialect, first + rest, stream=True)
        assert "fjords" in said.text
        assert first_after_s < whole_s / 2
        assert call["first_byte_ms"] < call["duration_ms"] / 2
        assert call["state"] == "done"


class TestLeaving:
    @pytest.mark.parametrize("dialect", ["openai_chat", "anthropic_messages"])
    def test_a_stream_stops_the_provider_and_is_metered(self, dialect: str, prover: Prover) -> None:
        mark = f"leaving-{dialect}"
        request = prover.request("proof/paced", dialect, stream=True, **marked(mark))

        with prover.http.stream(**request) as reply:
            read = b""
            for piece in reply.iter_bytes():
                read += piece
                if read.count(b"data: ") >= 8:
                    break
        left_at = time.monotonic()

        entry = within(lambda: prover.seen_with(mark), is_good=lambda e: e["finished_at"])
        call = prover.call(reply.headers["x-request-id"])
        assert time.monotonic() - left_at < 3
        assert entry["left_early"]
        assert (call["state"], call["tries"][0]["state"]) == ("cancelled", "cancelled")
        assert (call["usage_estimated"], call["usage"][0]["estimated"]) == (1, 1)
        assert call["usage"][0]["input_tokens"] > 0
        assert call["usage"][0]["output_tokens"] > 0
        assert call["usage"][0]["usd_micros"] > 0

    @pytest.mark.parametrize("endpoint", ["proof/delayed", "openai_chat/sim-hang", "proof/silent"])
    def test_waiting_for_a_whole_answer_stops_the_provider_and_is_metered(
        self, endpoint: str, prover: Prover
    ) -> None:
        mark = f"waiting-{endpoint}"
        connection = _open(prover, prover.request(endpoint, **marked(mark)))

        prover.seen_with(mark)
        connection.close()

        entry = within(lambda: prover.seen_with(mark), is_good=lambda e: e["finished_at"])
        [call] = within(lambda: prover.calls_to(endpoint))
        assert entry["left_early"]
        assert (call["state"], call["tries"][0]["state"]) == ("cancelled", "cancelled")
        assert call["usage"][0]["estimated"]
        assert call["usage"][0]["input_tokens"] > 0

    def test_it_is_no_failure_of_the_portal(self, prover: Prover) -> None:
        assert "Traceback" not in prover.portal.log()


class TestBackPressure:
    def test_a_caller_who_stops_reading_stops_the_provider(self, prover: Prover) -> None:
        mark = "count to 5000 slowly"
        request = prover.request(
            "openai_chat/sim-small",
            stream=True,
            logprobs=True,
            top_logprobs=20,
            n=4,
            messages=[{"role": "user", "content": mark}],
        )
        connection = _open(prover, request, receive_buffer=4096)
        connection.recv(1)

        halted = within(lambda: _pair(prover, mark), is_good=_has_halted)[1]
        read = 0
        while read < halted["sent_bytes"]:
            read += len(connection.recv(65536))
        going_on = within(
            lambda: prover.seen_with(mark),
            is_good=lambda entry: entry["sent_bytes"] > halted["sent_bytes"],
        )
        connection.close()
        left = within(lambda: prover.seen_with(mark), is_good=lambda e: e["finished_at"])

        assert halted["finished_at"] is None
        assert halted["sent_bytes"] < HELD_BYTES
        assert going_on["sent_events"] > halted["sent_events"]
        assert left["left_early"]


class TestBrokenStreams:
    @pytest.mark.parametrize("caller", DIALECTS)
    @pytest.mark.parametrize("provider", DIALECTS)
    def test_a_cut_ends_in_the_callers_own_error_event(
        self, caller: str, provider: str, prover: Prover
    ) -> None:
        reply = prover.ask(f"{provider}/sim-cut-600", caller, stream=True)

        call = prover.call(reply.headers["x-request-id"])
        if reply.status_code == 200:
            assert ENDINGS[caller](reading.events(reply.content)[-1])
            # Azure's client reads no error event: there the connection breaks too.
            assert reply.extensions["broken"] is (caller == "azure_inference")
            assert call["usage"][0]["estimated"]
        else:  # where less than one event comes before the cut, there is no stream yet
            assert reply.status_code == 502
            assert "error" in reply.json()
        assert (call["state"], call["tries"][0]["state"]) == ("failed", "failed")
        assert call["error_code"] in ("provider_unreachable", "provider_protocol")

    @pytest.mark.parametrize("caller", DIALECTS)
    @pytest.mark.parametrize("provider", DIALECTS)
    def test_an_error_in_the_middle_is_the_last_event(
        self, caller: str, provider: str, prover: Prover
    ) -> None:
        reply = prover.ask(f"{provider}/sim-midstream-error", caller, stream=True)

        call = prover.call(reply.headers["x-request-id"])
        events = reading.events(reply.content)
        told = [event for event in events if ENDINGS[caller](event)]
        assert reply.status_code == 200
        assert told
        assert "because it was asked to" in json.dumps(told)
        assert (call["state"], call["tries"][0]["state"]) == ("failed", "failed")


class TestAzureClient:
    @pytest.mark.parametrize("model", ["sim-cut-600", "sim-midstream-error"])
    def test_is_told_that_its_stream_broke(self, model: str, sdk_at_portal: dict[str, Sdk]) -> None:
        sdk = sdk_at_portal["azure_inference"]

        with pytest.raises(azure.core.exceptions.AzureError):
            sdk.stream(f"azure_inference/{model}", "Count to 50.")


def _pair(prover: Prover, mark: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The provider's view of a call, twice, some time apart."""
    first = prover.seen_with(mark)
    time.sleep(0.5)  # standing still can only be seen over a while
    return first, prover.seen_with(mark)


def _has_halted(pair: tuple[dict[str, Any], dict[str, Any]]) -> bool:
    first, second = pair
    return bool(first["sent_events"]) and first["sent_events"] == second["sent_events"]


def _open(
    prover: Prover, request: dict[str, Any], *, receive_buffer: int | None = None
) -> socket.socket:
    """A connection on which a request was sent, and nothing is read."""
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", prover.portal.port))
    body = json.dumps(request["json"]).encode()
    head = [f"POST {request['url']} HTTP/1.1", "host: portal", f"content-length: {len(body)}"]
    head += [f"{name}: {value}" for name, value in request["headers"].items()]
    connection.sendall("\r\n".join([*head, "", ""]).encode() + body)
    return connection
