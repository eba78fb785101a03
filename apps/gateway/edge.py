"""Requests, replies and views of the data plane.

A view is a DRF view by declaration (authentication and permission classes, schema), made once and
run inline on the event loop: what it does before the engine touches memory only. The ASGI door
is `serve`; `as_view` is the same view behind Django's URLconf, for the schema and the test client.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from rest_framework.views import APIView
from typing_extensions import override

from apps.core.errors import (
    InvalidInputError,
    MethodNotAllowedError,
    PortalError,
    TooLargeError,
)
from apps.core.ids import new_id
from apps.gateway.authentication import ApiKeyAuthentication, HasScope
from apps.inference.relay import StreamCutError
from apps.providers.dialects.base import Dialect

logger = logging.getLogger(__name__)
_DIALECT_HEADERS = ("content-type", "anthropic-version", "anthropic-beta", "extra-parameters")

Headers = list[tuple[str, str]]


@dataclass(slots=True)
class EdgeReply:
    """What goes back: a whole body, or the pieces of one as they come."""

    body: bytes = b""
    status: int = 200
    headers: Headers = field(default_factory=list)
    content_type: str = "application/json"
    stream: AsyncIterator[bytes] | None = None


class EdgeRequest:
    """One request of the data plane. Header names are lowercase; `auth` is the principal."""

    __slots__ = (
        "_receive",
        "_watcher",
        "auth",
        "client_left",
        "headers",
        "method",
        "params",
        "path",
        "query",
        "request_id",
        "user",
    )

    def __init__(
        self,
        *,
        method: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        params: Mapping[str, str],
        receive: Any,
    ) -> None:
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.params = params
        self.request_id = new_id("req")
        self.auth: Any = None
        self.user: Any = None
        self.client_left = False
        self._receive = receive
        self._watcher: asyncio.Task[None] | None = None

    @property
    def dialect_headers(self) -> Mapping[str, str]:
        """The headers that a dialect has a use for; credentials stay here."""
        headers = self.headers
        return {name: headers[name] for name in _DIALECT_HEADERS if name in headers}

    async def read_body(self) -> bytes:
        """The whole body, at most PORTAL_MAX_BODY_BYTES; from then on a leaving client is seen.

        When the client leaves, the task that reads is cancelled and `client_left` is set.

        Raises:
            TooLargeError: the body is larger than allowed.
        """
        limit = settings.PORTAL_MAX_BODY_BYTES
        if (coding := self.headers.get("content-encoding", "identity")).lower() != "identity":
            raise InvalidInputError(
                f"Content-Encoding {coding[:40]!r} is not read; send the body as it is."
            )
        if int(self.headers.get("content-length") or 0) > limit:
            raise _too_large(limit)
        first = await self._receive()
        body = first.get("body", b"")
        if first.get("more_body", False):
            body = await self._read_rest(body, limit)
        if len(body) > limit:
            raise _too_large(limit)
        self._watcher = asyncio.create_task(self._watch(asyncio.current_task()))
        return bytes(body)

    async def _read_rest(self, first: bytes, limit: int) -> bytearray:
        body = bytearray(first)
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.client_left = True
                raise asyncio.CancelledError
            body += message.get("body", b"")
            if len(body) > limit:
                raise _too_large(limit)
            if not message.get("more_body", False):
                return body

    async def _watch(self, task: asyncio.Task[Any] | None) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.client_left = True
        if task is not None:
            task.cancel()

    def stop_watching(self) -> None:
        """The answer is complete: whether the client stays is of no interest any more."""
        if self._watcher is not None:
            self._watcher.cancel()


class EdgeView(APIView):
    """Base of every data-plane view.

    A subclass names its `dialect` (the shape of its errors), the `scope` that it needs, and has
    coroutine methods named after the HTTP methods that it answers.
    """

    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [HasScope]
    path: ClassVar[str]
    scope: ClassVar[str] = ""
    read_scope: ClassVar[str] = "models:read"
    dialect: ClassVar[Dialect]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._authenticators: list[Any] = [cls() for cls in self.authentication_classes]
        self._permissions: list[Any] = [cls() for cls in self.permission_classes]
        names = (("GET", "get"), ("HEAD", "get"), ("POST", "post"))
        self._handlers = {m: getattr(self, name) for m, name in names if hasattr(self, name)}

    async def handle(self, request: EdgeRequest) -> EdgeReply:
        """Answer one request. Raises nothing but CancelledError: errors are rendered."""
        reply = await self._answer(request)
        if (name := self.dialect.request_id_header) != "x-request-id":
            reply.headers.append((name, request.request_id))
        return reply

    async def _answer(self, request: EdgeRequest) -> EdgeReply:
        try:
            handler = self._handlers.get(request.method)
            if handler is None:
                return self.wrong_method(request)
            await self.admit(request)
            reply: EdgeReply = await handler(request)
        except PortalError as error:
            return self.render_error(error, request)
        except Exception:
            logger.exception("data plane failure", extra={"request_id": request.request_id})
            return self.render_error(_internal_error(), request)
        return reply

    async def admit(self, request: EdgeRequest) -> None:
        """Know the caller and what the credential allows, before a byte of the body is read."""
        for authenticator in self._authenticators:
            request.user, request.auth = await authenticator.admit(request)
        for permission in self._permissions:
            permission.has_permission(request, self)

    def needed_scope(self, request: EdgeRequest) -> str:
        """The scope that this request needs."""
        return self.scope if request.method == "POST" else self.read_scope

    def render_error(self, error: PortalError, request: EdgeRequest) -> EdgeReply:
        """The error in the shape of the dialect that the caller speaks."""
        return self.render_error_as(self.dialect, error, request)

    def render_error_as(
        self, dialect: Dialect, error: PortalError, request: EdgeRequest
    ) -> EdgeReply:
        """The error in the shape of a dialect."""
        rendered = dialect.inbound.render_error(error, request_id=request.request_id)
        return EdgeReply(
            body=rendered.body,
            status=rendered.status,
            headers=list(rendered.headers),
            content_type=rendered.content_type,
        )

    def wrong_method(self, request: EdgeRequest) -> EdgeReply:
        """405 with `Allow` (RFC 9110 section 15.5.6), or the answer to OPTIONS."""
        methods = list(self._handlers)
        allow = ("Allow", ", ".join([*methods, "OPTIONS"]))
        if request.method == "OPTIONS":
            return EdgeReply(status=204, headers=[allow])
        reply = self.render_error(
            MethodNotAllowedError(f"Use {' or '.join(methods)} here, not {request.method}."),
            request,
        )
        reply.headers.append(allow)
        return reply

    @override
    async def dispatch(  # type: ignore[override]
        self, request: HttpRequest, *args: Any, **kwargs: str
    ) -> HttpResponseBase:
        """The same view behind Django's URLconf."""
        reply = await self.handle(_from_django(request, kwargs))
        response: HttpResponseBase
        if reply.stream is not None:
            response = StreamingHttpResponse(reply.stream, content_type=reply.content_type)
        else:
            response = HttpResponse(reply.body, content_type=reply.content_type)
        response.status_code = reply.status
        for name, value in reply.headers:
            response[name] = value
        return response


