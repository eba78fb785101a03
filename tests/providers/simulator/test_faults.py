import http.client
import json
import time
from typing import Any

import pytest

from apps.providers.simulator.exchange import SimError
from apps.providers.simulator.faults import Fault, read_fault
from tests.providers.simulator.client import DEFAULT_HEADERS, Client

# One path of each dialect, with a body that it accepts but for the model.
SAID = [{"role": "user", "content": "count to 60"}]
CHAT: tuple[str, dict[str, Any]] = ("/openai/v1/chat/completions", {"messages": SAID})
RESPONSES: tuple[str, dict[str, Any]] = ("/openai/v1/responses", {"input": "count to 60"})
MESSAGES: tuple[str, dict[str, Any]] = (
    "/anthropic/v1/messages",
    {"messages": SAID, "max_tokens": 999},
)
AZURE: tuple[str, dict[str, Any]] = (
    "/azure/chat/completions?api-version=2025-05-01",
    {"messages": SAID},
)
DIALECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": CHAT,
    "responses": RESPONSES,
    "messages": MESSAGES,
    "azure": AZURE,
}
GEMINI_BODY = {"contents": [{"role": "user", "parts": [{"text": "count to 60"}]}]}


def call(name: str, model: str, *, stream: bool = False) -> tuple[str, dict[str, Any]]:
    """Return path and body of a call to a model in a dialect."""
    if name == "gemini":
        verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return f"/gemini/v1beta/models/{model}:{verb}", GEMINI_BODY
    path, body = DIALECTS[name]
    return path, {**body, "model": model, **({"stream": True} if stream else {})}


ALL = [*DIALECTS, "gemini"]


class TestReadFault:
    @pytest.mark.parametrize(
        ("model", "fault"),
        [
            ("sim-small", Fault()),
            ("gpt-error-429", Fault()),
            ("sim-error-429", Fault(status=429)),
            ("sim-error-503-after-7", Fault(status=503, retry_after_s=7)),
            ("sim-delay-2000", Fault(delay_ms=2000)),
            ("sim-hang", Fault(hang_after=0)),
            ("sim-hang-90", Fault(hang_after=90)),
            ("sim-cut", Fault(cut_after=512)),
            ("sim-cut-120", Fault(cut_after=120)),
            ("sim-garbage", Fault(garbage=True)),
            ("sim-html-error-502", Fault(html=True, status=502)),
            ("sim-midstream-error", Fault(midstream_after=3)),
            ("sim-midstream-error-5", Fault(midstream_after=5)),
            ("sim-pace-20-delay-30", Fault(pace_ms=20, delay_ms=30)),
            ("sim-missing", Fault(missing=True)),
            ("nonexistent-model", Fault(missing=True)),
        ],
    )
    def test_from_a_model_name(self, model: str, fault: Fault) -> None:
        assert read_fault(model, "") == fault

    def test_from_a_header_which_wins(self) -> None:
        fault = read_fault("sim-error-429", "status=503; delay=5;cut;hang=7;retry_after=2;html")

        assert fault == Fault(
            status=503, delay_ms=5, cut_after=512, hang_after=7, retry_after_s=2, html=True
        )

    @pytest.mark.parametrize("header", ["nonsense", "status", "status=many", "delay=-1"])
    def test_refuses_what_it_does_not_understand(self, header: str) -> None:
        with pytest.raises(SimError, match="x-sim-fault"):
            read_fault("sim-small", header)


