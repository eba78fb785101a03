"""How a secret is put on a request: one function per scheme, and what headers others may set."""

import re
from collections.abc import Callable, Mapping

from apps.core.errors import InvalidInputError
from apps.providers.types import Headers

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_VALUE = re.compile(r"[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff\t]*[\x21-\x7e\x80-\xff])?")
_SECRET = re.compile(r"[\x21-\x7e]+")
_CUSTOM = "header:"

# Headers that carry a credential in one API or another: only a credential may set them.
CREDENTIAL_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "cookie",
        "x-api-key",
        "x-goog-api-key",
        "api-key",
        "ocp-apim-subscription-key",
        "x-amz-security-token",
        "x-auth-token",
    }
)
# Headers that belong to the connection and to the framing of the body.
# Source: RFC 9110 §7.6.1, RFC 9112 §6.
CONNECTION_HEADERS = frozenset(
    {
        "host",
        "connection",
        "keep-alive",
        "proxy-connection",
        "proxy-authenticate",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
        "content-encoding",
        "accept-encoding",
        "expect",
    }
)


def _bearer(secret: str) -> Headers:
    return (("authorization", f"Bearer {secret}"),)


def _header(name: str) -> Callable[[str], Headers]:
    def put(secret: str) -> Headers:
        return ((name, secret),)

    return put


SCHEMES: Mapping[str, Callable[[str], Headers]] = {
    "bearer": _bearer,
    "x-api-key": _header("x-api-key"),
    "x-goog-api-key": _header("x-goog-api-key"),
    "api-key": _header("api-key"),
}


def auth_headers(scheme: str, secret: str) -> Headers:
    """The headers that present a secret under a scheme (a name of SCHEMES, or `header:<name>`).

    Raises:
        InvalidInputError: no such scheme, or a secret that no header can carry.
    """
    check_scheme(scheme)
    check_secret(secret)
    put = SCHEMES.get(scheme) or _header(scheme.removeprefix(_CUSTOM).lower())
    return put(secret)


def check_scheme(scheme: str) -> None:
    """Raises InvalidInputError unless the scheme is known."""
    if scheme in SCHEMES:
        return
    name = scheme.removeprefix(_CUSTOM)
    if not scheme.startswith(_CUSTOM) or not _NAME.fullmatch(name):
        raise InvalidInputError(
            f"There is no auth scheme {scheme!r}. Known: {', '.join(SCHEMES)}, header:<name>.",
            param="auth",
        )
    if name.lower() in CONNECTION_HEADERS:
        raise InvalidInputError(f"The header {name!r} cannot carry a secret.", param="auth")


def check_secret(secret: str) -> None:
    """Raises InvalidInputError for a secret that no header can carry; never shows it."""
    if not _SECRET.fullmatch(secret):
        raise InvalidInputError(
            "The secret must be visible ASCII characters without blanks.", param="secret"
        )


def extra_headers(given: Mapping[str, object], *, param: str = "extra_headers") -> Headers:
    """Check configured headers and give them as the transport wants them.

    Raises:
        InvalidInputError: a name or value that is no header, or a header that others own (Host,
            the connection's own, credentials).
    """
    if not isinstance(given, Mapping):
        raise InvalidInputError("Extra headers are an object of names and values.", param=param)
    checked = []
    seen = set()
    for name, value in given.items():
        place = f"{param}.{name}"
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InvalidInputError(f"{name!r} is not a header name.", param=param)
        if not isinstance(value, str) or (value and not _VALUE.fullmatch(value)):
            raise InvalidInputError(
                f"The value of the header {name!r} must be one line of text.", param=place
            )
        lower = name.lower()
        if lower in CONNECTION_HEADERS:
            raise InvalidInputError(f"The header {name!r} belongs to the transport.", param=place)
        if lower in CREDENTIAL_HEADERS:
            raise InvalidInputError(
                f"The header {name!r} carries a secret: enter a credential instead.", param=place
            )
        if lower in seen:
            raise InvalidInputError(f"The header {name!r} is given twice.", param=place)
        seen.add(lower)
        checked.append((lower, value))
    return tuple(checked)
