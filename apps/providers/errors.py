"""What goes wrong between the portal and a provider, and content that a dialect cannot carry."""

from typing import ClassVar

from apps.core.errors import InvalidInputError, PortalError


class UnsupportedContentError(InvalidInputError):
    """The request holds content or a contract that the dialect cannot carry; nothing was sent."""

    code = "unsupported_content"


class ProviderError(PortalError):
    """A provider did not give a usable answer.

    `status` and `body` are the provider's own, kept for the log and for callers who speak the same
    dialect; both are absent when no answer came. `sent` is false only when it is certain that no
    byte of the request left. `dialect` names the format of `body` once the engine knows it.
    """

    code = "provider_error"
    kind = "upstream"
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        body: bytes = b"",
        retry_after_s: float | None = None,
        upstream_request_id: str | None = None,
        upstream_code: str | None = None,
        param: str | None = None,
        sent: bool = True,
    ) -> None:
        super().__init__(message, param=param)
        self.status = status
        self.body = body
        self.retry_after_s = retry_after_s
        self.upstream_request_id = upstream_request_id
        self.upstream_code = upstream_code
        self.sent = sent
        self.dialect: str | None = None


class ProviderTimeoutError(ProviderError):
    """The provider did not answer in time.

    `phase` is connect, first_byte, idle or total when the transport measured it.
    """

    code = "provider_timeout"
    kind = "timeout"
    retryable = True
    phase: str = ""


class ProviderConnectionError(ProviderError):
    """The provider could not be reached, or the connection broke."""

    code = "provider_unreachable"
    retryable = True


class ProviderProtocolError(ProviderError):
    """The provider's answer cannot be read."""

    code = "provider_protocol"
    retryable = True


class ProviderAuthError(ProviderError):
    """The provider refused the portal's own credential (401, 402, 403, invalid API key)."""

    code = "provider_auth"
    retryable = True


class ProviderRateLimitError(ProviderError):
    """The provider limits the portal's account (429)."""

    code = "provider_rate_limited"
    kind = "limited"
    retryable = True


class ProviderOverloadedError(ProviderError):
    """The provider has no capacity now (503, 529)."""

    code = "provider_overloaded"
    kind = "overloaded"
    retryable = True


class ProviderFaultError(ProviderError):
    """The provider failed (any other 5xx)."""

    code = "provider_fault"
    kind = "upstream_fault"
    retryable = True


class ProviderRejectedError(ProviderError):
    """The provider refused the request for a reason that lies with the caller (400, 413, 422 …)."""

    code = "provider_rejected"
    kind = "invalid"


class ProviderNotFoundError(ProviderRejectedError):
    """The provider does not know the model (404)."""

    code = "provider_model_not_found"
    kind = "not_found"


class ProviderTooLargeError(ProviderRejectedError):
    """The provider finds the request too large (413)."""

    code = "provider_request_too_large"
    kind = "too_large"


class ProviderContentFilterError(ProviderRejectedError):
    """The provider's content filter refused the request."""

    code = "provider_content_filter"
    kind = "refused"
