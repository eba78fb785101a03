"""The supervisor with real processes that ignore signals, have children, crash and are killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from apps.config import supervisor
from tests.conftest import REPOSITORY

# Writes its pid into a file, starts a child that does so too, then sleeps.
PROGRAM = """
import os, pathlib, signal, subprocess, sys, time
folder, name, manner = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
if manner == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if manner == "parent":
    subprocess.Popen([sys.executable, __file__, str(folder), name + "-child", "stubborn"])
(folder / (name + ".draft")).write_text(str(os.getpid()))
(folder / (name + ".draft")).rename(folder / (name + ".pid"))
if manner == "crash":
    while not (folder / "crash-now").exists():
        time.sleep(0.01)
    sys.exit(7)
time.sleep(120)
"""

RUNNER = """
import os, pathlib, sys
from apps.config.supervisor import Child, Supervisor
folder = pathlib.Path(sys.argv[1])
children = [
    Child(name, (sys.executable, str(folder / "program.py"), str(folder), name, manner))
    for name, _, manner in (argument.partition("=") for argument in sys.argv[3:])
]
sys.exit(
    Supervisor(
        children, environment=dict(os.environ), folder=folder, grace_s=float(sys.argv[2])
    ).run()
)
"""


class Family:
    """A supervisor in a process of its own, with the children that it was told to start."""

    def __init__(self, folder: Path, process: subprocess.Popen[str]) -> None:
        self._folder = folder
        self.process = process

    def pid_of(self, name: str) -> int:
        path = self._folder / f"{name}.pid"
        wait_until(path.exists)
        return int(path.read_text())

    def crash(self) -> None:
        (self._folder / "crash-now").touch()

    def end(self) -> tuple[int, str]:
        output, _ = self.process.communicate(timeout=20)
        return self.process.returncode, output


@contextmanager
def family(folder: Path, *children: str, grace_s: float = 5.0) -> Iterator[Family]:
    (folder / "program.py").write_text(PROGRAM)
    process = subprocess.Popen(
        [sys.executable, "-c", RUNNER, str(folder), str(grace_s), *children],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Family(folder, process)
    finally:
        if process.poll() is None:
            process.terminate()
            process.communicate(timeout=30)
        elif process.stdout is not None:
            process.stdout.close()


def wait_until(is_true: Callable[[], bool], *, within_s: float = 20) -> None:
    deadline = time.monotonic() + within_s
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)  # other processes: there is no event to wait for


def is_gone(pid: int) -> bool:
    """Ended; a zombie that nobody in this container reaps has ended too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


class TestRun:
    def test_ends_everything_at_ctrl_c_and_calls_it_success(self, tmp_path: Path) -> None:
        with family(tmp_path, "web=plain", "worker=parent", grace_s=0.5) as run:
            pids = [run.pid_of(name) for name in ["web", "worker", "worker-child"]]

            run.process.send_signal(signal.SIGINT)

            assert run.end()[0] == 0
            assert all(is_gone(pid) for pid in pids[:2])
            wait_until(lambda: is_gone(pids[2]))

    def test_kills_a_child_that_ignores_the_request_after_its_grace(self, tmp_path: Path) -> None:
        with family(tmp_path, "web=plain", "worker=stubborn", grace_s=0.3) as run:
            pids = [run.pid_of(name) for name in ["web", "worker"]]

            run.process.send_signal(signal.SIGTERM)
            code, output = run.end()

            assert (code, all(is_gone(pid) for pid in pids)) == (0, True)
            assert "worker did not end in time" in output

    def test_does_not_wait_for_the_grace_at_a_second_ctrl_c(self, tmp_path: Path) -> None:
        with family(tmp_path, "worker=stubborn", grace_s=60) as run:
            pid = run.pid_of("worker")

            run.process.send_signal(signal.SIGINT)
            wait_until(lambda: not is_gone(pid))
            time.sleep(0.3)  # a person's second key press; nothing tells that the first was seen
            run.process.send_signal(signal.SIGINT)

            assert run.end()[0] == 0
            assert is_gone(pid)

    def test_ends_everything_when_a_child_crashes_and_keeps_its_exit_code(
        self, tmp_path: Path
    ) -> None:
        with family(tmp_path, "web=plain", "worker=crash") as run:
            pid = run.pid_of("web")
            run.pid_of("worker")

            run.crash()
            code, output = run.end()

            assert (code, is_gone(pid)) == (7, True)
            assert "worker ended with 7" in output

    def test_leaves_nothing_behind_when_it_is_killed(self, tmp_path: Path) -> None:
        names = ["web", "worker", "worker-child", "beat"]
        with family(tmp_path, "web=plain", "worker=parent", "beat=stubborn", grace_s=0.3) as run:
            pids = [run.pid_of(name) for name in names]

            run.process.kill()
            run.process.wait(timeout=10)

            wait_until(lambda: all(is_gone(pid) for pid in pids))


class TestExitCode:
    @pytest.mark.parametrize(
        ("code", "expected"), [(7, 7), (0, 1), (-signal.SIGKILL, 137), (-signal.SIGTERM, 143)]
    )
    def test_is_never_success(self, code: int, expected: int) -> None:
        assert supervisor.exit_code(code) == expected


class TestSignalGroup:
    def test_tells_when_nobody_is_in_the_group(self) -> None:
        child = subprocess.Popen(["true"], process_group=0)
        child.wait()

        assert not supervisor.signal_group(child.pid, 0)

    def test_tells_when_somebody_is(self) -> None:
        assert supervisor.signal_group(os.getpgrp(), 0)
