"""One call on its way through the engine: what came in, what was tried, what goes out."""

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from apps.core.principal import Principal
from apps.inference.catalog import EndpointEntry, TargetEntry
from apps.providers import wire
from apps.providers.dialects.base import Dialect


@dataclass(slots=True)
class Attempt:
    """One try at one target. Times are `time.perf_counter()` seconds but for `started_at`."""

    id: str
    number: int
    target: TargetEntry
    started_at: datetime
    began: float
    state: str = "started"
    sent: bool = False
    status: int | None = None
    request_headers: tuple[tuple[str, str], ...] = ()
    response_headers: tuple[tuple[str, str], ...] = ()
    upstream_request_id: str | None = None
    first_byte_ms: float | None = None
    duration_ms: float | None = None
    error: Exception | None = None
    facts: wire.Facts = field(default_factory=wire.Facts)
    usage_estimated: bool = False

    def mark_first_byte(self) -> None:
        """The first byte of the answer is here."""
        if self.first_byte_ms is None:
            self.first_byte_ms = (time.perf_counter() - self.began) * 1000

    def end(self, state: str, error: Exception | None = None) -> None:
        """Close the attempt, once; what came first stands."""
        if self.state == "started":
            self.state = state
            self.error = error
            self.duration_ms = (time.perf_counter() - self.began) * 1000


@dataclass(slots=True)
class Call:
    """One call. The gateway fills the first block, the engine the rest.

    `timeout_s` is what the caller asks for, `now` when the call came in.
    """

    request_id: str
    principal: Principal
    source: Dialect
    incoming: wire.Incoming
    scope: str
    now: datetime
    session: str | None = None
    timeout_s: float | None = None
    user_agent: str = ""

    began: float = field(default_factory=time.perf_counter)
    endpoint: EndpointEntry | None = None
    attempts: list[Attempt] = field(default_factory=list)
    warnings: tuple[str, ...] = ()
    keep_bytes: int = 0
    kept: list[bytes] = field(default_factory=list)
    kept_bytes: int = 0
    cost_usd_micros: int | None = None
    settled: bool = False

    @property
    def last(self) -> Attempt | None:
        """The latest attempt, if any was made."""
        return self.attempts[-1] if self.attempts else None

    def forget_answer(self) -> None:
        """Drop what an earlier attempt answered: the caller gets the last one's."""
        self.kept.clear()
        self.kept_bytes = 0

    def keep(self, piece: bytes) -> None:
        """Keep a piece of the answer for the record, as far as `keep_bytes` goes."""
        if self.kept_bytes < self.keep_bytes:
            self.kept.append(piece)
        self.kept_bytes += len(piece)


@dataclass(slots=True)
class Answer:
    """What the caller gets: `body` whole, or `events` as they come (server-sent events).

    `headers` are those of the provider that the caller may see.
    """

    body: bytes = b""
    events: AsyncIterator[bytes] | None = None
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
