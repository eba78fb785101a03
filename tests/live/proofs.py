"""What live proofs share: endpoints that misbehave on purpose, the record, the provider's log."""

import json
import sqlite3
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any, TypeVar

import httpx2 as httpx

from tests.live.portal import LivePortal

# Nobody listens there: a port of a service that no machine has any more.
NOBODY = "127.0.0.1:1"
PATIENCE_S = 15.0
MESSAGES = [{"role": "user", "content": "Tell me about fjords."}]
PATHS = {
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
    "anthropic_messages": "/v1/messages",
    "gemini_generate": "/v1beta/models/{model}:{verb}",
    "azure_inference": "/azure/chat/completions?api-version=2024-05-01-preview",
}
BODIES: dict[str, dict[str, Any]] = {
    "openai_chat": {"messages": MESSAGES},
    "openai_responses": {"input": "Tell me about fjords."},
    "anthropic_messages": {"messages": MESSAGES, "max_tokens": 1000},
    "gemini_generate": {
        "contents": [{"role": "user", "parts": [{"text": "Tell me about fjords."}]}]
    },
    "azure_inference": {"messages": MESSAGES},
}
# A provider's fault for each endpoint, in the simulator's own words.
FAULTS = {
    "paced": "pace=40",
    "delayed": "delay=30000",
    "silent": "hang=400",
    "limited": "status=429;retry_after=23",
    "broken": "status=500",
}
Found = TypeVar("Found")


def add_to(document: dict[str, Any]) -> None:
    """The proofs' own provider and endpoints, beside those of the other live tests."""
    document["providers"].append(
        {
            "slug": "nobody",
            "dialect": "openai_chat",
            "base_url": f"http://{NOBODY}/v1",
            "credential": {"value": "secret-of-nobody-0123456789"},
            "models": [{"name": "none"}],
        }
    )
    document["endpoints"] += [
        {"name": f"proof/{name}", "targets": [simulated("openai-chat", fault)]}
        for name, fault in FAULTS.items()
    ]
    document["endpoints"] += [
        {"name": f"bodies/{policy}", "body_policy": policy, "targets": [simulated("openai-chat")]}
        for policy in ("off", "errors", "all")
    ]
    document["endpoints"] += [
        {
            "name": f"fallback/{name}",
            "targets": [
                {**target, "priority": priority} for priority, target in enumerate(targets, start=1)
            ],
        }
        for name, targets in fallbacks().items()
    ]
    document["endpoints"].append(
        {"name": "fallback/disabled", "enabled": False, "targets": [simulated("openai-chat")]}
    )


def fallbacks() -> dict[str, list[dict[str, Any]]]:
    """Targets in the order in which they are tried; the last of most is sound."""
    sound = simulated("anthropic-messages")
    return {
        "refused": [{"model": "nobody/none"}, sound],
        "429": [simulated("openai-chat", "status=429"), sound],
        "500": [simulated("openai-chat", "status=500"), sound],
        "503": [simulated("openai-chat", "status=503"), sound],
        "html": [simulated("openai-chat", "html"), sound],
        "cut": [simulated("openai-chat", "cut=0"), sound],
        "400": [simulated("openai-chat", "status=400"), sound],
        "404": [simulated("openai-chat", "status=404"), sound],
        "late": [simulated("openai-chat", "midstream=3"), sound],
        "thrice": [{"model": "nobody/none"}, simulated("gemini-generate", "status=500"), sound],
        "hopeless": [
            {"model": "nobody/none"},
            simulated("gemini-generate", "status=500"),
            simulated("openai-chat", "status=429;retry_after=31"),
        ],
    }


def simulated(provider: str, fault: str = "") -> dict[str, Any]:
    """A target at the simulator."""
    headers = {"x-sim-fault": fault} if fault else {}
    return {"model": f"{provider}/sim-small", "extra_headers": headers}


