"""The key ring: who is let in, from memory or from the database."""

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from apps.access import keys, ring, services
from apps.access.errors import (
    ApplicationSuspendedError,
    KeyExpiredError,
    KeyRevokedError,
    MalformedKeyError,
    UnknownKeyError,
)
from apps.access.models import APIKey
from apps.access.ring import Entry, KeyRing, entry_of
from apps.core import snapshot
from apps.core.errors import UnavailableError
from apps.core.principal import Principal
from tests.access.factories import make_application, make_key

NOW = datetime(2026, 11, 23, tzinfo=UTC)
PRINCIPAL = Principal("key_1", "k", "app_1", "bot", "team_1", "t", "agent", frozenset(["s:a"]))


@pytest.fixture(autouse=True)
def _fresh() -> Any:
    snapshot.forget()
    yield
    snapshot.forget()


def look_up(token: str) -> Principal:
    return asyncio.run(ring.lookup(token))


class TestAdmit:
    def test_lets_in_until_the_moment_of_expiry(self) -> None:
        entry = Entry(PRINCIPAL, expires_at=NOW)

        assert ring.admit(entry, now=NOW - timedelta(seconds=1)) is PRINCIPAL
        with pytest.raises(KeyExpiredError, match="2026-11-23 00:00"):
            ring.admit(entry, now=NOW)

    @pytest.mark.parametrize("refusal", [KeyRevokedError, ApplicationSuspendedError])
    def test_refuses_with_the_reason(
        self, refusal: type[KeyRevokedError | ApplicationSuspendedError]
    ) -> None:
        with pytest.raises(refusal):
            ring.admit(Entry(PRINCIPAL, refusal=refusal), now=NOW)


class TestKeyRing:
    def test_forgets_the_least_recently_used_beyond_its_capacity(self) -> None:
        keyring = KeyRing([("a", Entry(PRINCIPAL)), ("b", Entry(PRINCIPAL))], capacity=2)
        keyring.find("a")

        keyring.learn("c", Entry(PRINCIPAL))

        assert len(keyring) == 2
        assert keyring.find("a") is not None
        assert keyring.find("b") is None

    def test_remembers_unknown_keys_within_bounds(self) -> None:
        keyring = KeyRing(unknown_capacity=2)

        for digest in "abc":
            keyring.learn(digest, None)

        assert [keyring.is_unknown(digest) for digest in "abc"] == [False, True, True]


@pytest.mark.django_db
class TestEntryOf:
    def test_grants_what_key_and_application_both_have(self) -> None:
        application = make_application(scopes=["models:read", "inference:call"])
        key, _ = make_key(application=application)
        application.scopes = ["models:read"]
        application.save()

        principal = entry_of(APIKey.objects.get(pk=key.pk)).principal

        assert principal.scopes == {"models:read"}
        assert (principal.key_id, principal.application_id) == (key.id, application.id)
        assert (principal.team_id, principal.kind) == (application.team_id, "agent")
        assert principal.may_call("anything")

    def test_keeps_a_child_within_its_parent(self) -> None:
        parent, _ = make_key(scopes=["models:read"], endpoints=["fast", "slow"], expires_at=NOW)
        child, _ = make_key(application=parent.application, endpoints=["fast", "other"])
        APIKey.objects.filter(pk=child.pk).update(parent=parent)

        entry = entry_of(APIKey.objects.get(pk=child.pk))

        assert entry.principal.scopes == {"models:read"}
        assert entry.principal.endpoints == frozenset(["fast"])
        assert entry.expires_at == NOW
        assert not entry.principal.may_call("other")

    def test_lets_a_child_die_with_its_parent(self) -> None:
        parent, _ = make_key()
        child, _ = make_key(application=parent.application)
        APIKey.objects.filter(pk=child.pk).update(parent=parent)
        services.revoke_key(key=parent, now=timezone.now())

        entry = entry_of(APIKey.objects.get(pk=child.pk))

        assert entry.refusal is KeyRevokedError


