"""What callers do wrong, through a live portal: a precise error in the shape of their dialect."""

import json
import socket
from typing import Any

import httpx2 as httpx
import pytest

from tests.live.portal import LivePortal

CHAT_PATHS = {
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "anthropic_messages": "/v1/messages",
    "gemini_generate": "/v1beta/models/openai_chat/sim-small:generateContent",
    "azure_inference": "/azure/chat/completions?api-version=2024-05-01-preview",
}
MESSAGES = [{"role": "user", "content": "Hello."}]
BODIES: dict[str, dict[str, Any]] = {
    "openai_chat": {"model": "openai_chat/sim-small", "messages": MESSAGES},
    "openai_responses": {"model": "openai_chat/sim-small", "input": "Hello."},
    "anthropic_messages": {
        "model": "openai_chat/sim-small",
        "messages": MESSAGES,
        "max_tokens": 100,
    },
    "gemini_generate": {"contents": [{"role": "user", "parts": [{"text": "Hello."}]}]},
    "azure_inference": {"model": "openai_chat/sim-small", "messages": MESSAGES},
}
every_dialect = pytest.mark.parametrize("dialect", CHAT_PATHS)


def post(portal: LivePortal, dialect: str, **request: Any) -> httpx.Response:
    headers = {
        "authorization": f"Bearer {portal.key}",
        "anthropic-version": "2023-06-01",
        "content-type": "application/json",
        **request.pop("headers", {}),
    }
    request.setdefault("json", BODIES[dialect]) if "content" not in request else None
    path = request.pop("path", CHAT_PATHS[dialect])
    return httpx.post(portal.base_url + path, headers=headers, timeout=30, **request)


def message_of(dialect: str, reply: httpx.Response) -> str:
    """The message, after checking that the error has the dialect's keys."""
    body = reply.json()
    assert reply.headers["content-type"].startswith("application/json")
    assert reply.headers["x-request-id"].startswith("req_")
    error = body["error"]
    if dialect.startswith("openai"):
        assert set(error) == {"message", "type", "param", "code"}
    elif dialect == "anthropic_messages":
        assert body["type"] == "error"
        assert set(error) == {"type", "message"}
        assert body["request_id"] == reply.headers["x-request-id"]
    elif dialect == "gemini_generate":
        assert error["code"] == reply.status_code
        assert error["status"].isupper()
    else:
        assert error["code"]
    return str(error["message"])


@pytest.fixture(scope="module")
def reader_key(live_portal: LivePortal) -> str:
    return live_portal.issue_key("reader")


@every_dialect
class TestCredentials:
    def test_no_key(self, dialect: str, live_portal: LivePortal) -> None:
        reply = post(live_portal, dialect, headers={"authorization": ""})

        assert reply.status_code == 401
        assert "No API key" in message_of(dialect, reply)

    def test_wrong_key(self, dialect: str, live_portal: LivePortal) -> None:
        reply = post(live_portal, dialect, headers={"authorization": "Bearer sk-nonsense"})

        assert reply.status_code == 401
        assert "sk-nonsense" not in reply.text

    def test_key_with_a_changed_character(self, dialect: str, live_portal: LivePortal) -> None:
        swapped = "x" if live_portal.key[-1] != "x" else "y"
        key = live_portal.key[:-1] + swapped

        reply = post(live_portal, dialect, headers={"authorization": f"Bearer {key}"})

        assert reply.status_code == 401

    def test_two_different_keys(self, dialect: str, live_portal: LivePortal) -> None:
        headers = [
            ("authorization", f"Bearer {live_portal.key}"),
            ("authorization", "Bearer another"),
            ("anthropic-version", "2023-06-01"),
        ]
        url = live_portal.base_url + CHAT_PATHS[dialect]

        reply = httpx.post(url, headers=headers, json=BODIES[dialect])

        assert reply.status_code == 401
        message_of(dialect, reply)

    def test_missing_scope(self, dialect: str, live_portal: LivePortal, reader_key: str) -> None:
        reply = post(live_portal, dialect, headers={"authorization": f"Bearer {reader_key}"})

        assert reply.status_code == 403
        assert "inference:call" in message_of(dialect, reply)

    def test_key_in_the_query_is_not_read(self, dialect: str, live_portal: LivePortal) -> None:
        path = CHAT_PATHS[dialect]
        path += ("&" if "?" in path else "?") + f"key={live_portal.key}"

        reply = post(live_portal, dialect, headers={"authorization": ""}, path=path)

        assert reply.status_code == 401
        assert "query" in message_of(dialect, reply)


