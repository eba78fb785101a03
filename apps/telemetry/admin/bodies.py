"""Stored bodies as text that people can read; templates escape it."""

import contextlib
import json
from dataclasses import dataclass
from typing import Final

from apps.core.crypto import SealBrokenError
from apps.telemetry import services
from apps.telemetry.models import CallBody

MAX_SHOWN: Final = 200_000


@dataclass(frozen=True, slots=True)
class ShownBody:
    """One body: `note` says what the text alone does not."""

    title: str
    text: str
    note: str = ""


def shown_bodies(call_id: str) -> list[ShownBody]:
    """Request and response of a call, as far as they were kept."""
    row = CallBody.objects.filter(call_id=call_id).defer("request", "response").first()
    if row is None:
        return []
    try:
        request, response = services.read_bodies(call_id=call_id)
    except SealBrokenError:
        return [ShownBody("Bodies", "", "They were sealed under a key that is gone.")]
    return [
        _shown("Request", request, truncated=row.request_truncated),
        _shown("Response", response, truncated=row.response_truncated),
    ]


def readable(body: bytes) -> str:
    """JSON indented, everything else (events of a stream, a page of a proxy) as it came."""
    text = body.decode("utf-8", "replace")
    with contextlib.suppress(ValueError, RecursionError):
        text = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    return text.replace("\r\n", "\n")


def _shown(title: str, body: bytes | None, *, truncated: bool) -> ShownBody:
    if not body:
        return ShownBody(title, "", "Nothing was kept.")
    text = readable(body)
    notes = [f"{len(body):,} bytes"]
    if truncated:
        notes.append("cut when it was stored")
    if len(text) > MAX_SHOWN:
        notes.append(f"the first {MAX_SHOWN:,} characters are shown")
    return ShownBody(title, text[:MAX_SHOWN], ", ".join(notes))
