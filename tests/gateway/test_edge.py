"""Requests, replies and views of the data plane, by ASGI messages and by Django's URLconf."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.test import AsyncClient
from django.urls import path as django_path
from django.urls import reverse
from typing_extensions import override

from apps.core.errors import NotFoundError, TooLargeError
from apps.gateway.edge import EdgeReply, EdgeRequest, EdgeView, serve
from apps.providers.dialects import DIALECTS
from tests.gateway.requests import Client, ask, edge_request, scope


class Plain(EdgeView):
    """A view without a lock on its door; what it answers is set by each test."""

    authentication_classes = []
    permission_classes = []
    path = "v1/plain"
    dialect = DIALECTS["openai_chat"]

    async def get(self, request: EdgeRequest) -> EdgeReply:
        return EdgeReply(body=b'{"ok": true}', headers=[("X-One", "1")])

    async def post(self, request: EdgeRequest) -> EdgeReply:
        body = await request.read_body()
        return EdgeReply(body=json.dumps({"size": len(body)}).encode())


class Failing(Plain):
    @override
    async def post(self, request: EdgeRequest) -> EdgeReply:
        raise NotFoundError("nothing here", param="model")

    @override
    async def get(self, request: EdgeRequest) -> EdgeReply:
        raise KeyError("a secret detail")


class Streaming(Plain):
    """Streams until nobody reads any more."""

    def __init__(self) -> None:
        super().__init__()
        self.started = asyncio.Event()
        self.is_closed = False

    @override
    async def post(self, request: EdgeRequest) -> EdgeReply:
        await request.read_body()
        return EdgeReply(stream=self.events(), content_type="text/event-stream")

    async def events(self) -> AsyncIterator[bytes]:
        try:
            yield b"data: 1\n\n"
            self.started.set()
            await asyncio.Event().wait()
            yield b"never"
        finally:
            self.is_closed = True


class Waiting(Plain):
    """Waits for a provider that never answers."""

    def __init__(self) -> None:
        super().__init__()
        self.started = asyncio.Event()
        self.is_cancelled = False

    @override
    async def post(self, request: EdgeRequest) -> EdgeReply:
        await request.read_body()
        self.started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.is_cancelled = True
            raise
        raise AssertionError("unreachable")


class TestMethods:
    async def test_get(self) -> None:
        client = await ask("GET", "/v1/plain", view=Plain())

        assert (client.status, client.json) == (200, {"ok": True})
        assert client.headers["x-one"] == "1"
        assert client.headers["x-request-id"].startswith("req_")

    async def test_head_is_get_without_its_body(self) -> None:
        client = await ask("HEAD", "/v1/plain", view=Plain())

        assert (client.status, client.body) == (200, b"")
        assert client.headers["content-length"] == "12"

    async def test_options_says_what_is_allowed(self) -> None:
        client = await ask("OPTIONS", "/v1/plain", view=Plain())

        assert (client.status, client.body) == (204, b"")
        assert client.headers["allow"] == "GET, HEAD, POST, OPTIONS"
        assert "content-type" not in client.headers

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "BREW"])
    async def test_others_are_405(self, method: str) -> None:
        client = await ask(method, "/v1/plain", view=Plain())

        assert client.status == 405
        assert client.headers["allow"] == "GET, HEAD, POST, OPTIONS"
        assert method in client.json["error"]["message"]


class TestErrors:
    async def test_a_deliberate_one_is_told_in_the_dialects_shape(self) -> None:
        client = await ask("POST", "/v1/plain", view=Failing())

        assert client.status == 404
        assert client.json["error"]["message"] == "nothing here"

    async def test_any_other_is_500_without_its_details(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.ERROR):
            client = await ask("GET", "/v1/plain", view=Failing())

        assert client.status == 500
        assert b"secret detail" not in client.body
        assert "data plane failure" in caplog.text

    async def test_the_dialects_own_request_id_is_there_too(self) -> None:
        client = await ask("POST", "/v1/messages", headers={"authorization": "Bearer"})

        assert client.status == 401
        assert client.headers["request-id"] == client.headers["x-request-id"]


class TestReadBody:
    async def test_joins_the_pieces(self) -> None:
        request = edge_request(
            messages=[
                {"type": "http.request", "body": b"ab", "more_body": True},
                {"type": "http.request", "body": b"", "more_body": True},
                {"type": "http.request", "body": b"c", "more_body": False},
            ]
        )

        assert await request.read_body() == b"abc"
        request.stop_watching()

    async def test_an_announced_length_is_refused_before_a_byte_is_read(
        self, settings: Any
    ) -> None:
        settings.PORTAL_MAX_BODY_BYTES = 10
        request = edge_request(headers={"content-length": "11"}, messages=[])

        with pytest.raises(TooLargeError):
            await asyncio.wait_for(request.read_body(), 1)

    @pytest.mark.parametrize("pieces", [1, 3, 11])
    async def test_an_unannounced_length_is_refused_when_it_is_passed(
        self, pieces: int, settings: Any
    ) -> None:
        settings.PORTAL_MAX_BODY_BYTES = 10
        size = 11 // pieces + 1
        endless = [{"type": "http.request", "body": b"x" * size, "more_body": True}] * pieces
        request = edge_request(messages=[*endless, {"type": "http.request", "body": b"x" * 11}])

        with pytest.raises(TooLargeError):
            await asyncio.wait_for(request.read_body(), 1)

    async def test_the_limit_itself_is_accepted(self, settings: Any) -> None:
        settings.PORTAL_MAX_BODY_BYTES = 10
        request = edge_request(messages=[{"type": "http.request", "body": b"x" * 10}])

        assert len(await request.read_body()) == 10
        request.stop_watching()

    async def test_a_client_that_leaves_half_way_ends_the_request_in_silence(self) -> None:
        client = Client([{"type": "http.request", "body": b"{", "more_body": True}])
        client.leave()

        await serve(Plain(), {}, scope("POST", "/v1/plain"), client.receive, client.send)

        assert client.sent == []


class TestLeaving:
    async def test_stops_the_work_that_is_waited_for(self) -> None:
        client, view = Client([{"type": "http.request", "body": b"{}"}]), Waiting()
        task = asyncio.create_task(
            serve(view, {}, scope("POST", "/v1/plain"), client.receive, client.send)
        )
        await view.started.wait()

        client.leave()
        await asyncio.wait_for(task, 5)

        assert view.is_cancelled
        assert client.sent == []

    async def test_closes_the_stream(self) -> None:
        client, view = Client([{"type": "http.request", "body": b"{}"}]), Streaming()
        task = asyncio.create_task(
            serve(view, {}, scope("POST", "/v1/plain"), client.receive, client.send)
        )
        await view.started.wait()

        client.leave()
        await asyncio.wait_for(task, 5)

        assert view.is_closed
        assert client.body == b"data: 1\n\n"

    async def test_a_send_that_fails_closes_the_stream(self) -> None:
        client, view = Client([{"type": "http.request", "body": b"{}"}]), Streaming()

        async def broken(message: Any) -> None:
            raise OSError("the connection is gone")

        with pytest.raises(OSError, match="gone"):
            await serve(view, {}, scope("POST", "/v1/plain"), client.receive, broken)

        assert view.is_closed

    async def test_a_server_that_stops_is_not_taken_for_a_client_that_leaves(self) -> None:
        client, view = Client([{"type": "http.request", "body": b"{}"}]), Waiting()
        task = asyncio.create_task(
            serve(view, {}, scope("POST", "/v1/plain"), client.receive, client.send)
        )
        await view.started.wait()

        task.cancel()

        with pytest.raises(asyncio.CancelledError):
            await task

    async def test_nobody_watches_when_the_answer_is_complete(self) -> None:
        before = asyncio.all_tasks()

        await ask("POST", "/v1/plain", view=Plain())
        await asyncio.sleep(0)

        assert asyncio.all_tasks() == before


urlpatterns = [
    django_path("v1/plain", Plain.as_view(), name="plain"),
    django_path("v1/failing", Failing.as_view()),
    django_path("v1/short/<path:model>", Plain.as_view()),
]


@pytest.mark.urls(__name__)
class TestBehindDjango:
    async def test_is_the_same_view(self) -> None:
        got = await AsyncClient().get("/v1/plain")
        posted = await AsyncClient().post(
            "/v1/plain", data=b"12345", content_type="application/json"
        )

        assert (got.json(), got.headers["x-one"]) == ({"ok": True}, "1")
        assert posted.json() == {"size": 5}

    async def test_has_the_same_errors(self) -> None:
        missing = await AsyncClient().post(
            "/v1/failing", data=b"{}", content_type="application/json"
        )
        method = await AsyncClient().put("/v1/plain")

        assert (missing.status_code, missing.json()["error"]["message"]) == (404, "nothing here")
        assert (method.status_code, method.headers["allow"]) == (405, "GET, HEAD, POST, OPTIONS")


def test_every_operation_has_a_place_in_the_urlconf() -> None:
    assert reverse("gateway:ChatCompletions") == "/v1/chat/completions"
    assert reverse("gateway:GeminiModel", args=["a/b:generateContent"]) == (
        "/v1beta/models/a/b:generateContent"
    )
