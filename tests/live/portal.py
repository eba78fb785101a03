"""A real portal in processes of its own: database, configuration, web server, over loopback."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import yaml

from tests.conftest import REPOSITORY, free_port

START_S = 60.0


class LivePortal:
    """One portal: `base_url` to call, `key` with every scope, `manage()` for its commands."""

    def __init__(self, home: Path, *, env: Mapping[str, str] | None = None) -> None:
        self.home = home
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.key = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._env = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "DJANGO_"))},
            "PORTAL_HOME": str(home),
            "PORTAL_LOG_BODIES": "all",
            "PYTHONUNBUFFERED": "1",
            **(env or {}),
        }

    def manage(self, *arguments: str) -> str:
        """Run a management command; give what it prints."""
        done = self._run(arguments)
        assert not done.returncode, f"{arguments[0]} failed:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _run(self, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(REPOSITORY / "manage.py"), *arguments],
            env=self._env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def manage_failing(self, *arguments: str) -> str:
        """Run a management command that must fail; give all that it prints."""
        done = self._run(arguments)
        assert done.returncode, f"{arguments[0]} succeeded:\n{done.stdout}"
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout + done.stderr

    def apply(self, document: Mapping[str, Any]) -> str:
        """Apply a configuration (the YAML format of `manage.py apply`)."""
        path = self.home / "portal.yaml"
        path.write_text(yaml.safe_dump(dict(document), allow_unicode=True), encoding="utf-8")
        return self.manage("apply", str(path))

    def issue_key(self, application: str, *scopes: str) -> str:
        """A fresh API key."""
        extra = ["--scopes", ",".join(scopes)] if scopes else []
        issued = json.loads(
            self.manage("issue_key", "--application", application, *extra, "--json")
        )
        return str(issued["key"])

    def start(self) -> Self:
        """Start the web process and wait until it answers."""
        with (self.home / "web.log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "uvicorn", "portal.asgi:application"),
                    *("--host", "127.0.0.1", "--port", str(self.port), "--loop", "uvloop"),
                    *(
                        "--http",
                        "httptools",
                        "--lifespan",
                        "on",
                        "--no-access-log",
                        "--no-proxy-headers",
                        "--no-server-header",
                    ),
                ],
                cwd=REPOSITORY,
                env={**self._env, "DJANGO_SETTINGS_MODULE": "portal.settings"},
                stdout=log,
                stderr=log,
            )
        wait_until_answers(f"{self.base_url}/healthz", self._process, self.log)
        return self

    def log(self) -> str:
        """What the web process has printed."""
        path = self.home / "web.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    @property
    def pid(self) -> int:
        """Process id of the web process."""
        if self._process is None:
            raise AssertionError("the portal is not started")
        return self._process.pid

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Stop the web process; give its exit status."""
        if self._process is None:
            return 0
        self._process.send_signal(how)
        try:
            return self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait(timeout=10)
        finally:
            self._process = None

    def query(self, code: str) -> Any:
        """Evaluate Python in the portal's Django; the code prints one JSON value last."""
        printed = self.manage("shell", "--no-imports", "-c", code)
        return json.loads(printed.strip().splitlines()[-1])


def wait_until_answers(url: str, process: subprocess.Popen[bytes], log: Any) -> None:
    """Return when `url` answers at all; fail with the log when the process ends before."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"the process ended ({process.returncode}):\n{log()}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)  # polling a real process: there is no event to wait for
    raise AssertionError(f"{url} did not answer within {START_S} s:\n{log()}")


@contextmanager
def running_portal(
    document: Mapping[str, Any],
    *,
    application: str = "tests",
    private: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
) -> Iterator[LivePortal]:
    """A migrated, configured, started portal with a key; stopped and removed afterwards.

    `private`: the upstreams (host:port) that the portal may reach on loopback.
    """
    with tempfile.TemporaryDirectory(prefix="portal-") as folder:
        settings = {"PORTAL_PRIVATE_UPSTREAMS": ",".join(private), **(env or {})}
        portal = LivePortal(Path(folder), env=settings)
        portal.manage("migrate", "--verbosity", "0")
        portal.apply(document)
        portal.key = portal.issue_key(application)
        try:
            yield portal.start()
        finally:
            portal.stop()


@contextmanager
def running_process(
    arguments: Sequence[str], url: str, *, env: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Any helper process (simulator, replay of recorded traffic), until the block ends."""
    with tempfile.TemporaryFile() as log:

        def printed() -> str:
            log.seek(0)
            return log.read().decode("utf-8", "replace")

        process = subprocess.Popen(
            list(arguments),
            cwd=REPOSITORY,
            env={**os.environ, **(env or {})},
            stdout=log,
            stderr=log,
        )
        try:
            wait_until_answers(url, process, printed)
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=10)


@contextmanager
def running_simulator() -> Iterator[str]:
    """The simulated provider without pauses; gives its base URL."""
    port = free_port()
    arguments = [sys.executable, "-m", "apps.providers.simulator", "--port", str(port)]
    url = f"http://127.0.0.1:{port}"
    with running_process([*arguments, "--pace-ms", "0"], f"{url}/__health"):
        yield url
