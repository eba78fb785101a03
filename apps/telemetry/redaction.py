"""What of the wire may be written down: headers and texts without secrets, and storable."""

from functools import lru_cache
from typing import Final

from apps.core.redaction import MASK, is_secret_name, redact_text
from apps.telemetry.types import Headers

MAX_HEADERS: Final = 100
MAX_VALUE: Final = 2000
MAX_MESSAGE: Final = 2000
MAX_LINE: Final = 200

# Beside those whose names say it: headers of providers that identify an account or a session.
SECRET_HEADERS: Final = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "www-authenticate",
        "proxy-authenticate",
        "cookie",
        "set-cookie",
        "x-api-key",
        "x-goog-api-key",
        "api-key",
        "ocp-apim-subscription-key",
        "x-amz-security-token",
        "x-auth-token",
    }
)


def masked_headers(headers: Headers) -> list[tuple[str, str]]:
    """Headers as they may be stored: order and repetitions kept, secrets masked."""
    return [
        (clean(name), MASK) if is_secret_header(name) else (clean(name), _masked(value))
        for name, value in headers[:MAX_HEADERS]
    ]


@lru_cache(maxsize=1024)
def is_secret_header(name: str) -> bool:
    """Whether a header of this name holds a secret, whatever its value looks like."""
    return name.lower() in SECRET_HEADERS or is_secret_name(name)


def message(text: str) -> str:
    """An error's message, without what looks like a key."""
    return redact_text(clean(text[: 2 * MAX_MESSAGE]))[:MAX_MESSAGE] if text else ""


def line(text: str) -> str:
    """A short text from outside."""
    return clean(text[:MAX_LINE])


def clean(text: str) -> str:
    """A text that every database stores: without NUL and halves of characters."""
    if text.isascii():
        return text.replace("\0", "�")
    return text.replace("\0", "�").encode("utf-8", "replace").decode()


@lru_cache(maxsize=4096)
def _masked(value: str) -> str:
    # Most values repeat from call to call.
    return redact_text(clean(value[:MAX_VALUE]))
