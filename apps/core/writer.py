"""Write rows behind the callers' backs: one thread per process, many rows in one transaction.

Apps register what they write; the event loop only appends to a queue. What a row needs before it
can be stored (encryption, redaction) happens in the thread, outside of the transaction.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from django.db import InterfaceError, OperationalError, close_old_connections, connections
from django.db import transaction as transactions

logger = logging.getLogger(__name__)

MAX_PENDING: Final = 50_000
LINGER_S: Final = 0.02
MAX_SLICE: Final = 500
# On SQLite everybody else waits for a write transaction: slices grow and shrink to stay below.
TRANSACTION_S: Final = 0.004
RETRY_S: Final = 0.5
COMPLAIN_EVERY_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Handler:
    """How rows of one kind are stored.

    `prepare` turns what was put into what `write` takes, outside of the transaction; `write`
    stores many of them inside one. Either may raise: then only the row at fault is lost. A row may
    be written again after a batch that failed, so that neither may keep state of its own.
    """

    write: Callable[[Sequence[Any]], None]
    prepare: Callable[[Any], Any] | None


@dataclass(slots=True)
class Item:
    """One row on its way."""

    kind: str
    row: Any


class Writer:
    """A bounded queue and the thread that empties it."""

    def __init__(self, *, max_pending: int = MAX_PENDING, linger_s: float = LINGER_S) -> None:
        self._handlers: dict[str, Handler] = {}
        self._queue: deque[Item] = deque()
        self._max_pending = max_pending
        self._linger_s = linger_s
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._idle = threading.Condition()
        self._in_flight = 0
        self._slice = 50
        self._thread: threading.Thread | None = None
        self._deadline: float | None = None
        self._complained_at = float("-inf")
        self.written = 0
        self.dropped = 0
        self.failed = 0

    def register(
        self,
        kind: str,
        write: Callable[[Sequence[Any]], None],
        *,
        prepare: Callable[[Any], Any] | None = None,
    ) -> None:
        """Say how rows of a kind are stored; kinds of one batch are written in this order."""
        if kind in self._handlers:
            raise ValueError(f"There is a handler for {kind} already.")
        self._handlers[kind] = Handler(write, prepare)

    def put(self, kind: str, row: Any) -> None:
        """Queue a row; never blocks. When the queue is full the oldest row is lost, and counted."""
        if kind not in self._handlers:
            raise KeyError(f"Nobody writes rows of kind {kind}.")
        queue = self._queue
        if len(queue) >= self._max_pending:
            self._take(1)
            self.dropped += 1
            self._complain()
        queue.append(Item(kind, row))
        if not self._wake.is_set():
            self._wake.set()

    @property
    def pending(self) -> int:
        """Rows that are queued or being written."""
        return len(self._queue) + self._in_flight

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the thread; twice is once."""
        if self.is_alive:
            return
        self._stopping.clear()
        self._deadline = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Write what is queued, then end the thread; whether all was written in time."""
        thread = self._thread
        if thread is None:
            return self.flush(timeout_s)
        self._deadline = time.monotonic() + timeout_s
        self._stopping.set()
        self._wake.set()
        thread.join(timeout_s + 1.0)
        self._thread = None
        if self.pending:
            logger.error("%d records were not written before the process ended", self.pending)
        return not self.pending

    def flush(self, timeout_s: float) -> bool:
        """Wait until the queue is empty; without a thread, write it here and now."""
        deadline = time.monotonic() + timeout_s
        if not self.is_alive:
            self._deadline = deadline
            self._drain()
            return not self._queue
        self._wake.set()
        with self._idle:
            return self._idle.wait_for(lambda: not self.pending, timeout_s)

    def forget(self) -> None:
        """Drop what is queued, as a test does after it rolled its rows back."""
        self._queue.clear()

    # The thread.

    def _run(self) -> None:
        try:
            while not (self._stopping.is_set() and self._is_finished()):
                self._wake.wait()
                # A little patience makes one transaction of what comes together.
                self._stopping.wait(self._linger_s)
                self._wake.clear()
                self._drain()
        finally:
            connections.close_all()

    def _is_finished(self) -> bool:
        return self._is_late() or not self._queue

    def _is_late(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _drain(self) -> None:
        _drop_broken_connections()
        while self._queue and not self._is_late():
            try:
                self._write_some()
            except Exception:
                # The thread must never die quietly, whatever happens.
                logger.exception("the writer stumbled and goes on")
        with self._idle:
            self._idle.notify_all()

    def _write_some(self) -> None:
        self._in_flight = min(self._slice, len(self._queue))
        try:
            self._persist(self._prepared(self._take(self._in_flight)))
        finally:
            self._in_flight = 0

    def _take(self, count: int) -> list[Item]:
        batch: list[Item] = []
        # `put` may throw the oldest away meanwhile.
        with suppress(IndexError):
            while len(batch) < count:
                batch.append(self._queue.popleft())
        return batch

    def _prepared(self, batch: Sequence[Item]) -> list[Item]:
        done = []
        for item in batch:
            prepare = self._handlers[item.kind].prepare
            try:
                done.append(Item(item.kind, prepare(item.row)) if prepare else item)
            except Exception as error:  # noqa: BLE001 - counted and logged there
                self._lose(item, error)
        return done

    def _persist(self, items: Sequence[Item]) -> None:
        """Write until it is done: wait for a database that is away, halve a batch that fails."""
        while items:
            began = time.perf_counter()
            try:
                self._commit(items)
            except (OperationalError, InterfaceError):
                if not self._may_try_again():
                    self.failed += len(items)
                    logger.exception("%d records lost: the database is away", len(items))
                    return
            except Exception as error:  # noqa: BLE001 - counted and logged there
                if len(items) == 1:
                    self._lose(items[0], error)
                    return
                middle = len(items) // 2
                self._persist(items[:middle])
                items = items[middle:]
            else:
                self.written += len(items)
                self._adapt(time.perf_counter() - began, len(items))
                return

    def _may_try_again(self) -> bool:
        logger.warning("the database did not take records")
        _drop_broken_connections()
        if not self._stopping.wait(RETRY_S):
            return not self._is_late()
        time.sleep(RETRY_S / 10)
        return not self._is_late()

    def _commit(self, items: Sequence[Item]) -> None:
        rows: dict[str, list[Any]] = {kind: [] for kind in self._handlers}
        for item in items:
            rows[item.kind].append(item.row)
        with transactions.atomic():
            for kind, some in rows.items():
                if some:
                    self._handlers[kind].write(some)

    def _adapt(self, took_s: float, size: int) -> None:
        if took_s > TRANSACTION_S:
            self._slice = max(10, size // 2)
        elif size == self._slice and took_s < TRANSACTION_S / 2:
            self._slice = min(MAX_SLICE, self._slice + self._slice // 4 + 1)

    def _lose(self, item: Item, error: Exception) -> None:
        """Count a row that cannot be written; its values are not logged, they may be private."""
        self.failed += 1
        logger.error("a row of kind %s cannot be written: %s", item.kind, type(error).__name__)

    def _complain(self) -> None:
        now = time.monotonic()
        if now - self._complained_at >= COMPLAIN_EVERY_S:
            self._complained_at = now
            logger.error("the writer's queue is full: %d records lost so far", self.dropped)


def _drop_broken_connections() -> None:
    # A transaction around us, as in a test, would be lost with its connection.
    if not transactions.get_connection().in_atomic_block:
        close_old_connections()


_writer: Final = Writer()

register = _writer.register
put = _writer.put
start = _writer.start
stop = _writer.stop
flush = _writer.flush
forget = _writer.forget


def state() -> dict[str, int | bool]:
    """What metrics and readiness show."""
    return {
        "alive": _writer.is_alive,
        "pending": _writer.pending,
        "written": _writer.written,
        "dropped": _writer.dropped,
        "failed": _writer.failed,
    }
