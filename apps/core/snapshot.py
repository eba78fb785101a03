"""Configuration in memory: plain immutable values, loaded again when their revision moves.

Readers take `handle.value` without a lock; a thread of its own polls the revisions and swaps in
what it loaded. The ORM is never touched from the event loop.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Generic, TypeVar

from django.conf import settings
from django.db import Error as DatabaseAnyError
from django.db import connections

from apps.core.errors import UnavailableError
from apps.core.models import Revision

logger = logging.getLogger(__name__)

STALE_AFTER_S: Final = 30.0
STOP_S: Final = 5.0

Value = TypeVar("Value")


class Handle(Generic[Value]):
    """What a loader made, as of the last change that this process has seen."""

    def __init__(self, name: str, *, topics: frozenset[str], load: Callable[[], Value]) -> None:
        self.name = name
        self.topics = topics
        self._load = load
        self._value: Value | None = None
        self._seen: dict[str, int] | None = None

    @property
    def value(self) -> Value:
        """The current value; it does not change while you hold it.

        Raises:
            UnavailableError: nothing was loaded yet.
        """
        if self._value is None:
            raise UnavailableError("The portal is starting and has not read its configuration yet.")
        return self._value

    def reload(self, revisions: dict[str, int]) -> bool:
        """Load again when one of the topics has moved since the last time."""
        current = {topic: revisions.get(topic, 0) for topic in self.topics}
        if current == self._seen:
            return False
        # The revisions were read first: what changes during the load is seen by the next poll.
        self._value = self._load()
        self._seen = current
        return True

    def forget(self) -> None:
        """Drop the value, so that the next poll loads it."""
        self._value = self._seen = None


class Poller:
    """Keeps all handles of a process up to date."""

    def __init__(self) -> None:
        self._handles: dict[str, Handle[Any]] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._failing_since: tuple[float, datetime] | None = None

    @property
    def stale_since(self) -> datetime | None:
        """When the database was last reached, if that is too long ago; otherwise None."""
        failing = self._failing_since
        if failing is None or time.monotonic() - failing[0] < STALE_AFTER_S:
            return None
        return failing[1]

    def register(
        self, name: str, *, topics: frozenset[str], load: Callable[[], Value]
    ) -> Handle[Value]:
        """File a loader; it runs at the first poll and whenever one of its topics moves.

        `load` reads the database and returns something immutable, or at least thread-safe.
        """
        if name in self._handles:
            raise ValueError(f"There is a snapshot of {name} already.")
        handle = self._handles[name] = Handle(name, topics=topics, load=load)
        return handle

    def poll(self) -> frozenset[str]:
        """Compare revisions once and load what moved; returns the names of what was loaded."""
        with self._lock:
            revisions = dict(Revision.objects.values_list("topic", "number"))
            loaded = [handle.name for handle in self._handles.values() if handle.reload(revisions)]
        self._failing_since = None
        return frozenset(loaded)

    def start(self) -> None:
        """Load everything, then keep polling in a thread until `stop`."""
        self.poll()
        if self._thread is None:
            self._wake.clear()
            self._thread = threading.Thread(target=self._run, name="snapshot", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread; values stay as they are."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._wake.set()
            thread.join(STOP_S)

    def forget(self) -> None:
        """Drop every value, as a test does after it rolled its rows back."""
        with self._lock:
            for handle in self._handles.values():
                handle.forget()
            self._failing_since = None

    def _run(self) -> None:
        while not self._wake.wait(settings.PORTAL_SNAPSHOT_POLL_MS / 1000):
            self._poll_or_note()
        connections.close_all()

    def _poll_or_note(self) -> None:
        try:
            self.poll()
        except DatabaseAnyError as error:
            self._note(error)
            connections.close_all()
        except Exception as error:
            # A loader that fails must not end the thread: the last value stays in force.
            self._note(error)
            logger.exception("the configuration could not be loaded")

    def _note(self, error: Exception) -> None:
        if self._failing_since is None:
            self._failing_since = (time.monotonic(), datetime.now(UTC))
            logger.warning("the database was not reached: %s", type(error).__name__)


_poller: Final = Poller()

register = _poller.register
poll = _poller.poll
refresh_now = _poller.poll
start = _poller.start
stop = _poller.stop
forget = _poller.forget


def stale_since() -> datetime | None:
    """Since when this process serves configuration that it could not check; None: it is fresh."""
    return _poller.stale_since
