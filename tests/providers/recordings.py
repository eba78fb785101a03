"""Recorded provider traffic from the material shared beside the repository.

Absent material gives no cases: pytest then reports the tests that need them as skipped.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from typing_extensions import override

from apps.providers import wire

_ROOT = Path(
    os.environ.get("PORTAL_SHARED") or Path(__file__).resolve().parents[2].parent / "shared"
)


@dataclass(frozen=True)
class Recording:
    """One exchange with a provider."""

    name: str
    provider: str
    endpoint: str
    path: str
    request: dict[str, Any] | None
    request_headers: dict[str, str]
    status: int
    headers: dict[str, str]
    body: bytes
    stream: bytes

    @override
    def __str__(self) -> str:
        return self.name

    def incoming(self, operation: str) -> wire.Incoming:
        """The request as a caller of ours would send it."""
        return incoming(self.request or {}, operation, headers=self.request_headers)


def incoming(
    plain: dict[str, Any], operation: str = "chat", *, headers: dict[str, str] | None = None
) -> wire.Incoming:
    """A request with this JSON body."""
    body = json.dumps(plain).encode()
    return wire.Incoming(
        operation=operation,
        model=plain.get("model") or "some-model",
        body=body,
        fields=msgspec.json.decode(body, type=dict[str, msgspec.Raw]),
        stream=bool(plain.get("stream")),
        headers=headers or {},
    )


@cache
def recorded() -> tuple[Recording, ...]:
    """Every recorded exchange."""
    files = sorted((_ROOT / "wire").glob("*/*.json"))
    return tuple(_read(file) for file in files)


def cases(*endpoints: str, providers: Iterable[str]) -> list[Recording]:
    """The recorded exchanges of some providers with some endpoints."""
    wanted = set(providers)
    return [case for case in recorded() if case.provider in wanted and case.endpoint in endpoints]


def split_at(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    """The pieces of `data` between some places."""
    places = [0, *sorted(cuts), len(data)]
    return [data[a:b] for a, b in pairwise(places)]


def _read(file: Path) -> Recording:
    plain = json.loads(file.read_bytes())
    if "response_body" in plain:
        body = json.dumps(plain["response_body"], ensure_ascii=False).encode()
    else:
        body = (plain.get("response_text") or "").encode()
    request = plain["request_body"]
    return Recording(
        name=f"{file.parent.name}/{file.stem}",
        provider=plain["provider"],
        endpoint=plain["endpoint"],
        path=plain["path"],
        request=request if isinstance(request, dict) else None,
        request_headers=_lower(plain["request_headers"]),
        status=plain["status"],
        headers=_lower(plain["response_headers"]),
        body=body,
        stream=(plain.get("response_sse_text") or "").encode(),
    )


def _lower(headers: dict[str, Any] | None) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in (headers or {}).items()}
