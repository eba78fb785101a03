"""A provider that costs next to nothing: OpenAI chat completions on one loop, raw HTTP/1.1.

The model's name says how it behaves: `mock-<delay_ms>` answers whole after a delay,
`mock-<delay_ms>-<events>-<gap_us>` streams. `python -m tests.bench.mock PORT`.
"""

import asyncio
import re
import sys

import uvloop
from typing_extensions import override

_MODEL = re.compile(rb'"model":\s*"mock-(\d+)(?:-(\d+)-(\d+))?"')
_LENGTH = re.compile(rb"\r\ncontent-length:\s*(\d+)", re.IGNORECASE)

_TEXT = "The answer of the mock. " * 30
_BODY = (
    b'{"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"mock",'
    b'"choices":[{"index":0,"message":{"role":"assistant","content":"'
    + _TEXT.encode()
    + b'","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":210,'
    b'"completion_tokens":180,"total_tokens":390}}'
)
_WHOLE = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(_BODY)
    + _BODY
)
_STREAM = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _event(delta: bytes, finish: bytes = b"null") -> bytes:
    return _chunk(
        b'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,'
        b'"model":"mock","choices":[{"index":0,"delta":'
        + delta
        + b',"finish_reason":'
        + finish
        + b"}]}\n\n"
    )


_PIECE = _event(b'{"content":"token "}')
_END = (
    _event(b"{}", b'"stop"')
    + _chunk(
        b'data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,'
        b'"model":"mock","choices":[],"usage":{"prompt_tokens":210,"completion_tokens":100,'
        b'"total_tokens":310}}\n\n'
    )
    + _chunk(b"data: [DONE]\n\n")
    + b"0\r\n\r\n"
)


class Provider(asyncio.Protocol):
    """One connection, requests one after the other."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.Transport
        self._tasks: set[asyncio.Task[None]] = set()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        for task in self._tasks:
            task.cancel()

    @override
    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._buffer, 0, end)
            size = end + 4 + (int(length[1]) if length else 0)
            if len(self._buffer) < size:
                return
            request, self._buffer = self._buffer[:size], self._buffer[size:]
            self._answer(request)

    def _answer(self, request: bytes) -> None:
        model = _MODEL.search(request)
        delay, events, gap = (int(x or 0) for x in model.groups()) if model else (0, 0, 0)
        if not delay and not events:
            self._transport.write(_WHOLE)
            return
        task = asyncio.get_running_loop().create_task(self._later(delay, events, gap))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _later(self, delay: int, events: int, gap: int) -> None:
        if delay:
            await asyncio.sleep(delay / 1000)
        if not events:
            self._transport.write(_WHOLE)
            return
        self._transport.write(_STREAM + _event(b'{"role":"assistant","content":""}'))
        for _ in range(events):
            if gap:
                await asyncio.sleep(gap / 1e6)
            self._transport.write(_PIECE)
        self._transport.write(_END)


async def main(port: int) -> None:
    """Serve until the process is told to end."""
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
