"""The key ring: who a key belongs to, in memory, so that a call waits for no database.

A ring is loaded whenever anything about keys, applications or teams has changed, and thrown away
with everything that it learned: a revoked key is out everywhere as soon as the revision is seen.
Between two loads it learns keys that it misses, known and unknown ones, within bounds.
"""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

from django.db import Error as DatabaseAnyError
from django.db import close_old_connections
from django.utils import timezone

from apps.access.errors import (
    ApplicationSuspendedError,
    KeyExpiredError,
    KeyRevokedError,
    UnknownKeyError,
)
from apps.access.keys import ParsedKey, digest_of, is_same, parse
from apps.access.models import APIKey, Application
from apps.core import snapshot
from apps.core.errors import UnavailableError
from apps.core.principal import ClientKind, Principal

CAPACITY: Final = 100_000
UNKNOWN_CAPACITY: Final = 20_000
MAX_LOADS: Final = 4
MAX_LINEAGE: Final = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """What is known of one key; `refusal` is why it is not let in whatever the time is."""

    principal: Principal
    expires_at: datetime | None = None
    refusal: type[KeyRevokedError | ApplicationSuspendedError] | None = None


class KeyRing:
    """Keys by the digest of their text. An unknown key is remembered as None.

    Readers are the event loop, writers the threads that load a miss; each step is one operation
    on a dictionary, except eviction, which takes the lock.
    """

    def __init__(
        self,
        entries: Iterable[tuple[str, Entry]] = (),
        *,
        capacity: int = CAPACITY,
        unknown_capacity: int = UNKNOWN_CAPACITY,
    ) -> None:
        self._known: OrderedDict[str, Entry] = OrderedDict(entries)
        self._unknown: OrderedDict[str, None] = OrderedDict()
        self._capacity = capacity
        self._unknown_capacity = unknown_capacity
        self._lock = threading.Lock()
        # Digests that the database is being asked for, so that it is asked once.
        self.loading: dict[str, asyncio.Future[Entry | None]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def find(self, digest: str) -> Entry | None:
        """Find a key and note that it was used."""
        entry = self._known.get(digest)
        if entry is not None and len(self._known) >= self._capacity:
            # The order matters only where something must soon go.
            with self._lock:
                if digest in self._known:
                    self._known.move_to_end(digest)
        return entry

    def is_unknown(self, digest: str) -> bool:
        """Tell whether the database was asked for this key before, in vain."""
        return digest in self._unknown

    def learn(self, digest: str, entry: Entry | None) -> None:
        """Remember what the database said; the least recently used entries make room."""
        with self._lock:
            if entry is None:
                self._unknown[digest] = None
                while len(self._unknown) > self._unknown_capacity:
                    self._unknown.popitem(last=False)
                return
            self._known[digest] = entry
            while len(self._known) > self._capacity:
                self._known.popitem(last=False)


def cached(token: str, *, now: datetime | None = None) -> Principal | None:
    """Admit a key that is in memory; None means that `lookup` must ask the database.

    Raises:
        AuthenticationError: the key is malformed, unknown, expired, revoked or suspended.
    """
    ring = RING.value
    digest = digest_of(token)
    entry = ring.find(digest)
    if entry is None:
        parse(token)
        if ring.is_unknown(digest):
            raise _unknown()
        return None
    return admit(entry, now=now or datetime.now(UTC))


async def lookup(token: str, *, now: datetime | None = None) -> Principal:
    """Admit a key, from memory or else from the database, which is asked once.

    Raises:
        AuthenticationError: the key is malformed, unknown, expired, revoked or suspended.
        UnavailableError: the database does not answer.
    """
    principal = cached(token, now=now)
    if principal is not None:
        return principal
    ring, digest = RING.value, digest_of(token)
    loading = ring.loading.get(digest)
    if loading is None:
        loading = ring.loading[digest] = asyncio.ensure_future(_learn(ring, digest, parse(token)))
        loading.add_done_callback(lambda _: ring.loading.pop(digest, None))
    # Shielded: a caller that leaves takes the answer from nobody else.
    entry = await asyncio.shield(loading)
    if entry is None:
        raise _unknown()
    return admit(entry, now=now or datetime.now(UTC))


def admit(entry: Entry, *, now: datetime) -> Principal:
    """Let a known key in, unless something stands against it.

    Raises:
        AuthenticationError: it is expired, revoked, or its application is suspended.
    """
    if entry.refusal is KeyRevokedError:
        raise KeyRevokedError("This API key was revoked.")
    if entry.refusal is not None:
        raise entry.refusal("The application of this API key is suspended.")
    if entry.expires_at is not None and entry.expires_at <= now:
        raise KeyExpiredError(f"This API key expired on {entry.expires_at:%Y-%m-%d %H:%M} UTC.")
    return entry.principal


def load_ring() -> KeyRing:
    """Load the keys that are accepted now, the most recently made first, up to the capacity."""
    rows = (
        APIKey.objects.usable(timezone.now())
        .filter(parent=None, application__status=Application.Status.ACTIVE)
        .select_related("application__team")
        .order_by("-id")[:CAPACITY]
    )
    return KeyRing((row.digest, entry_of(row)) for row in rows.iterator(chunk_size=2_000))


def entry_of(key: APIKey) -> Entry:
    """Work out what a key may do: never more than its application or any key that it came from."""
    application = key.application
    lineage = lineage_of(key)
    scopes = frozenset(application.scopes)
    endpoints: frozenset[str] | None = None
    for link in lineage:
        scopes &= frozenset(link.scopes)
        if link.endpoints is not None:
            own = frozenset(link.endpoints)
            endpoints = own if endpoints is None else endpoints & own
    principal = Principal(
        key_id=key.id,
        key_name=key.name,
        application_id=application.id,
        application_slug=application.slug,
        team_id=application.team_id,
        team_slug=application.team.slug,
        kind=cast(ClientKind, application.kind),
        scopes=scopes,
        endpoints=endpoints,
    )
    expiries = [link.expires_at for link in lineage if link.expires_at is not None]
    return Entry(principal, expires_at=min(expiries, default=None), refusal=_refusal(lineage))


def lineage_of(key: APIKey) -> list[APIKey]:
    """List a key and those that it came from; a longer line than any real one is cut as revoked."""
    line = [key]
    while line[-1].parent is not None and len(line) <= MAX_LINEAGE:
        line.append(line[-1].parent)
    return line


def _refusal(
    lineage: list[APIKey],
) -> type[KeyRevokedError | ApplicationSuspendedError] | None:
    if len(lineage) > MAX_LINEAGE or any(key.state == APIKey.State.REVOKED for key in lineage):
        return KeyRevokedError
    if lineage[0].application.status != Application.Status.ACTIVE:
        return ApplicationSuspendedError
    return None


async def _learn(ring: KeyRing, digest: str, key: ParsedKey) -> Entry | None:
    # A flood of made-up keys may keep this many threads busy and no more.
    async with _loads():
        entry = await asyncio.to_thread(_load_one, key)
    ring.learn(digest, entry)
    return entry


def _load_one(key: ParsedKey) -> Entry | None:
    close_old_connections()
    try:
        row = APIKey.objects.select_related("application__team").get(public_id=key.public_id)
        return entry_of(row) if is_same(row.digest, digest_of(key.text)) else None
    except APIKey.DoesNotExist:
        return None
    except DatabaseAnyError as error:
        raise UnavailableError("The portal cannot check this API key just now.") from error
    finally:
        close_old_connections()


def _unknown() -> UnknownKeyError:
    return UnknownKeyError("This API key is not known: it was never issued here, or is deleted.")


_semaphores: dict[asyncio.AbstractEventLoop, asyncio.Semaphore] = {}


def _loads() -> asyncio.Semaphore:
    loop = asyncio.get_running_loop()
    if loop not in _semaphores:
        _semaphores.clear()
        _semaphores[loop] = asyncio.Semaphore(MAX_LOADS)
    return _semaphores[loop]


RING = snapshot.register("access", topics=frozenset(["access", "accounts"]), load=load_ring)