def as_far_as_it_comes(http: httpx.Client, **request: Any) -> httpx.Response:
    """An answer, whole or broken off; `extensions["broken"]` tells which."""
    pieces, broken = [], False
    with http.stream(**request) as reply:
        try:
            for piece in reply.iter_raw():
                pieces.append(piece)  # noqa: PERF402  what came before a break counts
        except httpx.RemoteProtocolError:
            broken = True
    return httpx.Response(
        reply.status_code,
        headers=reply.headers,
        content=b"".join(pieces),
        extensions={"broken": broken},
    )


class Prover:
    """A caller of a live portal that can look at the record and at what the provider saw."""

    def __init__(self, portal: LivePortal, simulator: str) -> None:
        self.portal = portal
        self.simulator = simulator
        self.http = httpx.Client(base_url=portal.base_url, timeout=30)

    def close(self) -> None:
        self.http.close()

    def request(
        self, model: str, dialect: str = "openai_chat", *, stream: bool = False, **fields: Any
    ) -> dict[str, Any]:
        """Arguments for the HTTP client: one call in a dialect."""
        body = {**BODIES[dialect], **fields}
        if dialect == "gemini_generate":
            verb = "streamGenerateContent?alt=sse" if stream else "generateContent"
            path = PATHS[dialect].format(model=model, verb=verb)
        else:
            path = PATHS[dialect]
            body = {"model": model, **body} | ({"stream": True} if stream else {})
        headers = {
            "authorization": f"Bearer {self.portal.key}",
            "anthropic-version": "2023-06-01",
        }
        return {"method": "POST", "url": path, "json": body, "headers": headers}

    def ask(self, model: str, dialect: str = "openai_chat", **how: Any) -> httpx.Response:
        """One whole call, as far as it comes."""
        return as_far_as_it_comes(self.http, **self.request(model, dialect, **how))

    def rows(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """Rows of the portal's database, read from its file beside the running portal."""
        path = self.portal.home / "portal.sqlite3"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, values)]

    def call(self, request_id: str) -> dict[str, Any]:
        """The call's row, as soon as it is there, with its attempts and its usage."""
        [call] = within(
            lambda: self.rows("SELECT * FROM telemetry_calllog WHERE id = ?", request_id)
        )
        return self._with_parts(call)

    def calls_to(self, endpoint: str) -> list[dict[str, Any]]:
        """The newest calls of an endpoint, newest first."""
        sql = "SELECT * FROM telemetry_calllog WHERE endpoint = ? ORDER BY id DESC"
        return [self._with_parts(call) for call in self.rows(sql, endpoint)]

    def _with_parts(self, call: dict[str, Any]) -> dict[str, Any]:
        attempts = "SELECT * FROM telemetry_attemptlog WHERE call_id = ? ORDER BY number"
        usage = "SELECT * FROM metering_usagerecord WHERE call_id = ?"
        return {
            **call,
            "tries": self.rows(attempts, call["id"]),
            "usage": self.rows(usage, call["id"]),
        }

    def seen(self, path: str = "/openai/v1/chat/completions") -> list[dict[str, Any]]:
        """What the simulated provider has seen at a path, oldest first."""
        with urllib.request.urlopen(f"{self.simulator}/__log", timeout=10) as answer:
            found = json.load(answer)["requests"]
        return [entry for entry in found if entry["path"] == path]

    def seen_with(self, mark: str) -> dict[str, Any]:
        """The one request whose body holds a mark."""
        [entry] = within(
            lambda: [e for e in self.seen() if mark in json.dumps(e["body"], ensure_ascii=False)]
        )
        return entry


def within(look: Callable[[], Found], *, is_good: Callable[[Found], Any] = bool) -> Found:
    """What `look` finds, as soon as it is good; fails with the last finding after a while."""
    deadline = time.monotonic() + PATIENCE_S
    while not is_good(found := look()):
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {found!r}"
        time.sleep(0.02)  # polling another process: there is no event to wait for
    return found


def marked(mark: str) -> Mapping[str, Any]:
    """A question that the provider's log can be searched for."""
    return {"messages": [{"role": "user", "content": f"Tell me about fjords, {mark}."}]}
