"""Configuration in memory."""

import threading
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError
from pytest_django import Settings

from apps.core import snapshot
from apps.core.errors import UnavailableError
from apps.core.models import bump
from apps.core.snapshot import Poller


class Loads:
    """A loader that counts and says when it ran."""

    def __init__(self) -> None:
        self.count = 0
        self.failing = False
        self.ran = threading.Event()

    def __call__(self) -> int:
        if self.failing:
            raise OperationalError("gone")
        self.count += 1
        self.ran.set()
        return self.count


@pytest.fixture
def loads() -> Loads:
    return Loads()


@pytest.fixture
def poller() -> Iterator[Poller]:
    made = Poller()
    yield made
    made.stop()


@pytest.mark.django_db
class TestPoll:
    def test_loads_once_and_again_only_when_a_topic_moves(
        self, poller: Poller, loads: Loads
    ) -> None:
        handle = poller.register("x", topics=frozenset(["a", "b"]), load=loads)

        assert poller.poll() == {"x"}
        assert poller.poll() == frozenset()
        bump(["other"])
        assert poller.poll() == frozenset()
        bump(["b"])
        assert poller.poll() == {"x"}
        assert handle.value == 2

    def test_keeps_what_readers_hold(self, poller: Poller) -> None:
        handle = poller.register("x", topics=frozenset(["a"]), load=lambda: object())
        poller.poll()
        held = handle.value
        bump(["a"])

        poller.poll()

        assert handle.value is not held

    def test_leaves_the_last_value_when_a_loader_fails(self, poller: Poller, loads: Loads) -> None:
        handle = poller.register("x", topics=frozenset(["a"]), load=loads)
        poller.poll()
        loads.failing = True
        bump(["a"])

        with pytest.raises(OperationalError):
            poller.poll()

        assert handle.value == 1
        loads.failing = False
        assert poller.poll() == {"x"}

    def test_loads_again_after_it_was_told_to_forget(self, poller: Poller, loads: Loads) -> None:
        poller.register("x", topics=frozenset(["a"]), load=loads)
        poller.poll()

        poller.forget()

        assert poller.poll() == {"x"}


class TestValue:
    def test_is_refused_before_the_first_load(self, poller: Poller, loads: Loads) -> None:
        with pytest.raises(UnavailableError, match="starting"):
            _ = poller.register("x", topics=frozenset(), load=loads).value


class TestRegister:
    def test_refuses_a_name_twice(self, poller: Poller, loads: Loads) -> None:
        poller.register("x", topics=frozenset(), load=loads)

        with pytest.raises(ValueError, match="already"):
            poller.register("x", topics=frozenset(), load=loads)


@pytest.mark.django_db(transaction=True)
class TestStart:
    def test_sees_a_change_that_another_thread_committed(
        self, poller: Poller, loads: Loads, settings: Settings
    ) -> None:
        settings.PORTAL_SNAPSHOT_POLL_MS = 20
        handle = poller.register("x", topics=frozenset(["a"]), load=loads)
        poller.start()
        loads.ran.clear()

        bump(["a"])

        assert loads.ran.wait(10)
        poller.stop()
        assert handle.value == 2

    def test_survives_a_database_that_goes_and_says_since_when(
        self,
        poller: Poller,
        loads: Loads,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        settings.PORTAL_SNAPSHOT_POLL_MS = 20
        monkeypatch.setattr(snapshot, "STALE_AFTER_S", 0.0)
        poller.register("x", topics=frozenset(["a"]), load=loads)
        poller.start()
        loads.failing = True
        bump(["a"])
        wait_for(lambda: poller.stale_since is not None)

        loads.failing = False

        wait_for(lambda: poller.stale_since is None)
        assert loads.count == 2


class TestStaleSince:
    def test_does_not_speak_of_a_short_absence(self, poller: Poller) -> None:
        poller._note(OperationalError())

        assert poller.stale_since is None


def wait_for(is_true: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(1_000):
        if is_true():
            return
        pause.wait(0.01)  # another thread: there is no event to wait for
    raise AssertionError("did not happen within 10 s")
