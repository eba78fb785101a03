"""Send bytes to a provider and hand back its answer: the only module that speaks HTTP.

It knows connections, timeouts, bounds and which addresses are allowed. It never sends anything
twice: whether a failed attempt may be repeated is the engine's decision, and `sent` on the error
tells it what is certain. Following a redirect would take a secret to another place: never done.
"""

import asyncio
import functools
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from functools import lru_cache
from io import BytesIO
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError
from typing_extensions import override
from yarl import URL

from apps.core.errors import InvalidInputError
from apps.providers import addresses
from apps.providers.errors import (
    ProviderConnectionError,
    ProviderError,
    ProviderProtocolError,
    ProviderTimeoutError,
)
from apps.providers.types import Headers, Timeouts, Upstream

_BAD_PATH = re.compile(r"[\x00-\x20\x7f\\#]|(?:^|/)\.{1,2}(?:/|\?|$)")
_BAD_HEADER = re.compile(r"[\r\n\0]")
# Above this size aiohttp wants a body that it can read piece by piece.
_LARGE_BODY = 512 * 1024
_OWN_HEADERS: Headers = (("accept-encoding", "identity"), ("user-agent", "portal"))


class Answer(Protocol):
    """A provider's answer; its headers are there, its body is read by one of two ways."""

    status: int

    @property
    def raw_headers(self) -> list[tuple[str, str]]:
        """As they came: order, case and repetitions kept."""
        ...

    @property
    def headers(self) -> dict[str, str]:
        """By lowercase name; the last of several counts."""
        ...

    async def read(self, limit: int) -> bytes:
        """The whole body. Raises ProviderProtocolError when it passes `limit` bytes."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes; nothing more is read while the caller does not ask."""
        ...

    def close(self) -> None:
        """Let go of the answer; the connection is cut at once unless the body was complete."""
        ...


class Transport(Protocol):
    """What the engine needs of HTTP."""

    async def send(self, request: Upstream) -> Answer:
        """Raises ProviderConnectionError, ProviderTimeoutError or ProviderProtocolError."""
        ...

    async def close(self) -> None:
        """Close the idle connections of the running event loop."""
        ...


class CheckedResolver(AbstractResolver):
    """Looks names up and gives only addresses that the portal may connect to."""

    def __init__(self, *, private: frozenset[str], inner: AbstractResolver | None = None) -> None:
        self._private = private
        self._inner = inner or aiohttp.ThreadedResolver()

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        authority = addresses.Origin("", host.lower().rstrip("."), port).authority
        listed = authority in self._private
        allowed: list[ResolveResult] = []
        refused = ""
        for result in found:
            address = addresses.literal(result["host"])
            if address is not None and addresses.is_allowed(address, listed=listed):
                allowed.append(result)
            elif address is not None:
                refused = addresses.refusal(authority, address)
        if not allowed:
            raise ForbiddenAddressError(refused or f"{host} has no usable address.")
        return allowed

    @override
    async def close(self) -> None:
        await self._inner.close()


class ForbiddenAddressError(OSError):
    """A name means no address that is allowed; travels through aiohttp as a failed look-up."""


class MalformedBodyError(aiohttp.ClientError):
    """The bytes after the headers are not valid HTTP."""


class Connection(ResponseHandler):
    """A connection that tells the reader of a body when the body cannot be parsed.

    Aiohttp's compiled parser tells only whoever waits for the next answer, so that a malformed
    chunk would leave its reader waiting until the total timeout.
    """

    @override
    def set_exception(self, exc: BaseException, *cause: Any, **named: Any) -> None:
        body = self._payload
        super().set_exception(exc, *cause, **named)
        if isinstance(exc, HttpProcessingError) and body is not None and not body.is_eof():
            body.set_exception(MalformedBodyError())


class AiohttpTransport:
    """The transport on aiohttp: one session for each event loop, made when first needed."""

    def __init__(
        self,
        *,
        private: frozenset[str] = frozenset(),
        max_connections: int = 4096,
        keepalive_s: float = 15.0,
        ssl_context: ssl.SSLContext | None = None,
        resolver: AbstractResolver | None = None,
    ) -> None:
        """`private`: the `host:port` entries that may be private or speak plain http.

        `max_connections` bounds one loop's open connections; a call waits for a free one within
        its connect timeout. `keepalive_s` must stay below what providers allow idle connections.
        """
        self._private = private
        self._max_connections = max_connections
        self._keepalive_s = keepalive_s
        self._ssl = ssl_context
        self._resolver = resolver
        self._sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = (
            WeakKeyDictionary()
        )
        self._address_of = lru_cache(maxsize=4096)(self._checked_url)

    async def send(self, request: Upstream) -> "AiohttpAnswer":
        """Send one request; returns when the headers of the answer are there."""
        call = request.request
        url = self._address_of(request.base_url, call.path)
        headers = (*_OWN_HEADERS, *call.headers, *request.extra_headers, *request.auth)
        _check_headers(headers)
        timeouts = request.timeouts
        body = call.body
        began = time.monotonic()
        try:
            async with asyncio.timeout(timeouts.first_byte_s):
                reply = await self._session().request(
                    call.method,
                    url,
                    data=BytesIO(body) if len(body) > _LARGE_BODY else body or None,
                    headers=headers,
                    timeout=_client_timeout(timeouts.connect_s, timeouts.total_s),
                    allow_redirects=False,
                )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            phase = "total" if time.monotonic() - began >= timeouts.total_s else "first_byte"
            raise _translated(error, phase) from error
        answer = AiohttpAnswer(reply, timeouts, began)
        _check_answer(answer)
        return answer

    async def close(self) -> None:
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None or session.closed:
            session = self._sessions[loop] = self._new_session()
        return session

    def _new_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=self._max_connections,
            limit_per_host=0,
            ttl_dns_cache=10,
            keepalive_timeout=self._keepalive_s,
            resolver=CheckedResolver(private=self._private, inner=self._resolver),
            ssl=self._ssl or True,
        )
        make: Callable[..., ResponseHandler] = Connection
        factory = functools.partial(make, loop=asyncio.get_running_loop())
        connector._factory = factory  # noqa: SLF001 - there is no public way
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept-Encoding", "Content-Type"),
            trust_env=False,
            max_line_size=16 * 1024,
            max_field_size=16 * 1024,
        )

    def _checked_url(self, base_url: str, path: str) -> URL:
        """Join and check; a URL with an IP literal never reaches the resolver, so it is here."""
        if _BAD_PATH.search(path) or not path.isascii():
            raise ProviderProtocolError("The path for the provider is not a safe URL.", sent=False)
        try:
            addresses.check_base_url(base_url, private=self._private)
        except InvalidInputError as error:
            raise ProviderConnectionError(error.message, sent=False) from error
        return URL(f"{base_url.rstrip('/')}/{path.lstrip('/')}", encoded=True)


