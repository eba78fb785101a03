"""Put an answer on the socket, at its pace and with the faults that were asked for."""

import asyncio

from aiohttp import web

from apps.providers.simulator.exchange import Dialect, Incoming, SimError, Stream, Whole
from apps.providers.simulator.faults import Fault
from apps.providers.simulator.log import Entry

HANG_POLL_S = 0.1


class Sender:
    """Sends one answer and notes in the log what became of it."""

    def __init__(self, request: web.Request, entry: Entry, fault: Fault, pace_ms: int) -> None:
        self._request = request
        self._entry = entry
        self._fault = fault
        self._pace_s = (pace_ms if fault.pace_ms is None else fault.pace_ms) / 1000

    async def whole(self, reply: Whole, headers: dict[str, str]) -> web.StreamResponse:
        """Send a complete answer."""
        self._entry.status = reply.status
        headers = {**headers, **reply.headers, "content-type": reply.media_type}
        if self._fault.cut_after is None and self._fault.hang_after is None:
            self._entry.sent_bytes = len(reply.body)
            return web.Response(body=reply.body, status=reply.status, headers=headers)
        response = web.StreamResponse(status=reply.status, headers=headers)
        response.content_length = len(reply.body)
        await self._prepare(response)
        if await self._write(response, reply.body):
            await response.write_eof()
        return response

    async def stream(
        self, reply: Stream, headers: dict[str, str], dialect: Dialect, incoming: Incoming
    ) -> web.StreamResponse:
        """Send events one by one."""
        self._entry.status = 200
        response = web.StreamResponse(headers={**headers, "content-type": reply.media_type})
        response.headers["cache-control"] = "no-cache"
        await self._prepare(response)
        for event in reply.events:
            if self._entry.sent_events == self._fault.midstream_after:
                problem = SimError(500, "[simulated] The stream broke because it was asked to.")
                await self._write(response, dialect.stream_error(incoming, problem))
                break
            if self._pace_s and self._entry.sent_events:
                await asyncio.sleep(self._pace_s)
            if not await self._write(response, event):
                return response
            self._entry.sent_events += 1
        await response.write_eof()
        return response

    async def hang(self) -> None:
        """Keep silent until the client leaves; the server then cancels this, or it is seen here."""
        while self._request.transport is not None:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(HANG_POLL_S)
        self._entry.left_early = True

    def hang_up(self) -> None:
        """Close the connection from this side, after what was written has left."""
        if self._request.transport is not None:
            self._request.transport.close()

    async def _prepare(self, response: web.StreamResponse) -> None:
        if self._fault.cut_after == 0:
            self.hang_up()
        await response.prepare(self._request)

    async def _write(self, response: web.StreamResponse, data: bytes) -> bool:
        """Write as much as the fault allows; False when the connection is over."""
        limits = [self._fault.cut_after, self._fault.hang_after]
        limit = min((limit for limit in limits if limit is not None), default=None)
        left = len(data) if limit is None else limit - self._entry.sent_bytes
        part = data[:left]
        if part:
            await response.write(part)
            self._entry.sent_bytes += len(part)
        if limit is None or left >= len(data):
            return True
        if limit == self._fault.hang_after:
            await self.hang()
        else:
            self.hang_up()
        return False
