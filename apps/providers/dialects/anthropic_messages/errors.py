"""Errors both ways.

Source: platform.claude.com/docs/en/api/errors.
"""

import math
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
    ProviderProtocolError,
    ProviderRateLimitError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderTooLargeError,
)
from apps.providers.sse import encode_event

_BY_TYPE: Mapping[str, type[ProviderError]] = {
    "invalid_request_error": ProviderRejectedError,
    "authentication_error": ProviderAuthError,
    "billing_error": ProviderAuthError,
    "permission_error": ProviderAuthError,
    "not_found_error": ProviderNotFoundError,
    "conflict_error": ProviderRejectedError,
    "request_too_large": ProviderTooLargeError,
    "rate_limit_error": ProviderRateLimitError,
    "api_error": ProviderFaultError,
    "timeout_error": ProviderTimeoutError,
    "overloaded_error": ProviderOverloadedError,
}
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
# Observed as plain invalid requests, though the fault lies with the portal's own account.
_OWN_ACCOUNT = ("credit balance is too low", "organization has been disabled")
_FILTERED = ("content filtering policy",)
_REQUEST_IDS = ("request-id", "x-request-id", "apim-request-id", "x-amzn-requestid")
_LONGEST_MESSAGE = 2000

_SHOWN: Mapping[str, tuple[int, str]] = {
    "invalid": (400, "invalid_request_error"),
    "unauthenticated": (401, "authentication_error"),
    "unpaid": (402, "billing_error"),
    "forbidden": (403, "permission_error"),
    "not_found": (404, "not_found_error"),
    "method": (405, "invalid_request_error"),
    "conflict": (409, "conflict_error"),
    "stale": (412, "invalid_request_error"),
    "too_large": (413, "request_too_large"),
    "limited": (429, "rate_limit_error"),
    "refused": (400, "invalid_request_error"),
    "unavailable": (529, "overloaded_error"),
    "upstream": (502, "api_error"),
    "upstream_fault": (500, "api_error"),
    "overloaded": (529, "overloaded_error"),
    "timeout": (504, "timeout_error"),
    "internal": (500, "api_error"),
}


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that a provider's answer stands for, whatever its body is."""
    kind, message, request_id = _read_body(body)
    if message is None:
        message = f"The provider answered {status} with " + (
            "a page that is not JSON." if _decoded(body) is None else "no message."
        )
    found = next((headers[name] for name in _REQUEST_IDS if headers.get(name)), request_id)
    error = _class_of(status, kind, message)
    if error is ProviderAuthError:
        # The provider's own words may quote the key, and are no business of the caller.
        message = f"The provider refused the portal's own account ({status})."
    return error(
        message[:_LONGEST_MESSAGE],
        status=status,
        body=body,
        retry_after_s=_retry_after_s(headers),
        upstream_request_id=found,
        upstream_code=kind,
    )


def error_in_answer(body: bytes) -> ProviderError:
    """The error in a body or an event that came with status 200."""
    return parse_error(200, {}, body)


def render_error(error: PortalError, *, request_id: str) -> wire.RenderedError:
    """Show an error the way this dialect does."""
    status, _ = _shown(error)
    wait = getattr(error, "retry_after_s", None)
    headers = (("retry-after", str(max(math.ceil(wait), 1))),) if wait is not None else ()
    return wire.RenderedError(
        status=status,
        body=msgspec.json.encode(_error_object(error, request_id)),
        headers=headers,
    )


def render_stream_error(error: PortalError, *, request_id: str) -> bytes:
    """The event of an error after the stream has begun."""
    return encode_event(msgspec.json.encode(_error_object(error, request_id or None)), "error")


def _error_object(error: PortalError, request_id: str | None) -> dict[str, Any]:
    message = error.message
    if error.param and error.param not in message:
        message = f"{error.param}: {message}"
    return {
        "type": "error",
        "error": {"type": _shown(error)[1], "message": message},
        "request_id": request_id,
    }


def _shown(error: PortalError) -> tuple[int, str]:
    return _SHOWN.get(error.kind, _SHOWN["internal"])


def _class_of(status: int, kind: str | None, message: str) -> type[ProviderError]:
    lowered = message.lower()
    if any(words in lowered for words in _OWN_ACCOUNT):
        return ProviderAuthError
    if any(words in lowered for words in _FILTERED):
        return ProviderContentFilterError
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return _BY_TYPE.get(kind or "", ProviderFaultError)
    if status >= 400:
        return _BY_TYPE.get(kind or "", ProviderRejectedError)
    return _BY_TYPE.get(kind or "", ProviderFaultError if kind else ProviderProtocolError)


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _read_body(body: bytes) -> tuple[str | None, str | None, str | None]:
    """Type, message and request id of an error object, of this dialect or nearly."""
    whole = _decoded(body)
    if not isinstance(whole, dict):
        return None, None, None
    inner = whole.get("error", whole)
    if isinstance(inner, str):
        return None, inner, _text(whole, "request_id")
    if not isinstance(inner, dict):
        return None, None, _text(whole, "request_id")
    kind = _text(inner, "type")
    message = _text(inner, "message") or _text(whole, "message") or _text(whole, "detail")
    return kind if kind != "error" else None, message, _text(whole, "request_id")


def _text(source: Mapping[str, Any], key: str) -> str | None:
    value = source.get(key)
    return value if isinstance(value, str) and value else None


def _retry_after_s(headers: Mapping[str, str]) -> float | None:
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) * unit
        except ValueError:
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    return None
