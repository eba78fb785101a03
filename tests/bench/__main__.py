"""Run the benchmark: mock and load on one core, the portal (one worker) on the other.

Prints, for each case: calls per second, CPU microseconds per call of the portal's process, and the
latency that the portal adds to the mock's own. Rounds are interleaved (straight, portal, straight,
…); medians are printed, and everything as JSON at the end.
"""

import contextlib
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import free_port
from tests.live.portal import running_portal, running_process

ROUNDS = int(os.environ.get("PORTAL_BENCH_ROUNDS", "3"))
SECONDS = float(os.environ.get("PORTAL_BENCH_SECONDS", "4"))
LOAD_CORE, PORTAL_CORE = "0", "1"


@dataclass(frozen=True)
class Case:
    """One row of the table."""

    name: str
    model: str
    connections: int
    stream: bool = False


CASES = (
    Case("64 connections", "mock-0", 64),
    Case("1 connection", "mock-0", 1),
    Case("1,000 waiting calls of 1 s", "mock-1000", 1000),
    Case("50 streams, 100 events, 2 ms gap", "mock-0-100-2000", 50, stream=True),
)


def document(mock_port: int) -> dict[str, Any]:
    """Endpoints named like the mock's models."""
    models = sorted({case.model for case in CASES})
    return {
        "teams": [{"slug": "bench", "name": "Bench"}],
        "providers": [
            {
                "slug": "mock",
                "dialect": "openai_chat",
                "base_url": f"http://127.0.0.1:{mock_port}/v1",
                "credential": {"value": "bench-secret"},
                "models": [
                    {
                        "name": name,
                        "prices": {"input_usd_per_mtok": 0.25, "output_usd_per_mtok": 2.0},
                    }
                    for name in models
                ],
            }
        ],
        "endpoints": [
            {"name": name, "targets": [{"model": f"mock/{name}"}], "body_policy": "errors"}
            for name in models
        ],
        "applications": [
            {"slug": "bench", "team": "bench", "kind": "service", "scopes": ["inference:call"]}
        ],
    }


def cpu_s(pid: int) -> float:
    """User and system seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid: int) -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def pin(pid: int, core: int) -> None:
    """Keep every thread of a process on one core; threads that it starts later follow."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
            os.sched_setaffinity(int(task.name), {core})


def load(port: int, key: str, case: Case) -> dict[str, Any]:
    """One round against a port, from the load's core."""
    command = [
        *("taskset", "-c", LOAD_CORE, sys.executable, "-m", "tests.bench.load"),
        *(str(port), "/v1/chat/completions", key, case.model),
        *(str(case.connections), str(SECONDS), "1" if case.stream else "0"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    result: dict[str, Any] = json.loads(done.stdout)
    if result["errors"]:
        raise SystemExit(f"{case.name}: {result['errors']} errors, for example {result['sample']}")
    return result


def measure(case: Case, mock_port: int, portal_port: int, key: str, pid: int) -> dict[str, Any]:
    """Interleaved rounds of one case; medians."""
    straight, through, cpu = [], [], []
    for _ in range(ROUNDS):
        straight.append(load(mock_port, key, case))
        before = cpu_s(pid)
        result = load(portal_port, key, case)
        # The warm-up is a fifth more of the same load: count its calls in.
        calls = max(result["calls"] * 1.2, 1)
        cpu.append((cpu_s(pid) - before) / calls * 1e6)
        through.append(result)
    return {
        "case": case.name,
        "calls_per_s": _median(through, "calls_per_s"),
        "mock_calls_per_s": _median(straight, "calls_per_s"),
        "cpu_us_per_call": round(statistics.median(cpu), 1),
        "added_p50_ms": _added(straight, through, "p50_ms"),
        "added_p99_ms": _added(straight, through, "p99_ms"),
        "p99_ms": _median(through, "p99_ms"),
        "events_per_s": _median(through, "events_per_s") if case.stream else None,
        "added_first_event_ms": (
            _added(straight, through, "first_event_p50_ms") if case.stream else None
        ),
        "resident_mib": round(resident_mib(pid), 1),
    }


def _median(rounds: list[dict[str, Any]], key: str) -> float:
    return round(float(statistics.median(r[key] for r in rounds)), 3)


def _added(straight: list[dict[str, Any]], through: list[dict[str, Any]], key: str) -> float:
    return round(_median(through, key) - _median(straight, key), 3)


COLUMNS: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("case", "case", str),
    ("calls_per_s", "calls/s", "{:,.0f}".format),
    ("cpu_us_per_call", "CPU µs/call", "{:,.0f}".format),
    ("added_p50_ms", "added p50 ms", "{:.2f}".format),
    ("p99_ms", "p99 ms", "{:.1f}".format),
    ("events_per_s", "events/s", lambda v: "–" if v is None else f"{v:,.0f}"),
    ("added_first_event_ms", "first event + ms", lambda v: "–" if v is None else f"{v:.2f}"),
    ("resident_mib", "MiB", "{:.0f}".format),
)


def table(rows: list[dict[str, Any]]) -> str:
    """The rows as a Markdown table."""
    lines = ["| " + " | ".join(title for _, title, _ in COLUMNS) + " |"]
    lines.append("|" + " --- |" * len(COLUMNS))
    lines += ["| " + " | ".join(show(row[key]) for key, _, show in COLUMNS) + " |" for row in rows]
    return "\n".join(lines)


def main() -> None:
    """Start mock and portal, run every case, print."""
    mock_port = free_port()
    mock = ["taskset", "-c", LOAD_CORE, sys.executable, "-m", "tests.bench.mock", str(mock_port)]
    database = os.environ.get("PORTAL_BENCH_DATABASE_URL", "")
    env = {"PORTAL_LOG_BODIES": "errors"} | ({"PORTAL_DATABASE_URL": database} if database else {})
    with (
        running_process(mock, f"http://127.0.0.1:{mock_port}/"),
        running_portal(
            document(mock_port), application="bench", private=[f"127.0.0.1:{mock_port}"], env=env
        ) as portal,
    ):
        pin(portal.pid, int(PORTAL_CORE))
        rows = [measure(c, mock_port, portal.port, portal.key, portal.pid) for c in CASES]
    kind = "PostgreSQL" if database else "SQLite"
    print(f"{platform.processor() or platform.machine()}, {kind}, {ROUNDS} rounds of {SECONDS} s\n")
    print(table(rows))
    print("\n" + json.dumps({"database": kind, "rows": rows}))


if __name__ == "__main__":
    main()