class TestStatus:
    @pytest.mark.parametrize("name", ALL)
    @pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503, 504, 529])
    def test_each_dialect_answers_with_its_own_error(
        self, client: Client, name: str, status: int
    ) -> None:
        got = client.post(*call(name, f"sim-error-{status}"))

        expected = 400 if (name, status) == ("responses", 404) else status
        assert got.status == expected
        assert got.json["error"]["message"].startswith("[simulated]")
        assert ("retry-after" in got.headers) == (status in (429, 503, 529))
        assert got.headers["x-simulated"] == "true"

    @pytest.mark.parametrize(
        ("name", "status", "key", "word"),
        [
            ("chat", 429, "code", "rate_limit_exceeded"),
            ("chat", 503, "code", "server_is_overloaded"),
            ("chat", 404, "code", "model_not_found"),
            ("chat", 500, "type", "server_error"),
            ("messages", 529, "type", "overloaded_error"),
            ("messages", 429, "type", "rate_limit_error"),
            ("messages", 500, "type", "api_error"),
            ("gemini", 429, "status", "RESOURCE_EXHAUSTED"),
            ("gemini", 503, "status", "UNAVAILABLE"),
            ("gemini", 500, "status", "INTERNAL"),
            ("azure", 404, "code", "DeploymentNotFound"),
        ],
    )
    def test_in_the_words_of_the_dialect(
        self, client: Client, name: str, status: int, key: str, word: str
    ) -> None:
        got = client.post(*call(name, f"sim-error-{status}"))

        assert got.json["error"][key] == word

    def test_by_header(self, client: Client) -> None:
        got = client.post(*call("chat", "sim-small"), x_sim_fault="status=429;retry_after=9")

        assert (got.status, got.headers["retry-after"]) == (429, "9")
        assert got.headers["retry-after-ms"] == "9000"


class TestNonsense:
    @pytest.mark.parametrize("name", ALL)
    def test_is_not_json(self, client: Client, name: str) -> None:
        garbage = client.post(*call(name, "sim-garbage"))
        page = client.post(*call(name, "sim-html-error-502"))

        with pytest.raises(UnicodeDecodeError):
            json.loads(garbage.body)
        assert (page.status, page.headers["content-type"]) == (502, "text/html; charset=utf-8")


class TestMidstream:
    @pytest.mark.parametrize("name", ALL)
    def test_ends_with_the_error_of_the_dialect(self, client: Client, name: str) -> None:
        got = client.post(*call(name, "sim-midstream-error-4", stream=True))

        assert len(got.data) == 5
        assert "error" in got.data[-1]
        assert b"[DONE]" not in got.body

    def test_is_a_server_error_where_nothing_is_streamed(self, client: Client) -> None:
        assert client.post(*call("chat", "sim-midstream-error")).status == 500


class TestCut:
    @pytest.mark.parametrize("name", ALL)
    @pytest.mark.parametrize("stream", [False, True])
    def test_closes_after_exactly_so_many_bytes(
        self, client: Client, name: str, *, stream: bool
    ) -> None:
        with pytest.raises(http.client.IncompleteRead) as caught:
            client.post(*call(name, "sim-cut-120", stream=stream))

        assert len(caught.value.partial) == 120
        assert not client.log()[-1]["left_early"]

    def test_at_nought_closes_before_any_answer(self, client: Client) -> None:
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            client.post(*call("chat", "sim-cut-0"))


class TestTime:
    def test_delay_comes_before_the_answer(self, client: Client) -> None:
        begun = time.monotonic()

        client.post(*call("chat", "sim-delay-120"))

        assert time.monotonic() - begun >= 0.12

    def test_pace_comes_between_events(self, client: Client) -> None:
        got = client.post(*call("chat", "sim-pace-2", stream=True))

        entry = client.log()[-1]
        assert entry["finished_at"] - entry["arrived_at"] >= 0.002 * (len(got.events) - 1)

    @pytest.mark.parametrize("model", ["sim-hang", "sim-hang-90"])
    def test_hanging_ends_when_the_client_leaves(self, client: Client, model: str) -> None:
        connection = client.open()
        path, body = call("chat", model, stream=True)
        connection.request("POST", path, json.dumps(body), DEFAULT_HEADERS)
        if model != "sim-hang":
            assert len(connection.getresponse().read(90)) == 90

        connection.close()

        entry = finished(client)
        assert entry["left_early"]
        assert entry["sent_bytes"] == (0 if model == "sim-hang" else 90)


class TestLeaving:
    def test_in_the_middle_of_a_stream_is_noted(self, client: Client) -> None:
        connection = client.open()
        path, body = call("messages", "sim-pace-20", stream=True)
        connection.request("POST", path, json.dumps(body), DEFAULT_HEADERS)
        connection.getresponse().read(200)

        connection.close()

        entry = finished(client)
        assert entry["left_early"]
        assert entry["sent_events"] < 60


def finished(client: Client) -> dict[str, Any]:
    """Wait, within bounds, until the only request of the log is over."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        entries = client.log()
        if entries and entries[-1]["finished_at"] is not None:
            return entries[-1]
    pytest.fail("the request did not end")
