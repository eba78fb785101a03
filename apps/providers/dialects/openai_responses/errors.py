"""Errors of the OpenAI family, read from a provider and rendered for a caller.

Source: OpenAI error codes; recorded Azure OpenAI answers.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from apps.core.errors import PortalError
from apps.providers import errors, sse, wire
from apps.providers.dialects.chat_family.failures import MAX_MESSAGE, read_error

_CODES: Mapping[str, type[errors.ProviderError]] = {
    "server_error": errors.ProviderFaultError,
    "server_is_overloaded": errors.ProviderOverloadedError,
    "rate_limit_exceeded": errors.ProviderRateLimitError,
    "slow_down": errors.ProviderRateLimitError,
    "insufficient_quota": errors.ProviderAuthError,
    "invalid_api_key": errors.ProviderAuthError,
    "model_not_found": errors.ProviderNotFoundError,
    "vector_store_timeout": errors.ProviderTimeoutError,
    "invalid_prompt": errors.ProviderContentFilterError,
    "content_filter": errors.ProviderContentFilterError,
    "content_policy_violation": errors.ProviderContentFilterError,
    "bio_policy": errors.ProviderContentFilterError,
    "misalignment_policy_violation": errors.ProviderContentFilterError,
    "image_content_policy_violation": errors.ProviderContentFilterError,
    "data_residency_mismatch": errors.ProviderRejectedError,
    "invalid_request_error": errors.ProviderRejectedError,
}


class _Shape(NamedTuple):
    status: int
    type: str
    code: str | None = None


# Kinds of errors; the Responses API answers 400, not 404, for a model that it does not know.
_SHAPES: Mapping[str, _Shape] = {
    "invalid": _Shape(400, "invalid_request_error"),
    "unauthenticated": _Shape(401, "invalid_request_error", "invalid_api_key"),
    "unpaid": _Shape(402, "insufficient_quota", "insufficient_quota"),
    "forbidden": _Shape(403, "permission_error"),
    "not_found": _Shape(400, "invalid_request_error", "model_not_found"),
    "method": _Shape(405, "invalid_request_error"),
    "conflict": _Shape(409, "invalid_request_error"),
    "stale": _Shape(412, "invalid_request_error"),
    "too_large": _Shape(413, "invalid_request_error"),
    "limited": _Shape(429, "rate_limit_error", "rate_limit_exceeded"),
    "refused": _Shape(400, "invalid_request_error", "content_policy_violation"),
    "unavailable": _Shape(503, "server_error"),
    "upstream": _Shape(502, "server_error", "server_error"),
    "upstream_fault": _Shape(500, "server_error", "server_error"),
    "overloaded": _Shape(503, "server_error", "server_is_overloaded"),
    "timeout": _Shape(504, "server_error", "timeout"),
    "internal": _Shape(500, "server_error"),
}


# From the provider


parse_error = read_error


def error_in_reply(found: Any, *, body: bytes = b"") -> errors.ProviderError:
    """The error told inside a response or a stream that began well (the object itself)."""
    fields = found if isinstance(found, dict) else {"message": found}
    code, kind = fields.get("code"), fields.get("type")
    message = fields.get("message")
    if not isinstance(message, str) or not message:
        message = "The provider could not finish its answer."
    param = fields.get("param")
    return _class_of(code, kind)(
        message[:MAX_MESSAGE],
        body=body,
        upstream_code=code if isinstance(code, str) and code else None,
        param=param if isinstance(param, str) else None,
    )


def _class_of(*codes: Any) -> type[errors.ProviderError]:
    """The class of the first code that is known; any other says that the provider failed."""
    for code in codes:
        if isinstance(code, str) and code in _CODES:
            return _CODES[code]
        if isinstance(code, str) and "image" in code:
            return errors.ProviderRejectedError
    return errors.ProviderFaultError


# For the caller


def render_error(error: PortalError, *, request_id: str) -> wire.RenderedError:
    """The error object of the family, all four keys, with the status of this API."""
    shape = _SHAPES.get(error.kind, _SHAPES["internal"])
    body = {
        "error": {
            "message": message_of(error),
            "type": shape.type,
            "param": error.param,
            "code": code_of(error),
        }
    }
    return wire.RenderedError(
        status=shape.status, body=msgspec.json.encode(body), headers=_headers(error)
    )


def render_stream_error(error: PortalError, *, request_id: str) -> bytes:
    """An `error` event; its number is 0 because nobody counted the events before it."""
    return error_event(error, sequence_number=0)


def error_event(error: PortalError, *, sequence_number: int) -> bytes:
    """The event that ends a stream in which no response could fail.

    The reference has the fields flat, the service sends them inside `error` too, and the official
    clients raise their exception only for the latter.
    """
    shape = _SHAPES.get(error.kind, _SHAPES["internal"])
    told = {"code": code_of(error), "message": message_of(error), "param": error.param}
    event = {
        "type": "error",
        "sequence_number": sequence_number,
        **told,
        "error": {"type": shape.type, **told},
    }
    return sse.encode_event(msgspec.json.encode(event), "error")


def message_of(error: PortalError) -> str:
    """What the caller may read: nothing of a provider's quarrel with the portal's own account."""
    if isinstance(error, errors.ProviderAuthError):
        return "The provider did not accept the portal's credential for this model."
    return error.message


def code_of(error: PortalError) -> str | None:
    """The provider's own code where it concerns the caller, else the family's, else ours."""
    shape = _SHAPES.get(error.kind, _SHAPES["internal"])
    if isinstance(error, errors.ProviderAuthError):
        return shape.code
    if isinstance(error, errors.ProviderError):
        return error.upstream_code or shape.code or error.code
    if error.code == "not_found":
        return shape.code
    return error.code


def _headers(error: PortalError) -> tuple[tuple[str, str], ...]:
    after = getattr(error, "retry_after_s", None)
    if after is None:
        return ()
    return (("retry-after", str(max(1, -int(-after // 1)))),)
