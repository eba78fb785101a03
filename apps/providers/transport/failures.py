"""Failures of the HTTP client, as the portal's own errors."""

import aiohttp

from apps.providers.errors import (
    ProviderConnectionError,
    ProviderError,
    ProviderProtocolError,
    ProviderTimeoutError,
)
from apps.providers.transport.resolver import ForbiddenAddressError


class MalformedBodyError(aiohttp.ClientError):
    """The bytes after the headers are not valid HTTP."""


class TotalTimeoutError(TimeoutError):
    """The time for the whole call is over in the middle of the body."""


_WAITED = {
    "connect": "The connection to the provider took too long.",
    "first_byte": "The provider did not begin to answer in time.",
    "idle": "The provider fell silent in the middle of its answer.",
    "total": "The provider did not finish its answer in time.",
}


def translated(error: Exception, phase: str, *, reading: bool = False) -> ProviderError:
    """The portal's error for one of aiohttp's. `phase` is the timeout that is due by the clock."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return _timeout("connect", sent=False)
    if isinstance(error, TimeoutError):
        return _timeout(phase)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        text = str(error.os_error)
        if not isinstance(error.os_error, ForbiddenAddressError):
            text = "The provider's host name could not be resolved."
        return ProviderConnectionError(text, sent=False)
    if isinstance(error, aiohttp.ClientSSLError | aiohttp.ClientConnectorCertificateError):
        return ProviderConnectionError("The provider's TLS certificate failed.", sent=False)
    if isinstance(error, aiohttp.ClientConnectorError):
        return ProviderConnectionError("The provider refused the connection.", sent=False)
    if isinstance(error, aiohttp.InvalidURL):
        return ProviderConnectionError("The provider's URL is not valid.", sent=False)
    if isinstance(error, aiohttp.ClientResponseError | MalformedBodyError):
        return ProviderProtocolError("The provider's answer is not valid HTTP.")
    if isinstance(error, ValueError):
        return ProviderProtocolError("The request cannot be sent as HTTP.", sent=False)
    where = "in the middle of its answer" if reading else "before it answered"
    return ProviderConnectionError(f"The provider closed the connection {where}.")


def _timeout(phase: str, *, sent: bool = True) -> ProviderTimeoutError:
    error = ProviderTimeoutError(_WAITED[phase], sent=sent)
    error.phase = phase
    return error
