"""Why a caller is not let in, or may not have what they ask for."""

from typing import ClassVar

from apps.core.errors import AuthenticationError, InvalidInputError


class MalformedKeyError(AuthenticationError):
    """What was presented does not have the form of a key."""

    code: ClassVar[str] = "malformed_api_key"


class ConflictingKeysError(AuthenticationError):
    """Several headers carry different keys."""

    code: ClassVar[str] = "conflicting_api_keys"


class UnknownKeyError(AuthenticationError):
    """The key has the right form and is not one of ours."""


class KeyExpiredError(AuthenticationError):
    """The key was good until its time ran out."""

    code: ClassVar[str] = "api_key_expired"


class KeyRevokedError(AuthenticationError):
    """The key, or the one that it came from, was taken back."""

    code: ClassVar[str] = "api_key_revoked"


class ApplicationSuspendedError(AuthenticationError):
    """The application of the key is suspended."""

    code: ClassVar[str] = "application_suspended"


class UnknownScopeError(InvalidInputError):
    """A scope that is not in the table."""

    code: ClassVar[str] = "unknown_scope"


class ScopeTooWideError(InvalidInputError):
    """A key would have more than its application."""

    code: ClassVar[str] = "scope_too_wide"
