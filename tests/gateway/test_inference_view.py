"""From the socket's bytes to the engine and back, for every dialect."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from apps.access.keys import digest_of
from apps.access.ring import RING, Entry, KeyRing
from apps.core.errors import InvalidInputError
from apps.gateway.operations.chat_completions import ChatCompletions
from apps.gateway.operations.messages import Messages
from apps.providers.errors import (
    ProviderAuthError,
    ProviderOverloadedError,
    ProviderRateLimitError,
    ProviderRejectedError,
)
from tests.gateway.requests import PRINCIPAL, ask, edge_request
from tests.inference.calls import (
    BODIES,
    CHAT_REPLY,
    FakeTransport,
    make_entry,
    make_target,
    streamed,
    whole,
)
from tests.inference.conftest import Kept, kept, publish

__all__ = ["kept", "publish"]  # fixtures

TOKEN = "ptl_any"
HEADERS = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}
PATHS = {
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "anthropic_messages": "/v1/messages",
    "gemini_generate": "/v1beta/models/fast:generateContent",
    "azure_inference": "/azure/chat/completions",
}
Publish = Callable[..., FakeTransport]
UNAUTHORIZED = {"error": {"message": "Incorrect API key provided: sk-s3cret", "code": "x"}}


@pytest.fixture(autouse=True)
def _let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RING, "_value", KeyRing([(digest_of(TOKEN), Entry(PRINCIPAL))]))


def body_of(dialect: str, **fields: Any) -> bytes:
    return json.dumps({"model": "fast", **BODIES[dialect], **fields}).encode()


@pytest.mark.parametrize("dialect", PATHS)
class TestPost:
    async def test_answers_in_the_callers_dialect(
        self, dialect: str, publish: Publish, kept: Kept
    ) -> None:
        publish(make_entry(), whole())

        client = await ask(
            "POST", PATHS[dialect], headers=HEADERS, body=body_of(dialect), query="api-version=x"
        )

        assert client.status == 200
        assert b"Hello, caller." in client.body
        assert client.headers["x-portal-attempts"] == "1"
        assert client.headers["x-portal-cost-usd"] == "0.000030"
        assert client.headers["x-request-id"] == kept.calls[0].id
        assert int(client.headers["content-length"]) == len(client.body)

    async def test_streams_in_the_callers_dialect(
        self, dialect: str, publish: Publish, kept: Kept
    ) -> None:
        publish(make_entry(), streamed())
        path = PATHS[dialect].replace("generateContent", "streamGenerateContent")

        client = await ask(
            "POST",
            path,
            headers=HEADERS,
            body=body_of(dialect, stream=True),
            query="api-version=x&alt=sse",
        )

        assert client.status == 200
        assert client.headers["content-type"] == "text/event-stream"
        assert "content-length" not in client.headers
        assert client.sent[-1] == {"type": "http.response.body", "body": b""}
        assert b"data: " in client.body
        assert kept.calls[0].state == "done"

    async def test_a_credential_of_ours_that_is_refused_is_no_401_of_the_callers(
        self, dialect: str, publish: Publish, kept: Kept
    ) -> None:
        publish(make_entry(), whole(UNAUTHORIZED, status=401))

        client = await ask(
            "POST", PATHS[dialect], headers=HEADERS, body=body_of(dialect), query="api-version=x"
        )

        assert client.status == 502
        assert "www-authenticate" not in client.headers
        assert client.headers["x-portal-attempts"] == "1"

    async def test_retry_after_is_kept(self, dialect: str, publish: Publish, kept: Kept) -> None:
        limited = whole(
            {"error": {"message": "slow down"}}, status=429, headers=(("retry-after", "17"),)
        )
        publish(make_entry(), limited)

        client = await ask(
            "POST", PATHS[dialect], headers=HEADERS, body=body_of(dialect), query="api-version=x"
        )

        assert client.status == 429
        assert client.headers["retry-after"] == "17"


class TestGemini:
    async def test_without_sse_a_stream_is_an_array(self, publish: Publish, kept: Kept) -> None:
        publish(make_entry(), streamed())

        client = await ask(
            "POST",
            "/v1beta/models/fast:streamGenerateContent",
            headers=HEADERS,
            body=body_of("gemini_generate"),
        )

        parts = [part["candidates"][0]["content"] for part in client.json if part.get("candidates")]
        assert client.headers["content-type"] == "application/json"
        assert "".join(p["text"] for c in parts for p in c.get("parts", [])) == "Hello, cäller."

    async def test_an_odd_alt_is_refused(self, publish: Publish, kept: Kept) -> None:
        publish(make_entry())

        client = await ask("POST", PATHS["gemini_generate"], headers=HEADERS, query="alt=proto")

        assert client.status == 400
        assert "alt" in client.json["error"]["message"]


class TestOpenCall:
    def test_takes_what_the_portals_headers_say(self) -> None:
        request = edge_request(
            headers={"x-session-id": "s-1", "x-portal-timeout-s": "2.5", "user-agent": "u" * 300}
        )
        view = ChatCompletions()

        call = view.open_call(request, view.read_incoming(request, body_of("openai_chat")))

        assert (call.session, call.timeout_s, call.user_agent) == ("s-1", 2.5, "u" * 200)
        assert (call.scope, call.principal) == ("inference:call", PRINCIPAL)
        assert call.request_id == request.request_id

    @pytest.mark.parametrize("text", ["0", "-1", "soon", "3601", "nan", "inf", ""])
    def test_refuses_a_timeout_that_is_none(self, text: str) -> None:
        request = edge_request(headers={"x-portal-timeout-s": text})
        view = ChatCompletions()

        with pytest.raises(InvalidInputError, match="X-Portal-Timeout-S"):
            view.open_call(request, view.read_incoming(request, body_of("openai_chat")))


class TestRenderError:
    """The provider's own words pass to callers of its dialect, where the fault is theirs."""

    WORDS = b'{"error": {"message": "max_tokens is too large", "odd": 1}}'

    @pytest.mark.parametrize("kind", [ProviderRejectedError, ProviderRateLimitError])
    def test_pass_in_the_same_dialect(self, kind: type[ProviderRejectedError]) -> None:
        error = kind("no", status=422, body=self.WORDS)
        error.dialect = "openai_chat"

        reply = ChatCompletions().render_error(error, edge_request())

        assert (reply.status, reply.body) == (422, self.WORDS)

    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            (ProviderAuthError, WORDS),
            (ProviderOverloadedError, WORDS),
            (ProviderRejectedError, b"<html>no</html>"),
            (ProviderRejectedError, b"\xff"),
            (ProviderRejectedError, b"[1]"),
            (ProviderRejectedError, b""),
        ],
    )
    def test_are_told_in_the_portals_words_otherwise(
        self, kind: type[ProviderRejectedError], body: bytes
    ) -> None:
        error = kind("no", status=422, body=body)
        error.dialect = "openai_chat"

        reply = ChatCompletions().render_error(error, edge_request())

        assert json.loads(reply.body)["error"]["message"] == "no"

    def test_do_not_pass_to_another_dialect(self) -> None:
        error = ProviderRejectedError("no", status=422, body=self.WORDS)
        error.dialect = "openai_chat"

        reply = Messages().render_error(error, edge_request(path="/v1/messages"))

        assert json.loads(reply.body)["type"] == "error"


async def test_the_next_target_of_another_dialect_gives_its_own_error(
    publish: Publish, kept: Kept
) -> None:
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    publish(
        make_entry(make_target(1), make_target(2, "anthropic_messages")),
        whole({**CHAT_REPLY, "error": {"message": "no"}}, status=500),
        whole(overloaded, status=529),
    )

    client = await ask("POST", PATHS["openai_chat"], headers=HEADERS, body=body_of("openai_chat"))

    assert client.status == 503
    assert client.headers["x-portal-attempts"] == "2"
    assert client.json["error"]["message"] == "busy"
