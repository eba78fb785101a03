"""Credentials, headers and errors of the Anthropic API.

Source: https://platform.claude.com/docs/en/api/errors
"""

from collections.abc import Mapping
from typing import Any, Final

from apps.providers.simulator.exchange import (
    Dialect,
    Incoming,
    SimError,
    Whole,
    json_reply,
    named_event,
)

VERSION_HEADER: Final = "anthropic-version"
TYPES: Final = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def authenticate(incoming: Incoming) -> None:
    """Accept any key that does not begin with "bad"; then the version header is needed."""
    key = incoming.headers.get("x-api-key") or incoming.bearer
    if not key:
        raise SimError(401, "[simulated] x-api-key header is required")
    if key.startswith("bad"):
        raise SimError(401, "[simulated] invalid x-api-key")
    if not incoming.headers.get(VERSION_HEADER):
        raise SimError(400, "[simulated] anthropic-version: header is required")


def request_id(incoming: Incoming) -> str:
    """Return the id of one request."""
    return f"req_sim{incoming.number:021d}"


def headers(incoming: Incoming) -> Mapping[str, str]:
    """Return what the provider puts on every answer."""
    return {
        "request-id": request_id(incoming),
        "anthropic-organization-id": "simulated",
        "anthropic-ratelimit-requests-limit": "1000",
        "anthropic-ratelimit-requests-remaining": "999",
    }


def error_object(incoming: Incoming, problem: SimError) -> dict[str, Any]:
    """Return the error body, which is also the error event."""
    fallback = "api_error" if problem.status >= 500 else "invalid_request_error"
    kind = problem.code or TYPES.get(problem.status, fallback)
    inner = {"type": kind, "message": problem.message}
    return {"type": "error", "error": inner, "request_id": request_id(incoming)}


def error(incoming: Incoming, problem: SimError) -> Whole:
    """Return the whole error answer."""
    extra = {} if problem.retry_after_s is None else {"retry_after": str(problem.retry_after_s)}
    known = SimError(problem.status, problem.message)
    return json_reply(error_object(incoming, known), problem.status, **extra)


def stream_error(incoming: Incoming, problem: SimError) -> bytes:
    """Return the event that ends a broken stream; no message_stop follows."""
    broken = SimError(529, problem.message)
    return named_event(error_object(incoming, broken))


DIALECT: Final = Dialect("anthropic", authenticate, headers, error, stream_error)
