"""A closed-loop load generator: N connections, each sends its next request when answered.

`python -m tests.bench.load PORT PATH KEY MODEL CONNECTIONS SECONDS STREAM` prints one JSON line.
"""

import asyncio
import json
import sys
import time
from typing import Any

import uvloop
from typing_extensions import override

_PROMPT = "Tell me something about benchmarks that is worth knowing. " * 14


def request_bytes(port: int, path: str, key: str, model: str, *, stream: bool) -> bytes:
    """One request of about 1 KB."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [
            {"role": "system", "content": "You are terse."},
            {"role": "user", "content": _PROMPT},
        ],
        "temperature": 0.2,
    }
    if stream:
        body["stream"] = True
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {key}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


class Caller(asyncio.Protocol):
    """One connection of the closed loop."""

    def __init__(self, request: bytes, tally: "Tally") -> None:
        self._request = request
        self._tally = tally
        self._buffer = b""
        self._transport: asyncio.Transport
        self._sent_at = 0.0
        self._first = False

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self._send()

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        self._first = True
        self._transport.write(self._request)

    @override
    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if self._first and b"data:" in data:
            self._tally.first_event.append(now - self._sent_at)
            self._first = False
        self._tally.events += data.count(b"data:")
        self._buffer += data
        if not _is_whole(self._buffer):
            return
        if not self._buffer.startswith(b"HTTP/1.1 200"):
            self._tally.errors += 1
            self._tally.sample = self._buffer[:300].decode("latin-1")
        self._buffer = b""
        self._tally.latencies.append(now - self._sent_at)
        if self._tally.running:
            self._send()
        else:
            self._transport.close()


class Tally:
    """What was counted."""

    def __init__(self) -> None:
        self.running = True
        self.latencies: list[float] = []
        self.first_event: list[float] = []
        self.events = 0
        self.errors = 0
        self.sample = ""

    def reset(self) -> None:
        """Forget the warm-up."""
        self.latencies.clear()
        self.first_event.clear()
        self.events = self.errors = 0


def _is_whole(buffer: bytes) -> bool:
    head_end = buffer.find(b"\r\n\r\n")
    if head_end < 0:
        return False
    head = buffer[:head_end].lower()
    mark = head.find(b"content-length:")
    if mark >= 0:
        length = int(head[mark + 15 :].split(b"\r\n", 1)[0])
        return len(buffer) >= head_end + 4 + length
    return buffer.endswith(b"0\r\n\r\n")


async def run(request: bytes, port: int, connections: int, seconds: float) -> dict[str, Any]:
    """Warm up for a fifth of the time, then count."""
    tally = Tally()
    loop = asyncio.get_running_loop()
    for _ in range(connections):
        await loop.create_connection(lambda: Caller(request, tally), "127.0.0.1", port)
    await asyncio.sleep(seconds / 5)
    tally.reset()
    began = time.perf_counter()
    await asyncio.sleep(seconds)
    elapsed = time.perf_counter() - began
    latencies = sorted(tally.latencies)
    first = sorted(tally.first_event)
    tally.running = False
    return {
        "calls": len(latencies),
        "calls_per_s": round(len(latencies) / elapsed, 1),
        "p50_ms": _percentile(latencies, 0.50),
        "p99_ms": _percentile(latencies, 0.99),
        "events_per_s": round(tally.events / elapsed, 1),
        "first_event_p50_ms": _percentile(first, 0.50),
        "errors": tally.errors,
        "sample": tally.sample,
    }


def _percentile(ordered: list[float], share: float) -> float | None:
    if not ordered:
        return None
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000, 3)


def main(arguments: list[str]) -> None:
    """Parse, run, print."""
    port, path, key, model, connections, seconds, stream = arguments
    request = request_bytes(int(port), path, key, model, stream=stream == "1")
    print(json.dumps(uvloop.run(run(request, int(port), int(connections), float(seconds)))))


if __name__ == "__main__":
    main(sys.argv[1:])
