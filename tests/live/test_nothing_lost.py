"""What a caller sets is carried, named in the warnings or refused: never silently lost.

What a provider's dialect has no place for must be named in `X-Portal-Warnings`, or refused with
400 and the name of the field.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.live.meanings import (
    ANTHROPIC,
    AZURE,
    BASES,
    CHAT,
    DIALECTS,
    GEMINI,
    RESPONSES,
    ROWS,
    TOOLS,
    Fields,
    Row,
)
from tests.live.portal import LivePortal

pytestmark = pytest.mark.verify

PATHS = {
    CHAT: "/v1/chat/completions",
    RESPONSES: "/v1/responses",
    ANTHROPIC: "/v1/messages",
    GEMINI: "/v1beta/models/{model}:generateContent",
    AZURE: "/azure/chat/completions?api-version=2024-05-01-preview",
}


def merged(base: Any, more: Any) -> Any:
    """`base` with the fields of `more`, deeply; other values are replaced."""
    if not (isinstance(base, dict) and isinstance(more, Mapping)):
        return more
    return {**base, **{key: merged(base.get(key), value) for key, value in more.items()}}


def holds(sent: Any, wanted: Any) -> bool:
    """Whether `sent` has all that `wanted` has."""
    if isinstance(wanted, Mapping):
        return isinstance(sent, dict) and all(
            key in sent and holds(sent[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, list) and wanted and isinstance(wanted[0], Mapping):
        return (
            isinstance(sent, list)
            and len(sent) == len(wanted)
            and all(holds(one, other) for one, other in zip(sent, wanted, strict=True))
        )
    return bool(sent == wanted)


@dataclass(frozen=True)
class Answer:
    """What the caller got, and what the provider was sent."""

    status: int
    warnings: str
    body: Any
    sent: Any


@dataclass(frozen=True)
class Line:
    """Calls through the portal, seen at both ends."""

    portal: LivePortal
    simulator_url: str

    def call(self, caller: str, provider: str, fields: Fields) -> Answer:
        """Send one request."""
        model = f"{provider}/sim-small"
        body = {**fields} if caller == GEMINI else {"model": model, **fields}
        self._simulator("/__reset", b"")
        request = urllib.request.Request(
            self.portal.base_url + PATHS[caller].format(model=model),
            data=json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self.portal.key}",
                "Content-Type": "application/json",
                "anthropic-version": "2023-06-01",
                "extra-parameters": "pass-through",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                status, headers, data = response.status, response.headers, response.read()
        except urllib.error.HTTPError as error:
            status, headers, data = error.code, error.headers, error.read()
        seen = json.loads(self._simulator("/__log"))["requests"]
        return Answer(
            status,
            headers.get("x-portal-warnings") or "",
            json.loads(data),
            seen[-1]["body"] if seen else None,
        )

    def _simulator(self, path: str, data: bytes | None = None) -> bytes:
        with urllib.request.urlopen(self.simulator_url + path, data=data, timeout=30) as response:
            return bytes(response.read())


@pytest.fixture
def line(live_portal: LivePortal, simulator_url: str) -> Line:
    return Line(live_portal, simulator_url)


def losses(line: Line, caller: str, provider: str) -> Iterator[str]:
    """Every row that a pair of dialects loses in silence, or refuses without saying what."""
    for row in ROWS:
        if caller not in row.asked:
            continue
        base = merged(BASES[caller], TOOLS[caller] if row.tools else {})
        answer = line.call(caller, provider, merged(base, row.asked[caller]))
        if (flaw := flaw_of(row, caller, provider, answer)) is not None:
            yield f"{row.name}: {flaw} ({answer.status}, {answer.warnings!r}, {answer.sent})"


def flaw_of(row: Row, caller: str, provider: str, answer: Answer) -> str | None:
    """What is wrong with an answer; None when the row was carried, named or refused."""
    if caller == provider:
        return None if holds(answer.sent, row.asked[caller]) else "not passed on as it is"
    if answer.status == 400 and answer.sent is None:
        said = json.dumps(answer.body)
        named = any(word in said for word in row.words)
        return None if named and provider not in row.carried else "refused"
    if answer.status != 200:
        return f"failed: {answer.body}"
    named = any(word in answer.warnings for word in row.words)
    wanted = row.carried.get(provider)
    if wanted is not None and holds(answer.sent, wanted):
        return "carried and yet called lost" if "dropped" in answer.warnings else None
    if named or holds(answer.sent, row.asked[caller]):
        return None
    return "lost" if wanted is None else "not where it belongs"


@pytest.mark.parametrize("provider", DIALECTS)
@pytest.mark.parametrize("caller", DIALECTS)
def test_nothing_is_lost_in_silence(line: Line, caller: str, provider: str) -> None:
    lost = list(losses(line, caller, provider))

    assert not lost, "\n".join(lost)
