"""Credentials, versions, headers and errors of the two Azure dialects.

Source: swagger `ErrorResponse`.
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

CODES: Final = {
    400: "BadRequest",
    401: "401",
    403: "AuthorizationFailed",
    404: "DeploymentNotFound",
    408: "RequestTimeout",
    422: "parameter_not_supported",
    429: "RateLimitReached",
    500: "InternalServerError",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}


def authenticate(incoming: Incoming) -> None:
    """Accept `api-key`, a bearer, or both if they agree; then the version is needed."""
    keys = {key for key in (incoming.headers.get("api-key"), incoming.bearer) if key}
    if not keys:
        raise SimError(401, "[simulated] Access denied due to a missing subscription key.")
    if len(keys) > 1 or keys.pop().startswith("bad"):
        raise SimError(401, "[simulated] Access denied due to an invalid subscription key.")
    if not incoming.query.get("api-version"):
        message = "[simulated] The query parameter 'api-version' is required."
        raise SimError(400, message, code="MissingApiVersionParameter")


def headers(incoming: Incoming) -> Mapping[str, str]:
    """Return what the provider puts on every answer."""
    return {
        "x-request-id": f"sim-{incoming.number:08d}",
        "apim-request-id": f"sim-{incoming.number:08d}",
        "x-ms-region": "Simulated",
    }


def error_object(problem: SimError) -> dict[str, Any]:
    """Return the error body."""
    fallback = "InternalServerError" if problem.status >= 500 else "BadRequest"
    inner = {
        "code": problem.code or CODES.get(problem.status, fallback),
        "message": problem.message,
    }
    return {"error": inner if problem.param is None else {**inner, "target": problem.param}}


def error(incoming: Incoming, problem: SimError) -> Whole:
    """Return the whole error answer; its code stands in a header too."""
    body = error_object(problem)
    extra = {"x_ms_error_code": str(body["error"]["code"])}
    if problem.retry_after_s is not None:
        extra["retry_after"] = str(problem.retry_after_s)
    return json_reply(body, problem.status, **extra)


def stream_error(incoming: Incoming, problem: SimError) -> bytes:
    """Return the event that ends a broken stream; no [DONE] follows."""
    return data_event(error_object(problem))


DIALECT: Final = Dialect("azure", authenticate, headers, error, stream_error)