class AiohttpAnswer:
    """An answer whose headers have come."""

    def __init__(self, reply: aiohttp.ClientResponse, timeouts: Timeouts, began: float) -> None:
        self.status = reply.status
        self._reply = reply
        self._deadline = began + timeouts.total_s
        self._headers: dict[str, str] | None = None
        if (connection := reply.connection) is not None and connection.protocol is not None:
            # From here on silence is measured; before, the wait for the headers was.
            connection.protocol.read_timeout = timeouts.idle_s
            connection.protocol.start_timeout()

    @property
    def raw_headers(self) -> list[tuple[str, str]]:
        return [
            (name.decode("latin-1"), value.decode("utf-8", "replace"))
            for name, value in self._reply.raw_headers
        ]

    @property
    def headers(self) -> dict[str, str]:
        if self._headers is None:
            self._headers = {name.lower(): value for name, value in self.raw_headers}
        return self._headers

    async def read(self, limit: int) -> bytes:
        announced = self._reply.content_length
        pieces: list[bytes] = []
        size = announced if announced is not None and announced > limit else 0
        if size <= limit:
            async for chunk in self.chunks():
                pieces.append(chunk)
                size += len(chunk)
                if size > limit:
                    break
        if size > limit:
            self.close()
            raise ProviderProtocolError(
                f"The provider's answer is larger than {limit} bytes.", status=self.status
            )
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def chunks(self) -> AsyncIterator[bytes]:
        content = self._reply.content
        complete = False
        try:
            while chunk := await content.readany():
                yield chunk
            complete = True
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            phase = "total" if time.monotonic() >= self._deadline else "idle"
            raise _translated(error, phase, reading=True) from error
        finally:
            if not complete:
                self.close()

    def close(self) -> None:
        connection = self._reply.connection
        if connection is not None and (wire := connection.transport) is not None:
            wire.abort()
        self._reply.close()


def _check_headers(headers: Headers) -> None:
    for name, value in headers:
        if _BAD_HEADER.search(value) or _BAD_HEADER.search(name):
            raise ProviderProtocolError(f"The header {name!r} holds a line break.", sent=False)


def _check_answer(answer: AiohttpAnswer) -> None:
    problem = ""
    if 300 <= answer.status < 400:
        problem = f"The provider answered {answer.status}, a redirect, which is never followed."
    elif answer.headers.get("content-encoding", "identity").lower() != "identity":
        problem = "The provider compressed its answer although that was not asked for."
    if problem:
        answer.close()
        raise ProviderProtocolError(problem, status=answer.status)


@lru_cache(maxsize=256)
def _client_timeout(connect_s: float, total_s: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=total_s, connect=connect_s)


_WAITED = {
    "connect": "The connection to the provider took too long.",
    "first_byte": "The provider did not begin to answer in time.",
    "idle": "The provider fell silent in the middle of its answer.",
    "total": "The provider did not finish its answer in time.",
}


def _translated(error: Exception, phase: str, *, reading: bool = False) -> ProviderError:
    """The portal's error for one of aiohttp's. `phase` is the timeout that is due by the clock."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return _timeout("connect", sent=False)
    if isinstance(error, TimeoutError):
        return _timeout(phase)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        text = str(error.os_error)
        if not isinstance(error.os_error, ForbiddenAddressError):
            text = "The provider's host name could not be resolved."
        return ProviderConnectionError(text, sent=False)
    if isinstance(error, aiohttp.ClientSSLError | aiohttp.ClientConnectorCertificateError):
        return ProviderConnectionError("The provider's TLS certificate failed.", sent=False)
    if isinstance(error, aiohttp.ClientConnectorError):
        return ProviderConnectionError("The provider refused the connection.", sent=False)
    if isinstance(error, aiohttp.InvalidURL):
        return ProviderConnectionError("The provider's URL is not valid.", sent=False)
    if isinstance(error, aiohttp.ClientResponseError | MalformedBodyError):
        return ProviderProtocolError("The provider's answer is not valid HTTP.")
    if isinstance(error, ValueError):
        return ProviderProtocolError("The request cannot be sent as HTTP.", sent=False)
    where = "in the middle of its answer" if reading else "before it answered"
    return ProviderConnectionError(f"The provider closed the connection {where}.")


def _timeout(phase: str, *, sent: bool = True) -> ProviderTimeoutError:
    error = ProviderTimeoutError(_WAITED[phase], sent=sent)
    error.phase = phase
    return error
