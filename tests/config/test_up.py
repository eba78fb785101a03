"""`manage.py up`: the whole portal as one command, started, answering, ended, killed."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from django.core.management import CommandError

from apps.config.management.commands import up
from tests.config.test_supervisor import is_gone, wait_until
from tests.conftest import REPOSITORY, free_port


def all_gone(family: set[int]) -> bool:
    return all(is_gone(pid) for pid in family)


@contextmanager
def running(home: Path, port: int, simulator_port: int) -> Iterator[subprocess.Popen[bytes]]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "DJANGO_"))}
    mine = {"PORTAL_HOME": str(home), "PORTAL_SIMULATOR_PORT": str(simulator_port)}
    process = subprocess.Popen(
        [sys.executable, str(REPOSITORY / "manage.py"), "up"],
        env=kept | mine | {"PORT": str(port), "PORTAL_LOG_LEVEL": "WARNING"},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=40)


def descendants_of(pid: int) -> set[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                stat = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat[1])
    found = {pid}
    while new := {child for child, parent in parents.items() if parent in found} - found:
        found |= new
    return found - {pid}


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


@pytest.mark.verify
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="counts processes in /proc")
class TestUp:
    @pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
    def test_answers_and_leaves_nothing_behind_and_starts_again(
        self, tmp_path: Path, end: signal.Signals
    ) -> None:
        ports = free_port(), free_port()
        for _ in range(2):
            with running(tmp_path, *ports) as process:
                wait_until(lambda: answers(ports[0]), within_s=60)
                family = descendants_of(process.pid)
                assert len(family) >= 5

                process.send_signal(end)
                code = process.wait(timeout=40)

            assert code == (0 if end == signal.SIGINT else -signal.SIGKILL)
            wait_until(partial(all_gone, family))

        assert not any(up.is_open(port) for port in ports)


class TestHomeLock:
    def test_refuses_a_home_that_is_in_use(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(up, "GRACE_S", -2.0)
        said: list[str] = []

        with (
            up.home_lock(tmp_path / "lock", say=said.append),
            pytest.raises(CommandError, match="Another portal runs"),
        ):
            up.home_lock(tmp_path / "lock", say=said.append)

    def test_is_free_again_afterwards(self, tmp_path: Path) -> None:
        up.home_lock(tmp_path / "lock", say=print).close()

        with up.home_lock(tmp_path / "lock", say=print) as file:
            fcntl.flock(file, fcntl.LOCK_UN)  # raises unless the lock is held here

            assert not file.closed


class TestRefuseTakenPorts:
    def test_names_the_port_and_how_to_move(self) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as taken:
            port = taken.getsockname()[1]

            with pytest.raises(CommandError, match=f"Port {port} .* PORT=9000"):
                up.refuse_taken_ports(port)

    def test_accepts_free_ones(self) -> None:
        up.refuse_taken_ports(free_port())


class TestGreeting:
    def test_says_where_the_admin_is_and_how_to_begin(self) -> None:
        facts = {"admin": {"username": "admin", "password": "word"}, "api_key": "ptl_x"}

        text = up.greeting(8000, facts)

        assert "http://127.0.0.1:8000/admin/" in text
        assert "admin / word" in text
        assert "curl http://127.0.0.1:8000/v1/chat/completions" in text
        assert "Bearer ptl_x" in text

    def test_waits_for_the_portal_and_for_its_providers(self) -> None:
        said: list[str] = []
        with closing(socket.create_server(("127.0.0.1", 0))) as web:
            hello = up.Greeting(web.getsockname()[1], free_port(), say=said.append)
            hello.once()
            assert not said

            with closing(socket.create_server(("127.0.0.1", 0))) as simulator:
                port = simulator.getsockname()[1]
                hello = up.Greeting(web.getsockname()[1], port, say=said.append)
                hello.once()
                hello.once()

        assert len(said) == 1

    def test_does_not_repeat_a_password_that_was_changed(self) -> None:
        text = up.greeting(8000, {"admin": {"username": "ada"}})

        assert "ada, with the password that you gave it" in text

    def test_says_how_to_make_an_administrator_without_a_demo(self) -> None:
        assert "createsuperuser" in up.greeting(8000, {})


class TestChildren:
    def test_are_all_on_loopback(self) -> None:
        children = up.children(port=1, simulator_port=2)

        assert [child.name for child in children] == [
            *("simulated provider", "web", "worker", "beat")
        ]
        web = children[1].arguments
        assert web[web.index("--host") + 1] == "127.0.0.1"
