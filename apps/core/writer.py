"""Write rows in batches, off the caller's path: one thread and one queue a process.

Apps register a handler for each kind of row; whoever has something to write calls `put` and goes
on. A batch that the database refuses is halved until the row that poisons it stands alone.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from django.db import (
    InterfaceError,
    OperationalError,
    close_old_connections,
    connections,
    transaction,
)

logger = logging.getLogger(__name__)

GATHER_S: Final = 0.02
SLICE: Final = 200
MAX_PENDING: Final = 50_000
RETRY_S: Final = 1.0

Handler = Callable[[Sequence[Any]], None]
_handlers: dict[str, Handler] = {}


def register(kind: str, handler: Handler) -> None:
    """File the function that writes rows of a kind; it runs in the writer's transaction.

    A row may come twice after a failed batch: the handler must not keep state of its own.
    """
    _handlers[kind] = handler


class Writer:
    """The queue and its thread. `pending`, `dropped` and `failed` count rows."""

    def __init__(self, *, max_pending: int = MAX_PENDING, gather_s: float = GATHER_S) -> None:
        self._rows: deque[tuple[str, Any]] = deque()
        self._max_pending = max_pending
        self._gather_s = gather_s
        self._wake = threading.Event()
        self._idle = threading.Event()
        self._idle.set()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.dropped = 0
        self.failed = 0

    @property
    def pending(self) -> int:
        """Rows that are not written yet."""
        return len(self._rows)

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs; a process without it must not take calls."""
        return self._thread is not None and self._thread.is_alive()

    def put(self, kind: str, row: Any) -> bool:
        """Queue one row; never blocks. False when the queue is full and the row was dropped."""
        if len(self._rows) >= self._max_pending:
            if not self.dropped % 1000:
                logger.error("the writer's queue is full: rows are dropped")
            self.dropped += 1
            return False
        self._rows.append((kind, row))
        if not self._wake.is_set():
            self._idle.clear()
            self._wake.set()
        return True

    def start(self) -> None:
        """Start the thread; a second call does nothing."""
        if self._thread is None:
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
            self._thread.start()

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything queued so far is written; False when that took too long."""
        return self._idle.wait(timeout_s)

    def stop(self, timeout_s: float) -> bool:
        """Write what is queued, then end the thread. False when rows were left behind."""
        thread, self._thread = self._thread, None
        self._stopping = True
        self._wake.set()
        if thread is not None:
            thread.join(timeout_s)
        if self._rows:
            logger.error("%d rows were not written before the process ended", len(self._rows))
        return not self._rows

    def _run(self) -> None:
        while not self._stopping or self._rows:
            self._wake.wait()
            if not self._stopping:
                time.sleep(self._gather_s)
            self._wake.clear()
            try:
                self._drain()
            except Exception:
                # The thread must never die quietly. The rows are still queued: try again.
                logger.exception("the writer could not write")
                connections.close_all()
                if self._stopping:
                    break
                time.sleep(RETRY_S)
                self._wake.set()
            else:
                if not self._rows:
                    self._idle.set()
        connections.close_all()

    def _drain(self) -> None:
        close_old_connections()
        while self._rows:
            rows = [self._rows[i] for i in range(min(SLICE, len(self._rows)))]
            self._write(rows)
            for _ in rows:
                self._rows.popleft()

    def _write(self, rows: Sequence[tuple[str, Any]]) -> None:
        """Write one slice in one transaction, or as much of it as can be written."""
        try:
            with transaction.atomic():
                for kind in dict.fromkeys(kind for kind, _ in rows):
                    _handlers[kind]([row for k, row in rows if k == kind])
        except Exception as error:
            if _is_unreachable(error):
                raise
            if len(rows) == 1:
                self.failed += 1
                logger.exception("a row of kind %s cannot be written", rows[0][0])
                return
            middle = len(rows) // 2
            self._write(rows[:middle])
            self._write(rows[middle:])


def _is_unreachable(error: Exception) -> bool:
    """Whether the database itself failed, and not one row."""
    return isinstance(error, OperationalError | InterfaceError)


_writer: Final = Writer()

put = _writer.put
start = _writer.start
flush = _writer.flush
stop = _writer.stop


def state() -> dict[str, int | bool]:
    """What metrics and readiness show."""
    return {
        "alive": _writer.is_alive,
        "pending": _writer.pending,
        "dropped": _writer.dropped,
        "failed": _writer.failed,
    }