async def serve(
    view: EdgeView, params: Mapping[str, str], scope: Mapping[str, Any], receive: Any, send: Any
) -> None:
    """Answer one ASGI request; a client that leaves stops the work at once."""
    request = EdgeRequest(
        method=scope["method"],
        path=scope["path"],
        query=dict(parse_qsl(scope["query_string"].decode("latin-1"))),
        headers=_read_headers(scope["headers"]),
        params=params,
        receive=receive,
    )
    try:
        reply = await view.handle(request)
        await _send(reply, request, send)
    except asyncio.CancelledError:
        if not request.client_left:
            raise
    finally:
        request.stop_watching()


def _read_headers(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lowercase name; several of one name are one list (RFC 9110 section 5.3)."""
    headers = {name.decode("latin-1"): value.decode("latin-1").strip() for name, value in raw}
    if len(headers) < len(raw):
        headers = {}
        for name, value in ((n.decode("latin-1"), v.decode("latin-1").strip()) for n, v in raw):
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


async def _send(reply: EdgeReply, request: EdgeRequest, send: Any) -> None:
    headers = [
        (k.lower().encode("latin-1"), v.encode("latin-1", "replace")) for k, v in reply.headers
    ]
    headers.append((b"x-request-id", request.request_id.encode()))
    if reply.status != 204:
        headers.append((b"content-type", reply.content_type.encode("latin-1")))
    if reply.stream is None:
        headers.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        body = b"" if request.method == "HEAD" else reply.body
        await send({"type": "http.response.body", "body": body})
        return
    try:
        # Begun before anything else can be cancelled: only what has begun is closed for certain.
        first = await anext(reply.stream, b"")
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": first, "more_body": True})
        async for piece in reply.stream:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
    except StreamCutError:
        return  # without the last chunk, at which the server breaks the connection
    finally:
        await reply.stream.aclose()  # type: ignore[attr-defined]
    await send({"type": "http.response.body", "body": b""})


def _from_django(request: HttpRequest, params: Mapping[str, str]) -> EdgeRequest:
    messages = iter([{"type": "http.request", "body": request.body, "more_body": False}])

    async def receive() -> Mapping[str, Any]:
        for message in messages:
            return message
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    return EdgeRequest(
        method=request.method or "GET",
        path=request.path,
        query=request.GET.dict(),
        headers={name.lower(): value for name, value in request.headers.items()},
        params=params,
        receive=receive,
    )


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"The request body is larger than the {limit} bytes that are accepted.")


def _internal_error() -> PortalError:
    return PortalError("The portal failed to answer; its log has the reason under the request id.")
