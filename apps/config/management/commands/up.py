"""Start the whole portal on one machine."""

import fcntl
import json
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import IO, Any, Final

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from typing_extensions import override

from apps.config.supervisor import GRACE_S, Child, Supervisor

HOST: Final = "127.0.0.1"


class Command(BaseCommand):
    """Prepare the database, then run web, worker, beat and the simulated provider."""

    help = "Start everything on this machine, under one supervisor; Ctrl-C ends it."

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--follow-parent", action="store_true", help="end when the calling process ends"
        )

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PORTAL_MODE != "embedded":
            raise CommandError("`up` is for one machine; production runs each process by itself.")
        port = settings.PORTAL_PORT
        simulator_port = settings.PORTAL_SIMULATOR_PORT or port + 1
        with home_lock(settings.PORTAL_HOME / "up.lock", say=self.say):
            refuse_taken_ports(port, simulator_port)
            environment = settings.PORTAL_CHILD_ENVIRONMENT(
                port=port, simulator_port=simulator_port
            )
            self.prepare(environment)
            supervisor = Supervisor(
                children(port=port, simulator_port=simulator_port),
                environment=environment,
                folder=settings.BASE_DIR,
                follow_parent=options["follow_parent"],
                on_tick=Greeting(port, simulator_port, say=self.say).once,
                say=self.say,
            )
            code = supervisor.run()
        self.say("Everything has ended.")
        sys.exit(code)

    def prepare(self, environment: dict[str, str]) -> None:
        """Bring the database up to date and load the demo into it."""
        call_command("migrate", interactive=False, verbosity=0)
        connections.close_all()
        if "load_demo" in get_commands():
            # In a process of its own: the simulated provider is allowed in that environment only.
            loading = subprocess.run(  # noqa: S603  (our own program)
                manage("load_demo"), cwd=settings.BASE_DIR, env=environment, check=False
            )
            if loading.returncode:
                raise CommandError("The demo could not be loaded.", returncode=loading.returncode)

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


class Greeting:
    """Says once, when the portal and its providers answer, where it is and how to begin."""

    def __init__(self, port: int, simulator_port: int, *, say: Any) -> None:
        self._port = port
        self._simulator_port = simulator_port
        self._say = say
        self._said = False

    def once(self) -> None:
        """Say it if it is time and was not said yet."""
        if not self._said and is_open(self._simulator_port) and is_open(self._port):
            self._said = True
            self._say(greeting(self._port, quickstart()))


def greeting(port: int, facts: dict[str, Any]) -> str:
    """Write what a person needs to begin; `facts` are those of quickstart.json."""
    base_url = f"http://{HOST}:{port}"
    admin = facts.get("admin") or {}
    lines = ["", f"The portal answers on {base_url}", f"  admin   {base_url}/admin/"]
    if admin.get("password"):
        lines.append(f"  log in  {admin['username']} / {admin['password']}")
    elif admin:
        lines.append(f"  log in  {admin['username']}, with the password that you gave it")
    else:
        lines.append("  log in  after `manage.py createsuperuser`")
    if facts.get("api_key"):
        lines += ["", "Its providers are simulated. Try:", "", curl(base_url, facts["api_key"])]
    return "\n".join([*lines, "", "Ctrl-C ends everything.", ""])


def curl(base_url: str, api_key: str) -> str:
    """Write a command that works as it is."""
    body = '{"model": "demo-chat", "messages": [{"role": "user", "content": "What is a fjord?"}]}'
    return (
        f"curl {base_url}/v1/chat/completions \\\n"
        f"  -H 'Authorization: Bearer {api_key}' \\\n"
        f"  -H 'Content-Type: application/json' \\\n"
        f"  -d '{body}'"
    )


def quickstart() -> dict[str, Any]:
    """What the demo says about itself; nothing where there is no demo."""
    path: Path = settings.PORTAL_HOME / "quickstart.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found if isinstance(found, dict) else {}


def children(*, port: int, simulator_port: int) -> list[Child]:
    """The processes of an embedded portal."""
    web = ["uvicorn", "portal.asgi:application", "--host", HOST, "--port", str(port)]
    web += [
        "--loop",
        "uvloop",
        "--http",
        "httptools",
        "--lifespan",
        "on",
        "--no-access-log",
        "--no-proxy-headers",
        "--no-server-header",
    ]
    web += ["--log-level", "warning", "--timeout-graceful-shutdown", "5"]
    celery = ["celery", "--quiet", "--app", "portal"]
    worker = [*celery, "worker", "--pool", "threads", "--concurrency", "4"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    # Without Django, so that it listens before the web process has loaded.
    simulator = (sys.executable, "-m", "apps.providers.simulator", "--port", str(simulator_port))
    return [
        Child("simulated provider", simulator),
        Child("web", (sys.executable, "-m", *web)),
        Child("worker", (sys.executable, "-m", *worker)),
        # With its pid file two portals would fight for one name in one folder.
        Child("beat", (sys.executable, "-m", *celery, "beat", "--pidfile=")),
    ]


def manage(*arguments: str) -> tuple[str, ...]:
    """A management command as a process."""
    return (sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments)


def home_lock(path: Path, *, say: Any) -> IO[str]:
    """Take the home for this portal; it is free again when the file is closed.

    A predecessor that was killed may still be ending: its guard holds the lock until it is done.

    Raises:
        CommandError: another portal runs there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("w")
    deadline = time.monotonic() + GRACE_S + 2
    waited = False
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                file.close()
                message = f"Another portal runs with {path.parent}; PORTAL_HOME names another."
                raise CommandError(message) from None
            if not waited:
                say("Waiting for the portal before this one to end…")
            waited = True
            time.sleep(0.1)
        else:
            return file


def refuse_taken_ports(*ports: int) -> None:
    """Say so before anything starts.

    Raises:
        CommandError: somebody listens there.
    """
    for port in ports:
        if is_open(port):
            raise CommandError(
                f"Port {port} of this machine is in use. PORT=9000 moves the portal, "
                "PORTAL_SIMULATOR_PORT the simulated provider."
            )


def is_open(port: int) -> bool:
    """Tell whether somebody accepts connections there."""
    with closing(socket.socket()) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((HOST, port)) == 0
