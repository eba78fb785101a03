"""What every dialect of the chat family says of an error: status, code, retry."""

import math

from apps.core.errors import PortalError
from apps.providers.errors import ProviderAuthError, ProviderError

STATUSES = {
    "invalid": 400,
    "unauthenticated": 401,
    "unpaid": 402,
    "forbidden": 403,
    "not_found": 404,
    "method": 405,
    "conflict": 409,
    "stale": 412,
    "too_large": 413,
    "limited": 429,
    "refused": 400,
    "unavailable": 503,
    "upstream": 502,
    "upstream_fault": 500,
    "overloaded": 503,
    "timeout": 504,
    "internal": 500,
}


def status_of(error: PortalError) -> int:
    """The HTTP status for an error of any kind."""
    return STATUSES.get(error.kind, 500)


def upstream_code(error: PortalError) -> str | None:
    """The provider's own code, unless it would blame the caller for the portal's credential."""
    if isinstance(error, ProviderError) and not isinstance(error, ProviderAuthError):
        return error.upstream_code
    return None


def retry_headers(error: PortalError) -> tuple[tuple[str, str], ...]:
    """`Retry-After` in whole seconds, at least one, when the error says when to come back."""
    wait = getattr(error, "retry_after_s", None)
    if not isinstance(wait, (int, float)):
        return ()
    return (("retry-after", str(max(math.ceil(wait), 1))),)
