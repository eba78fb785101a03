"""Credentials, headers and errors of the Gemini API.

Source: https://ai.google.dev/gemini-api/docs/troubleshooting
"""

from collections.abc import Mapping
from typing import Any, Final

from apps.providers.simulator.exchange import (
    Dialect,
    Incoming,
    SimError,
    Whole,
    data_event,
    json_reply,
)

# Newer official clients say v1 where they have no reason to say v1beta.
PREFIXES: Final = ("/gemini/v1beta", "/gemini/v1", "/v1beta")
KEY_HEADER: Final = "x-goog-api-key"
CRLF: Final = b"\r\n"
STATUSES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    402: "RESOURCE_EXHAUSTED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
BAD_KEY: Final = "API_KEY_INVALID"


def paths(tail: str) -> tuple[str, ...]:
    """Return the tail under every root of this dialect."""
    return tuple(prefix + tail for prefix in PREFIXES)


def authenticate(incoming: Incoming) -> None:
    """Accept any key that does not begin with "bad", in the header, the query or as bearer."""
    key = incoming.headers.get("x-goog-api-key") or incoming.query.get("key") or incoming.bearer
    if not key:
        message = "[simulated] Method doesn't allow unregistered callers. Please use API Key."
        raise SimError(403, message)
    if key.startswith("bad"):
        raise SimError(400, "[simulated] API key not valid.", code=BAD_KEY)


def headers(incoming: Incoming) -> Mapping[str, str]:
    """Return what the provider puts on every answer."""
    return {"server-timing": "gfet4t7; dur=1", "x-request-id": f"sim-{incoming.number}"}


def error_object(problem: SimError) -> dict[str, Any]:
    """Return the error body, with Google's details where it has some."""
    fallback = "INTERNAL" if problem.status >= 500 else "FAILED_PRECONDITION"
    if problem.status == 529:
        fallback = "UNAVAILABLE"
    inner: dict[str, Any] = {
        "code": problem.status,
        "message": problem.message,
        "status": STATUSES.get(problem.status, fallback),
    }
    details = []
    if problem.code == BAD_KEY:
        details.append(
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": BAD_KEY,
                "domain": "googleapis.com",
                "metadata": {"service": "generativelanguage.googleapis.com"},
            }
        )
    if problem.retry_after_s is not None:
        delay = f"{problem.retry_after_s}s"
        kind = "type.googleapis.com/google.rpc.RetryInfo"
        details.append({"@type": kind, "retryDelay": delay})
    if details:
        inner["details"] = details
    return {"error": inner}


def is_array_stream(incoming: Incoming) -> bool:
    """Whether a stream goes out as one JSON array, the form without `alt=sse`."""
    verb = incoming.parts.get("verb")
    return verb == "streamGenerateContent" and incoming.query.get("alt") != "sse"


def error(incoming: Incoming, problem: SimError) -> Whole:
    """Return the whole error answer; for an array stream it is an array with one object."""
    body = error_object(problem)
    extra = {} if problem.retry_after_s is None else {"retry_after": str(problem.retry_after_s)}
    shown = [body] if is_array_stream(incoming) else body
    return json_reply(shown, problem.status, **extra)


def stream_error(incoming: Incoming, problem: SimError) -> bytes:
    """Return what ends a broken stream, in the framing of that stream."""
    if is_array_stream(incoming):
        return b",\r\n" + json_reply(error_object(problem)).body + b"]"
    return data_event(error_object(problem), line_end=CRLF)


DIALECT: Final = Dialect("gemini", authenticate, headers, error, stream_error)
