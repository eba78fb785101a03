"""What all OpenAI operations share: credentials, headers, errors.

Source: https://platform.openai.com/docs/guides/error-codes
"""

from collections.abc import Mapping
from typing import Final

from apps.providers.simulator.exchange import (
    Dialect,
    Incoming,
    SimError,
    Whole,
    data_event,
    json_reply,
)

PREFIXES: Final = ("/openai/v1", "/v1")
EPOCH: Final = 1_793_000_000

# The type and the code of each status.
ERRORS: Final[dict[int, tuple[str, str | None]]] = {
    401: ("invalid_request_error", "invalid_api_key"),
    402: ("insufficient_quota", "insufficient_quota"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
    503: ("service_unavailable_error", "server_is_overloaded"),
}


def paths(*tails: str) -> tuple[str, ...]:
    """Return the tails under every root of this dialect."""
    return tuple(prefix + tail for prefix in PREFIXES for tail in tails)


def authenticate(incoming: Incoming) -> None:
    """Accept any key that does not begin with "bad"; under /openai/ also Azure's header."""
    key = incoming.bearer
    if not key and incoming.path.startswith("/openai/"):
        key = incoming.headers.get("api-key", "")
    if not key:
        raise SimError(401, "[simulated] You didn't provide an API key.", code="missing_api_key")
    if key.startswith("bad"):
        raise SimError(401, "[simulated] Incorrect API key provided.", code="invalid_api_key")


def headers(incoming: Incoming) -> Mapping[str, str]:
    """Return what the provider puts on every answer."""
    return {
        "x-request-id": f"req_sim{incoming.number:024d}",
        "openai-processing-ms": "1",
        "openai-version": "2020-10-01",
        "openai-organization": "simulated",
    }


def error_object(problem: SimError) -> dict[str, object]:
    """Return the error object with its four keys."""
    fallback = "server_error" if problem.status >= 500 else "invalid_request_error"
    kind, code = ERRORS.get(problem.status, (fallback, None))
    return {
        "message": problem.message,
        "type": kind,
        "param": problem.param,
        "code": problem.code or code,
    }


def error(incoming: Incoming, problem: SimError) -> Whole:
    """Return the whole error answer; the Responses API says 400 for an unknown model."""
    status = problem.status
    if status == 404 and incoming.path.endswith("/responses"):
        status = 400
    extra = {}
    if problem.retry_after_s is not None:
        extra = {
            "retry_after": str(problem.retry_after_s),
            "retry_after_ms": str(problem.retry_after_s * 1000),
        }
    return json_reply({"error": error_object(problem)}, status, **extra)


def stream_error(incoming: Incoming, problem: SimError) -> bytes:
    """Return the event that ends a broken stream; no [DONE] follows."""
    return data_event({"error": error_object(problem)})


def created(key: str) -> int:
    """Return a creation time that depends on the question only."""
    return EPOCH + int(key[:5], 16)


DIALECT: Final = Dialect("openai", authenticate, headers, error, stream_error)