@every_dialect
class TestBodies:
    def test_unknown_model_names_the_nearest(self, dialect: str, live_portal: LivePortal) -> None:
        body = {**BODIES[dialect], "model": "openai_chat/sim-smal"}
        path = CHAT_PATHS[dialect].replace("sim-small", "sim-smal")

        reply = post(live_portal, dialect, json=body, path=path)

        assert reply.status_code == (400 if dialect == "openai_responses" else 404)
        assert "openai_chat/sim-small" in message_of(dialect, reply)

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            (b"", "empty"),
            (b"not json", "not valid JSON"),
            (b"[]", "JSON object"),
            (b'{"model": "a", "x": ' + b"[" * 200 + b"]" * 200 + b"}", "nested deeper"),
            (b'{"model": "a\x00"}', "NUL"),
            (b'{"model": "a\\u0000"}', "NUL"),
            (b'{"model": "a\\ud800"}', "surrogate"),
            (b'{"model": "\xff"}', "UTF-8"),
        ],
        ids=["empty", "text", "array", "deep", "nul-byte", "nul", "surrogate", "utf-8"],
    )
    def test_what_is_no_json_object(
        self, dialect: str, content: bytes, says: str, live_portal: LivePortal
    ) -> None:
        reply = post(live_portal, dialect, content=content)

        assert reply.status_code == 400
        assert says in message_of(dialect, reply)

    def test_compressed(self, dialect: str, live_portal: LivePortal) -> None:
        headers = {"content-encoding": "gzip"}

        reply = post(live_portal, dialect, content=b"\x1f\x8b...", headers=headers)

        assert reply.status_code == 400
        assert "Content-Encoding" in message_of(dialect, reply)

    def test_30_mb(self, dialect: str, live_portal: LivePortal) -> None:
        content = b'{"model": "' + b"a" * (30 * 2**20) + b'"}'

        reply = post(live_portal, dialect, content=content)

        assert reply.status_code == 413
        assert "larger" in message_of(dialect, reply)

    def test_30_mb_without_announced_length(self, dialect: str, live_portal: LivePortal) -> None:
        def pieces() -> Any:
            for _ in range(30):
                yield b"a" * 2**20

        try:
            reply = post(live_portal, dialect, content=pieces())
        except (httpx.WriteError, httpx.ReadError, httpx.RemoteProtocolError):
            return  # the portal may close before the rest of the body is sent

        assert reply.status_code == 413


# A request whose wrong type stands deep inside, in each dialect, for a provider of another dialect
# (the same dialect passes its body on, and the provider judges it).
WRONG_TYPES: dict[str, tuple[dict[str, Any], str]] = {
    "openai_chat": (
        {
            "model": "anthropic_messages/sim-small",
            "messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}],
        },
        "messages[0].content[0].text",
    ),
    "openai_responses": (
        {
            "model": "anthropic_messages/sim-small",
            "input": [{"role": "user", "content": [{"type": "input_text", "text": 5}]}],
        },
        "input[0].content[0].text",
    ),
    "anthropic_messages": (
        {
            "model": "openai_chat/sim-small",
            "max_tokens": 10,
            "messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}],
        },
        "messages[0].content[0].text",
    ),
    "gemini_generate": (
        {"contents": [{"role": "user", "parts": [{"text": 5}]}]},
        "contents[0].parts[0].text",
    ),
    "azure_inference": (
        {
            "model": "anthropic_messages/sim-small",
            "messages": [{"role": "user", "content": [{"type": "text", "text": 5}]}],
        },
        "messages[0].content[0].text",
    ),
}


@every_dialect
def test_wrong_type_names_the_path(dialect: str, live_portal: LivePortal) -> None:
    body, path = WRONG_TYPES[dialect]

    reply = post(live_portal, dialect, json=body)

    assert reply.status_code == 400
    assert path in message_of(dialect, reply)


