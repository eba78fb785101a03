"""Errors both ways.

Source: google.rpc.Status and its error_details; ai.google.dev/gemini-api/docs/troubleshooting.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from apps.core.errors import PortalError
from apps.providers import wire
from apps.providers.errors import (
    ProviderAuthError,
    ProviderContentFilterError,
    ProviderError,
    ProviderFaultError,
    ProviderNotFoundError,
    ProviderOverloadedError,
    ProviderRateLimitError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderTooLargeError,
)

MOST_MESSAGE = 2000

_BY_STATUS: Mapping[int, type[ProviderError]] = {
    401: ProviderAuthError,
    402: ProviderAuthError,
    403: ProviderAuthError,
    404: ProviderNotFoundError,
    408: ProviderTimeoutError,
    413: ProviderTooLargeError,
    429: ProviderRateLimitError,
    503: ProviderOverloadedError,
    504: ProviderTimeoutError,
    529: ProviderOverloadedError,
}
# For errors that come without a status of their own (in a stream, in a 200).
_CODES: Mapping[str, int] = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ABORTED": 409,
    "ALREADY_EXISTS": 409,
    "RESOURCE_EXHAUSTED": 429,
    "CANCELLED": 499,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "DATA_LOSS": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_FILTERS = frozenset({"SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII", "CONTENT_FILTER"})
_REQUEST_IDS = ("x-request-id", "request-id", "x-goog-request-id", "x-guploader-uploadid")
_DELAY = re.compile(r"(\d+(?:\.\d+)?)s")

_BY_KIND: Mapping[str, tuple[int, str]] = {
    "invalid": (400, "INVALID_ARGUMENT"),
    "unauthenticated": (401, "UNAUTHENTICATED"),
    "unpaid": (402, "RESOURCE_EXHAUSTED"),
    "forbidden": (403, "PERMISSION_DENIED"),
    "not_found": (404, "NOT_FOUND"),
    "method": (405, "INVALID_ARGUMENT"),
    "conflict": (409, "ABORTED"),
    "stale": (412, "FAILED_PRECONDITION"),
    "too_large": (413, "INVALID_ARGUMENT"),
    "limited": (429, "RESOURCE_EXHAUSTED"),
    "refused": (400, "INVALID_ARGUMENT"),
    "unavailable": (503, "UNAVAILABLE"),
    "upstream": (502, "UNAVAILABLE"),
    "upstream_fault": (500, "INTERNAL"),
    "overloaded": (503, "UNAVAILABLE"),
    "timeout": (504, "DEADLINE_EXCEEDED"),
}
_TYPE = "type.googleapis.com/google.rpc."


class _Told(msgspec.Struct):
    """What an error object says."""

    message: str = ""
    status: str = ""
    code: int | None = None
    reason: str | None = None
    retry_after_s: float | None = None
    param: str | None = None


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that an answer is. Never raises, whatever the body is."""
    told = _read(body)
    if status < 400:
        status = told.code or _CODES.get(told.status, 500)
    error = _class_of(status, told)
    message = told.message or _own_words(status, body, told)
    if error is ProviderAuthError:
        # The provider's own words may quote the key, and are no business of the caller.
        message = f"The provider refused the portal's own account ({status})."
    return error(
        message[:MOST_MESSAGE],
        status=status,
        body=body,
        retry_after_s=_retry_after(headers, told),
        upstream_request_id=next((headers[key] for key in _REQUEST_IDS if key in headers), None),
        upstream_code=told.reason or told.status or None,
        param=told.param,
    )


def _own_words(status: int, body: bytes, told: _Told) -> str:
    if told.status:
        return f"The provider answered {status} {told.status}."
    if not body.strip():
        return f"The provider answered {status} with an empty page."
    kind = "without a message" if body.lstrip()[:1] in b"{[" else "with a page that is not JSON"
    return f"The provider answered {status} {kind}."


