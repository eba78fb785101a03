"""What the simulated provider has seen, so that tests can ask it."""

import itertools
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

MAX_ENTRIES: Final = 20_000
MAX_BODY_BYTES: Final = 65_536
SECRET_HEADERS: Final = frozenset(
    {"authorization", "proxy-authorization", "x-api-key", "x-goog-api-key", "api-key", "cookie"}
)
HIDDEN: Final = "(hidden)"


@dataclass(slots=True)
class Entry:
    """One request; times are seconds of the simulator's monotonic clock.

    `left_early` says that the client closed the connection before the answer was complete.
    """

    number: int
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    arrived_at: float
    dialect: str = ""
    model: str = ""
    body: Any = None
    body_bytes: int = 0
    status: int | None = None
    sent_bytes: int = 0
    sent_events: int = 0
    finished_at: float | None = None
    left_early: bool = False

    def finish(self) -> None:
        self.finished_at = time.monotonic()


@dataclass(slots=True)
class Log:
    """The newest requests, oldest first."""

    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=MAX_ENTRIES))
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def begin(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> Entry:
        """Note that a request has arrived; values of credentials are never kept."""
        entry = Entry(
            number=next(self._numbers),
            method=method,
            path=path,
            query={key: HIDDEN if key == "key" else value for key, value in query.items()},
            headers={
                name: HIDDEN if name in SECRET_HEADERS else value for name, value in headers.items()
            },
            arrived_at=time.monotonic(),
        )
        self.entries.append(entry)
        return entry

    def note_body(self, entry: Entry, body: Any, size: int) -> None:
        """Keep the body if it is JSON and not large."""
        entry.body_bytes = size
        entry.body = body if size <= MAX_BODY_BYTES else None

    def clear(self) -> None:
        self.entries.clear()

    def as_json(self) -> dict[str, Any]:
        """Return all entries with the present moment of their clock."""
        return {
            "simulated": True,
            "now": time.monotonic(),
            "requests": [asdict(entry) for entry in self.entries],
        }
