import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.providers.simulator.client import Client

REPOSITORY = Path(__file__).resolve().parents[3]
COMMANDS = {
    "module": ["-m", "apps.providers.simulator"],
    "command": ["manage.py", "simulate_provider"],
}


@pytest.mark.parametrize("way", COMMANDS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_says_where_it_listens_and_leaves_quietly(way: str, number: signal.Signals) -> None:
    command = [sys.executable, *COMMANDS[way], "--port", "0", "--pace-ms", "0"]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            url = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert url, process.communicate(timeout=5)
            assert "Simulated" in line
            assert Client(url[0]).get("/__health").json["simulated"] is True

            process.send_signal(number)
            _, errors = process.communicate(timeout=10)
        finally:
            process.kill()

    assert process.returncode == 0
    assert errors == ""


def test_shares_no_code_with_the_dialects() -> None:
    folder = REPOSITORY / "apps" / "providers" / "simulator"
    imported = {
        name
        for path in folder.rglob("*.py")
        for name in re.findall(r"(?:from|import) (apps\.[\w.]+|django[\w.]*)", path.read_text())
    }

    assert imported
    assert all(name.startswith("apps.providers.simulator") for name in imported)
