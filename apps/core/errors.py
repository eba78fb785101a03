"""The error tree of the portal. An error carries a kind; interfaces translate kinds to statuses."""

from collections.abc import Mapping
from typing import Any, ClassVar


class PortalError(Exception):
    """Any deliberate failure; `message` is safe to show to the caller.

    `code` is public, lowercase and never reused. `details` is JSON-ready. `param` names the
    request field that is at fault, as a path (`messages[0].content`), when there is one.
    """

    code: ClassVar[str] = "error"
    kind: ClassVar[str] = "internal"

    def __init__(
        self, message: str, *, param: str | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.details = dict(details or {})


class InvalidInputError(PortalError):
    """What the caller sent cannot be understood or accepted."""

    code = "invalid_input"
    kind = "invalid"


class TooLargeError(InvalidInputError):
    """The request is larger than the portal accepts."""

    code = "request_too_large"
    kind = "too_large"


class AuthenticationError(PortalError):
    """No credential, or one that is not known."""

    code = "invalid_api_key"
    kind = "unauthenticated"


class PermissionDeniedError(PortalError):
    """The caller is known and may not do this."""

    code = "permission_denied"
    kind = "forbidden"


class ScopeMissingError(PermissionDeniedError):
    """The credential lacks the scope that the operation needs."""

    code = "scope_missing"


class NotFoundError(PortalError):
    """The named thing does not exist, or not for this caller."""

    code = "not_found"
    kind = "not_found"


class MethodNotAllowedError(PortalError):
    """The path is there, and does not answer this HTTP method."""

    code = "method_not_allowed"
    kind = "method"


class ConflictError(PortalError):
    """The state of the resource does not allow this now."""

    code = "conflict"
    kind = "conflict"


class GuardRefusedError(PortalError):
    """A check before or after the call refused it."""

    code = "guard_refused"
    kind = "refused"


class QuotaExceededError(PortalError):
    """An allowance would be passed."""

    code = "quota_exceeded"
    kind = "limited"

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UnavailableError(PortalError):
    """The portal itself cannot answer now."""

    code = "unavailable"
    kind = "unavailable"

    def __init__(self, message: str, *, retry_after_s: float | None = 1.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s
