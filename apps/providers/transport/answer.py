"""An answer whose headers have come, and the connection that it comes on."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import HttpProcessingError
from typing_extensions import override

from apps.providers.errors import ProviderProtocolError
from apps.providers.transport.failures import MalformedBodyError, TotalTimeoutError, translated


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


class AiohttpAnswer:
    """An answer whose headers have come."""

    def __init__(
        self,
        reply: aiohttp.ClientResponse,
        idle_s: float,
        deadline: float,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.status = reply.status
        self._reply = reply
        self._raw_headers: list[tuple[str, str]] | None = None
        self._timer: asyncio.TimerHandle | None = None
        connection = reply.connection
        # None: the body came with the headers, and there is nothing to wait for.
        if connection is not None and connection.protocol is not None:
            # From here on silence is measured; before, the wait for the headers was.
            connection.protocol.read_timeout = idle_s
            connection.protocol.start_timeout()
            late = TotalTimeoutError()
            self._timer = loop.call_at(deadline, reply.content.set_exception, late)

    @property
    def encoding(self) -> str:
        """How the body is compressed; `identity` when it is not."""
        return self._reply.headers.get("content-encoding", "identity").lower()

    @property
    def raw_headers(self) -> list[tuple[str, str]]:
        if self._raw_headers is None:
            self._raw_headers = [
                (name.decode("latin-1"), value.decode("utf-8", "replace"))
                for name, value in self._reply.raw_headers
            ]
        return self._raw_headers

    @property
    def headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.raw_headers}

    async def read(self, limit: int) -> bytes:
        announced = self._reply.content_length
        size = announced if announced is not None and announced > limit else 0
        pieces: list[bytes] = []
        while size <= limit and (piece := await self._next()):
            pieces.append(piece)
            size += len(piece)
        if size > limit:
            self.close()
            raise ProviderProtocolError(
                f"The provider's answer is larger than {limit} bytes.", status=self.status
            )
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def chunks(self) -> AsyncIterator[bytes]:
        complete = False
        try:
            while piece := await self._next():
                yield piece
            complete = True
        finally:
            if not complete:
                self.close()

    async def _next(self) -> bytes:
        """The next piece of the body; empty at its end. Whatever goes wrong closes the answer."""
        try:
            piece = await self._reply.content.readany()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self.close()
            phase = "total" if isinstance(error, TotalTimeoutError) else "idle"
            raise translated(error, phase, reading=True) from error
        except BaseException:
            self.close()
            raise
        if not piece:
            self._stop_timer()
        return piece

    def close(self) -> None:
        self._stop_timer()
        connection = self._reply.connection
        if connection is not None and (wire := connection.transport) is not None:
            wire.abort()
        self._reply.close()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
