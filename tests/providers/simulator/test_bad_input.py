"""Whatever comes in, the answer is an error of the dialect and never a fault of the simulator."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.providers.simulator.client import DEFAULT_HEADERS, Client
from tests.providers.simulator.test_anthropic import CASES as ANTHROPIC_CASES
from tests.providers.simulator.test_gemini import CASES as GEMINI_CASES
from tests.providers.simulator.test_openai_chat import CASES as CHAT_CASES
from tests.providers.simulator.test_openai_responses import CASES as RESPONSES_CASES

GEMINI = "/gemini/v1beta/models/sim-small:generateContent"
BODIES = {
    "/v1/chat/completions": CHAT_CASES,
    "/v1/responses": RESPONSES_CASES,
    "/v1/messages": ANTHROPIC_CASES,
    GEMINI: GEMINI_CASES,
    "/azure/chat/completions?api-version=1": CHAT_CASES,
}
ODD: list[Any] = [None, True, -1, 1.5, "x", "", [], {}, [None], [[]], {"type": "x"}, {"x": 1}]


def places(body: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Name every place inside a body."""
    if not isinstance(body, (dict, list)):
        return []
    inner = body.items() if isinstance(body, dict) else enumerate(body)
    return [place for key, value in inner for place in [(*path, key), *places(value, (*path, key))]]


def spoilt(body: Any, path: tuple[Any, ...], odd: Any) -> Any:
    """Return the body with another value in one place."""
    if not path:
        return odd
    copy = dict(body) if isinstance(body, dict) else list(body)
    copy[path[0]] = spoilt(body[path[0]], path[1:], odd)
    return copy


@pytest.mark.parametrize("path", BODIES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.data())
def test_one_odd_value_anywhere_is_no_server_error(
    client: Client, path: str, data: st.DataObject
) -> None:
    body = data.draw(st.sampled_from(list(BODIES[path].values())))
    place = data.draw(st.sampled_from(places(body)))

    got = client.post(path, spoilt(body, place, data.draw(st.sampled_from(ODD))))

    assert got.status in (200, 400, 422), got.body
    assert got.headers["x-simulated"] == "true"


@pytest.mark.parametrize("media_type", ["multipart/form-data", "multipart/form-data; boundary=b"])
def test_a_broken_form_is_refused(client: Client, media_type: str) -> None:
    headers = {**DEFAULT_HEADERS, "content-type": media_type}

    got = client.send("POST", "/v1/audio/transcriptions", b"nonsense", headers)

    assert (got.status, got.json["error"]["type"]) == (400, "invalid_request_error")


def test_deep_json_is_refused_or_answered(client: Client) -> None:
    deep = b'{"model":"sim-small","messages":' + b"[" * 200 + b"]" * 200 + b"}"

    assert client.post("/v1/chat/completions", deep).status == 400


def test_odd_characters_are_echoed_or_refused(client: Client) -> None:
    nul = {"model": "sim-small", "messages": [{"role": "user", "content": "a\x00b"}]}
    lone = b'{"model":"sim-small","messages":[{"role":"user","content":"\\ud800"}]}'

    assert client.post("/v1/chat/completions", nul).status == 200
    assert client.post("/v1/chat/completions", lone).status == 400