class TestContent:
    @pytest.mark.parametrize(
        ("extra", "param"),
        [
            ({"n": 2}, "n"),
            ({"logprobs": True}, "logprobs"),
            ({"modalities": ["text", "audio"], "audio": {"voice": "a", "format": "wav"}}, "mod"),
        ],
    )
    def test_what_the_target_cannot_carry_is_refused_before_any_call(
        self, extra: dict[str, Any], param: str, live_portal: LivePortal
    ) -> None:
        body = {"model": "anthropic_messages/sim-small", "messages": MESSAGES, **extra}

        reply = post(live_portal, "openai_chat", json=body)

        assert reply.status_code == 400
        assert reply.headers["x-portal-attempts"] == "0"
        assert param in str(reply.json()["error"]["param"])

    def test_what_only_tunes_is_dropped_and_named(self, live_portal: LivePortal) -> None:
        body = {
            "model": "anthropic_messages/sim-small",
            "messages": MESSAGES,
            "seed": 7,
            "frequency_penalty": 0.5,
            "temperature": 1.5,
        }

        reply = post(live_portal, "openai_chat", json=body)

        assert reply.status_code == 200
        warnings = reply.headers["x-portal-warnings"]
        assert "seed" in warnings
        assert "frequency_penalty" in warnings
        assert "temperature: clamped to 1" in warnings

    @pytest.mark.parametrize(
        "state",
        [{"previous_response_id": "resp_1"}, {"conversation": "conv_1"}, {"background": True}],
    )
    def test_state_at_the_provider_is_refused(
        self, state: dict[str, Any], live_portal: LivePortal
    ) -> None:
        for model in ("openai_responses/sim-small", "openai_chat/sim-small"):
            body = {"model": model, "input": "Hello.", **state}

            reply = post(live_portal, "openai_responses", json=body)

            assert reply.status_code == 400
            assert next(iter(state)) in message_of("openai_responses", reply)


@every_dialect
@pytest.mark.parametrize("model", ["sim-html", "sim-garbage"])
def test_a_provider_that_answers_nonsense(
    dialect: str, model: str, live_portal: LivePortal
) -> None:
    for provider in ("openai_chat", "anthropic_messages"):
        name = f"{provider}/{model}"
        path = CHAT_PATHS[dialect].replace("openai_chat/sim-small", name)

        reply = post(live_portal, dialect, json={**BODIES[dialect], "model": name}, path=path)

        assert reply.status_code == 502
        assert "<html" not in message_of(dialect, reply)


@every_dialect
class TestPaths:
    def test_wrong_method(self, dialect: str, live_portal: LivePortal) -> None:
        headers = {"authorization": f"Bearer {live_portal.key}"}

        reply = httpx.put(live_portal.base_url + CHAT_PATHS[dialect], headers=headers)

        assert reply.status_code == 405
        assert "POST" in reply.headers["allow"]
        message_of(dialect, reply)

    def test_unknown_path(self, dialect: str, live_portal: LivePortal) -> None:
        root = CHAT_PATHS[dialect].split("/")[1]

        reply = httpx.post(f"{live_portal.base_url}/{root}/nothing/here", json={})

        assert reply.status_code == 404
        assert "nothing/here" in reply.json()["error"]["message"]


def test_azure_demands_an_api_version(live_portal: LivePortal) -> None:
    reply = post(live_portal, "azure_inference", path="/azure/chat/completions")

    assert reply.status_code == 400
    assert "api-version" in message_of("azure_inference", reply)


def test_half_a_request_harms_nobody(live_portal: LivePortal) -> None:
    with socket.create_connection(("127.0.0.1", live_portal.port), timeout=10) as connection:
        head = (
            "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n"
            f"authorization: Bearer {live_portal.key}\r\n\r\n" + '{"model"'
        )
        connection.sendall(head.encode())

    reply = post(live_portal, "openai_chat")

    assert reply.status_code == 200
    assert "Traceback" not in live_portal.log()


class TestConfiguration:
    """What an administrator does wrong, through `manage.py apply`."""

    def test_private_upstream_is_refused_with_the_setting_that_allows_it(
        self, live_portal: LivePortal
    ) -> None:
        for url in ("http://127.0.0.1:9/v1", "https://10.0.0.1/v1", "http://api.example.com/v1"):
            document = {
                "providers": [{"slug": "bad", "dialect": "openai_chat", "base_url": url}],
            }
            path = live_portal.home / "bad.yaml"
            path.write_text(json.dumps(document), encoding="utf-8")

            printed = live_portal.manage_failing("apply", str(path))

            assert "bad.yaml:1" in printed
            assert "PORTAL_PRIVATE_UPSTREAMS" in printed
