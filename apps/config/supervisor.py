"""Run several processes as one: all start, all end, and nothing is left behind.

Each child has a process group of its own, so that Ctrl-C reaches the supervisor only. Against the
sudden death of the supervisor itself there are two nets: the kernel tells each child (Linux), and
a guard process, forked first, sees the end of a pipe and ends every group that it was told of.
"""

import contextlib
import ctypes
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

GRACE_S: Final = 10.0
TICK_S: Final = 0.25
PR_SET_PDEATHSIG: Final = 1
CAUGHT: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


@dataclass(frozen=True, slots=True)
class Child:
    """One process to run; `name` is for people."""

    name: str
    arguments: tuple[str, ...]


class Supervisor:
    """Starts children, waits for the first reason to end, and ends all of them."""

    def __init__(
        self,
        children: Sequence[Child],
        *,
        environment: Mapping[str, str],
        folder: Path,
        grace_s: float = GRACE_S,
        follow_parent: bool = False,
        on_tick: Callable[[], None] = lambda: None,
        say: Callable[[str], None] = print,
    ) -> None:
        self._children = children
        self._environment = dict(environment)
        self._folder = folder
        self._grace_s = grace_s
        self._parent = os.getppid() if follow_parent else None
        self._on_tick = on_tick
        self._say = say
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def run(self) -> int:
        """Run until Ctrl-C (0), a signal (0) or the end of a child (its exit code, or 1)."""
        with caught_signals() as wakeup, guard(self._grace_s) as note:
            try:
                for child in self._children:
                    self._running[child.name] = process = self._spawn(child)
                    note(process.pid)
                return self._wait(wakeup)
            finally:
                self._end(wakeup)

    def _spawn(self, child: Child) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  (our own programs)
            child.arguments,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=die_with_parent(os.getpid()),  # no threads run here: it is safe
        )

    def _wait(self, wakeup: socket.socket) -> int:
        while True:
            if wait_for_signals(wakeup, TICK_S) - {signal.SIGCHLD}:
                return 0
            for name, process in self._running.items():
                code = process.poll()
                if code is not None:
                    self._say(f"{name} ended with {code}; everything else ends too.")
                    return exit_code(code)
            if self._parent is not None and os.getppid() != self._parent:
                return 0
            self._on_tick()

    def _end(self, wakeup: socket.socket) -> None:
        self._signal_all(signal.SIGTERM)
        deadline = time.monotonic() + self._grace_s
        while time.monotonic() < deadline and self._is_any_alive():
            if signal.SIGINT in wait_for_signals(wakeup, TICK_S):
                break
        for name, process in self._running.items():
            if process.poll() is None:
                self._say(f"{name} did not end in time and is killed.")
        self._signal_all(signal.SIGKILL)
        for process in self._running.values():
            process.wait()

    def _is_any_alive(self) -> bool:
        # Every child is asked, so that each one that has ended is also reaped.
        return any([process.poll() is None for process in self._running.values()])  # noqa: C419

    def _signal_all(self, number: signal.Signals) -> None:
        # The group and not the child: its own children may outlive it.
        for process in self._running.values():
            signal_group(process.pid, number)


@contextlib.contextmanager
def caught_signals() -> Iterator[socket.socket]:
    """Turn signals into bytes on a socket for as long as the block runs."""
    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    before = {number: signal.signal(number, lambda *_: None) for number in CAUGHT}
    old = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    try:
        yield reader
    finally:
        signal.set_wakeup_fd(old)
        for number, handler in before.items():
            signal.signal(number, handler)
        reader.close()
        writer.close()


def wait_for_signals(wakeup: socket.socket, timeout_s: float) -> set[int]:
    """Wait for signals, or for the time to pass."""
    ready, _, _ = select.select([wakeup], [], [], timeout_s)
    return set(wakeup.recv(4096)) if ready else set()


@contextlib.contextmanager
def guard(grace_s: float) -> Iterator[Callable[[int], None]]:
    """Fork the guard; the function given back tells it of a process group.

    The guard is told before the next process starts. When this process ends, however it ends, its
    end of the pipe closes and the guard does what is left to do.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(writing)
            keep_guard(reading, grace_s)
        finally:
            os._exit(0)
    os.close(reading)
    try:
        yield lambda group: _tell(writing, group)
    finally:
        os.close(writing)
        os.waitpid(pid, 0)


def keep_guard(reading: int, grace_s: float) -> None:
    """Wait for the end of the supervisor, then end every group that it started."""
    os.setsid()
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    with open(reading, encoding="ascii") as pipe:
        groups = [int(line) for line in pipe]
    for group in groups:
        signal_group(group, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while time.monotonic() < deadline and any([signal_group(group, 0) for group in groups]):  # noqa: C419
        time.sleep(0.05)
    for group in groups:
        signal_group(group, signal.SIGKILL)


def signal_group(group: int, number: int) -> bool:
    """Signal a process group; False when nobody is in it any more."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def die_with_parent(parent: int) -> Callable[[], None]:
    """Make what a child does before it becomes its program: ask to be told of our death."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)

    def ask() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
            if os.getppid() != parent:
                os._exit(1)

    return ask


def exit_code(code: int) -> int:
    """The code to end with after a child ended with `code`: never success, it was not asked to."""
    return 128 - code if code < 0 else code or 1


def _tell(pipe: int, group: int) -> None:
    os.write(pipe, f"{group}\n".encode("ascii"))
