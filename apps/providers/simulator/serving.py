"""Run the simulated provider: as a process of its own, or in a thread of a test."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, Final

from aiohttp import web

from apps.providers.simulator.app import create_app

new_event_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
with contextlib.suppress(ImportError):  # uvloop does not exist for every platform
    import uvloop

    new_event_loop = uvloop.new_event_loop

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 9101
DEFAULT_PACE_MS: Final = 10
SHUTDOWN_S: Final = 1.0


def run(*, host: str, port: int, pace_ms: int, announce: Callable[[str], object]) -> None:
    """Serve until SIGINT or SIGTERM; `announce` gets one line that says where.

    Port 0 takes a free one. Requests that still run get a second to finish.
    """

    async def main() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        async with _running(host, port, pace_ms) as url:
            announce(f"Simulated provider (no real model answers here) listening on {url}")
            await stop.wait()

    _run_loop(main())


@contextlib.contextmanager
def in_thread(pace_ms: int = 0) -> Iterator[str]:
    """Serve on a free port in a thread, for tests; gives the URL, stops at the end."""
    ready = threading.Event()
    found: dict[str, Any] = {}

    async def main() -> None:
        found["stop"], found["loop"] = asyncio.Event(), asyncio.get_running_loop()
        async with _running(DEFAULT_HOST, 0, pace_ms) as url:
            found["url"] = url
            ready.set()
            await found["stop"].wait()

    thread = threading.Thread(target=_run_loop, args=(main(),), name="simulated-provider")
    thread.start()
    if not ready.wait(timeout=10):
        raise RuntimeError("The simulated provider did not start.")
    try:
        yield found["url"]
    finally:
        found["loop"].call_soon_threadsafe(found["stop"].set)
        thread.join(timeout=10)


@contextlib.asynccontextmanager
async def _running(host: str, port: int, pace_ms: int) -> Any:
    runner = web.AppRunner(
        create_app(pace_ms),
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=SHUTDOWN_S,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=1024)
        await site.start()
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _run_loop(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(main)
