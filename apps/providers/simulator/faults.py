"""Faults on demand: read out of the model name or out of the header `x-sim-fault`.

In the name, anywhere after `sim-` and in any number: `error-<status>`, `after-<seconds>`
(Retry-After), `delay-<ms>`, `pace-<ms>`, `hang[-<bytes>]`, `cut[-<bytes>]`, `garbage`, `html`,
`midstream-error[-<events>]`, `missing`. In the header the same as `key=value` with `;` between:
`status=429;retry_after=7;delay=200;pace=20;hang;cut=100;garbage;html;midstream=3;missing`. The
header wins.
"""

import re
from dataclasses import dataclass, replace
from typing import Any, Final

from apps.providers.simulator.exchange import SimError, Whole

HALF_A_KILOBYTE: Final = 512
RETRY_AFTER_S: Final = 1
RETRYABLE: Final = frozenset({429, 503, 529})

IN_NAME: Final = {
    "status": re.compile(r"(?<!midstream)-error-(\d{3})"),
    "retry_after_s": re.compile(r"-after-(\d+)"),
    "delay_ms": re.compile(r"-delay-(\d+)"),
    "pace_ms": re.compile(r"-pace-(\d+)"),
    "hang_after": re.compile(r"-hang(?:-(\d+))?(?![a-z])"),
    "cut_after": re.compile(r"-cut(?:-(\d+))?(?![a-z])"),
    "midstream_after": re.compile(r"-midstream-error(?:-(\d+))?"),
}
IN_HEADER: Final = {
    "status": "status",
    "retry_after": "retry_after_s",
    "delay": "delay_ms",
    "pace": "pace_ms",
    "hang": "hang_after",
    "cut": "cut_after",
    "midstream": "midstream_after",
}
UNSAID: Final = {"hang_after": 0, "cut_after": HALF_A_KILOBYTE, "midstream_after": 3}
FLAGS: Final = ("garbage", "html", "missing")

GARBAGE: Final = b'{"id": "sim-\xff\xfe\x00garbage", "choices": [{"mess'
HTML: Final = (
    b"<!doctype html>\n<html><head><title>502 Bad Gateway</title></head><body>"
    b"<h1>502 Bad Gateway</h1><p>This page is simulated.</p></body></html>\n"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What shall go wrong; bytes are counted in the body, events from the first one."""

    status: int | None = None
    retry_after_s: int | None = None
    delay_ms: int = 0
    pace_ms: int | None = None
    hang_after: int | None = None
    cut_after: int | None = None
    midstream_after: int | None = None
    garbage: bool = False
    html: bool = False
    missing: bool = False


def read_fault(model: str, header: str) -> Fault:
    """Return what the model name and the header ask for; a broken header is a 400."""
    fault = _from_name(model) if "sim-" in model else Fault()
    missing = fault.missing or "does-not-exist" in model or "nonexistent" in model
    return replace(fault, missing=missing, **_from_header(header))


def _from_name(model: str) -> Fault:
    numbers: dict[str, int] = {}
    for name, pattern in IN_NAME.items():
        found = pattern.search(model)
        if found:
            numbers[name] = UNSAID.get(name, 0) if found[1] is None else int(found[1])
    flags = {flag: f"-{flag}" in model for flag in FLAGS}
    return Fault(**numbers, **flags)  # type: ignore[arg-type]


def _from_header(header: str) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in header.split(";"))):
        key, _, value = part.partition("=")
        if key in FLAGS and value in ("", "1"):
            asked[key] = True
        elif key in IN_HEADER and (value.isdecimal() or (not value and IN_HEADER[key] in UNSAID)):
            asked[IN_HEADER[key]] = int(value) if value else UNSAID[IN_HEADER[key]]
        else:
            raise SimError(400, f"[simulated] x-sim-fault does not understand {part!r}.")
    return asked


def problem_of(fault: Fault, model: str) -> SimError | None:
    """Return the error that shall be answered instead of an answer."""
    status = fault.status
    if fault.missing:
        status = 404
    if status is None or status < 400 or fault.html or fault.garbage:
        return None
    retry_after = fault.retry_after_s
    if retry_after is None and status in RETRYABLE:
        retry_after = RETRY_AFTER_S
    message = (
        f"[simulated] The model `{model}` answers with status {status} because it was asked to."
    )
    if status == 404:
        message = f"[simulated] The model `{model}` does not exist."
    return SimError(status, message, retry_after_s=retry_after)


def nonsense_of(fault: Fault) -> Whole | None:
    """Return a body that no dialect would send, if one shall be sent."""
    if fault.html:
        return Whole(HTML, fault.status or 200, "text/html; charset=utf-8")
    if fault.garbage:
        return Whole(GARBAGE, fault.status or 200)
    return None