def _class_of(status: int, told: _Told) -> type[ProviderError]:
    reason = told.reason or ""
    if status < 500 and (
        reason.startswith("API_KEY_")
        or told.status == "UNAUTHENTICATED"
        or (told.status == "FAILED_PRECONDITION" and "billing" in told.message.lower())
    ):
        return ProviderAuthError
    if status == 400 and reason in _FILTERS:
        return ProviderContentFilterError
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return ProviderFaultError if status >= 500 else ProviderRejectedError


def _retry_after(headers: Mapping[str, str], told: _Told) -> float | None:
    for name, scale in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers[name]) * scale
        except (KeyError, ValueError):
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    return told.retry_after_s


def _read(body: bytes) -> _Told:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return _Told()
    if isinstance(found, list):  # without `alt=sse` a stream's error is an array of one
        found = found[0] if found else None
    if isinstance(found, dict) and "error" in found:
        found = found["error"]
    if isinstance(found, str):
        return _Told(message=found)
    if not isinstance(found, dict):
        return _Told()
    code = found.get("code")
    told = _Told(
        message=_text(found.get("message")),
        status=_text(found.get("status")),
        code=code if isinstance(code, int) and 400 <= code < 600 else None,
    )
    details = found.get("details")
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict):
            _read_detail(detail, told)
    return told


def _read_detail(detail: dict[str, Any], told: _Told) -> None:
    kind = _text(detail.get("@type")).rpartition(".")[2]
    if kind == "ErrorInfo":
        told.reason = _text(detail.get("reason")) or None
    elif kind == "RetryInfo":
        delay = _DELAY.fullmatch(_text(detail.get("retryDelay")))
        told.retry_after_s = float(delay[1]) if delay else None
    elif kind == "BadRequest":
        violations = detail.get("fieldViolations")
        first = violations[0] if isinstance(violations, list) and violations else None
        if isinstance(first, dict):
            told.param = _text(first.get("field")) or None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def render_error(error: PortalError, *, request_id: str) -> wire.RenderedError:
    """The error for a caller, in this dialect's shape."""
    status, body = _error_object(error, request_id)
    headers: tuple[tuple[str, str], ...] = ()
    if (wait := _wait(error)) is not None:
        headers = (("retry-after", str(wait)),)
    return wire.RenderedError(status=status, body=msgspec.json.encode(body), headers=headers)


def render_stream_error(error: PortalError, *, request_id: str) -> bytes:
    """The error as the last event of a stream that has begun."""
    return b"data: " + msgspec.json.encode(_error_object(error, request_id)[1]) + b"\r\n\r\n"


def _error_object(error: PortalError, request_id: str) -> tuple[int, dict[str, Any]]:
    status, name = _BY_KIND.get(error.kind, (500, "INTERNAL"))
    reason = error.upstream_code if isinstance(error, ProviderError) else None
    details: list[dict[str, Any]] = [
        {
            "@type": f"{_TYPE}ErrorInfo",
            "reason": _reason(error, reason),
            "domain": "googleapis.com" if error.kind == "unauthenticated" else "portal",
        }
    ]
    if error.param:
        violation = {"field": error.param, "description": error.message}
        details.append({"@type": f"{_TYPE}BadRequest", "fieldViolations": [violation]})
    if (wait := _wait(error)) is not None:
        details.append({"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{wait}s"})
    if request_id:
        details.append({"@type": f"{_TYPE}RequestInfo", "requestId": request_id})
    body = {"code": status, "message": error.message, "status": name, "details": details}
    return status, {"error": body}


def _reason(error: PortalError, upstream: str | None) -> str:
    """Source: google.rpc.ErrorInfo (reasons match ``[A-Z][A-Z0-9_]+[A-Z0-9]``)."""
    if error.kind == "unauthenticated":
        return "API_KEY_INVALID"
    return re.sub(r"[^A-Z0-9]+", "_", (upstream or error.code).upper()).strip("_") or "ERROR"


def _wait(error: PortalError) -> int | None:
    """Whole seconds, at least one."""
    seconds = getattr(error, "retry_after_s", None)
    return None if seconds is None else max(math.ceil(seconds), 1)