@pytest.mark.django_db
class TestCached:
    def test_admits_a_loaded_key_without_asking_the_database(
        self, django_assert_num_queries: Any
    ) -> None:
        key, text = make_key()
        snapshot.refresh_now()

        with django_assert_num_queries(0):
            principal = ring.cached(text)

        assert principal is not None
        assert principal.key_id == key.id

    def test_refuses_a_malformed_key_without_asking_the_database(
        self, django_assert_num_queries: Any
    ) -> None:
        snapshot.refresh_now()

        with django_assert_num_queries(0), pytest.raises(MalformedKeyError):
            ring.cached("ptl_nonsense")

    def test_says_when_the_database_must_be_asked(self) -> None:
        snapshot.refresh_now()

        assert ring.cached(keys.mint().text) is None


@pytest.mark.django_db(transaction=True)
class TestLookup:
    def test_finds_a_key_that_is_younger_than_the_snapshot(self) -> None:
        snapshot.refresh_now()
        key, text = make_key()

        assert look_up(text).key_id == key.id

    def test_asks_once_for_a_key_that_nobody_issued(self, monkeypatch: pytest.MonkeyPatch) -> None:
        snapshot.refresh_now()
        asked: list[str] = []
        load = ring._load_one

        def counting(key: keys.ParsedKey) -> Entry | None:
            asked.append(key.public_id)
            return load(key)

        monkeypatch.setattr(ring, "_load_one", counting)
        text = keys.mint().text

        for _ in range(3):
            with pytest.raises(UnknownKeyError):
                look_up(text)

        assert len(asked) == 1

    def test_asks_once_when_many_calls_arrive_together(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        snapshot.refresh_now()
        _, text = make_key()
        asked = threading.Semaphore(1)
        load = ring._load_one

        def only_once(key: keys.ParsedKey) -> Entry | None:
            assert asked.acquire(blocking=False)
            return load(key)

        monkeypatch.setattr(ring, "_load_one", only_once)

        async def together() -> list[Principal]:
            return list(await asyncio.gather(*[ring.lookup(text) for _ in range(20)]))

        assert len({principal.key_id for principal in asyncio.run(together())}) == 1

    def test_says_that_it_cannot_tell_while_the_database_is_away(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*args: Any, **options: Any) -> None:
            raise OperationalError("gone")

        snapshot.refresh_now()
        monkeypatch.setattr(APIKey.objects, "select_related", fail)
        text = keys.mint().text

        with pytest.raises(UnavailableError):
            look_up(text)
        monkeypatch.undo()
        with pytest.raises(UnknownKeyError):
            look_up(text)

    def test_refuses_a_right_public_id_with_another_secret(self) -> None:
        snapshot.refresh_now()
        key, _ = make_key()
        body = f"ptl_{key.public_id}_" + "a" * keys.SECRET_LENGTH

        with pytest.raises(UnknownKeyError):
            look_up(body + keys.checksum(body))

    def test_names_the_reason_for_keys_that_are_no_longer_loaded(self) -> None:
        revoked, revoked_text = make_key()
        services.revoke_key(key=revoked, now=timezone.now())
        _, expired_text = make_key(expires_at=NOW)
        suspended, suspended_text = make_key()
        services.suspend_application(application=suspended.application)
        snapshot.refresh_now()

        for text, refusal in [
            (revoked_text, KeyRevokedError),
            (expired_text, KeyExpiredError),
            (suspended_text, ApplicationSuspendedError),
        ]:
            with pytest.raises(refusal):
                look_up(text)

    def test_shuts_a_revoked_key_out_within_a_second(self, settings: Settings) -> None:
        settings.PORTAL_SNAPSHOT_POLL_MS = 300
        key, text = make_key()
        snapshot.start()
        try:
            assert ring.cached(text) is not None
            services.revoke_key(key=key, now=timezone.now())
            revoked = time.monotonic()

            while time.monotonic() - revoked < 5 and is_let_in(text):
                time.sleep(0.01)  # another thread: there is no event to wait for

            assert time.monotonic() - revoked < 1.0
        finally:
            snapshot.stop()


def is_let_in(text: str) -> bool:
    try:
        ring.cached(text)
    except KeyRevokedError:
        return False
    return ring.cached(text) is not None
