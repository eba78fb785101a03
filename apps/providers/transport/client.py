"""The transport on aiohttp."""

import asyncio
import functools
import re
import ssl
from collections.abc import Callable
from functools import lru_cache
from io import BytesIO
from weakref import WeakKeyDictionary

import aiohttp
from aiohttp.abc import AbstractResolver
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from apps.core.errors import InvalidInputError
from apps.providers import addresses
from apps.providers.errors import ProviderConnectionError, ProviderProtocolError
from apps.providers.transport.answer import AiohttpAnswer, Connection
from apps.providers.transport.failures import translated
from apps.providers.transport.resolver import CheckedResolver
from apps.providers.types import Headers, Upstream

_BAD_PATH = re.compile(r"[\x00-\x20\x7f\\#]|(?:^|/)\.{1,2}(?:/|\?|$)")
_BAD_HEADER = re.compile(r"[\r\n\0]")
# Above this size aiohttp wants a body that it can read piece by piece.
_LARGE_BODY = 512 * 1024
_OWN_HEADERS: Headers = (("accept-encoding", "identity"), ("user-agent", "portal"))


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

    async def send(self, request: Upstream) -> AiohttpAnswer:
        """Send one request; returns when the headers of the answer are there."""
        call = request.request
        url = self._address_of(request.base_url, call.path)
        headers = (*_OWN_HEADERS, *call.headers, *request.extra_headers, *request.auth)
        _check_headers(headers)
        timeouts = request.timeouts
        body = call.body
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeouts.total_s
        try:
            async with asyncio.timeout(min(timeouts.first_byte_s, timeouts.total_s)):
                reply = await self._session().request(
                    call.method,
                    url,
                    data=BytesIO(body) if len(body) > _LARGE_BODY else body or None,
                    headers=headers,
                    timeout=_client_timeout(timeouts.connect_s),
                    allow_redirects=False,
                )
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            phase = "first_byte" if timeouts.first_byte_s <= timeouts.total_s else "total"
            raise translated(error, phase) from error
        answer = AiohttpAnswer(reply, timeouts.idle_s, deadline, loop)
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


def _check_headers(headers: Headers) -> None:
    if _BAD_HEADER.search("".join([part for header in headers for part in header])):
        raise ProviderProtocolError("A header for the provider holds a line break.", sent=False)


def _check_answer(answer: AiohttpAnswer) -> None:
    problem = ""
    if 300 <= answer.status < 400:
        problem = f"The provider answered {answer.status}, a redirect, which is never followed."
    elif answer.encoding != "identity":
        problem = "The provider compressed its answer although that was not asked for."
    if problem:
        answer.close()
        raise ProviderProtocolError(problem, status=answer.status)


@lru_cache(maxsize=256)
def _client_timeout(connect_s: float) -> aiohttp.ClientTimeout:
    # The other limits are ours: aiohttp would time each of its steps anew.
    return aiohttp.ClientTimeout(total=None, connect=connect_s)
