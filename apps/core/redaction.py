"""Mask secrets in what is about to be written down."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

MASK: Final = "***"
MAX_DEPTH: Final = 8

SECRET_NAMES: Final = re.compile(
    r"(?:^|[_-])(?:authorization|cookie|password|passwd|secret|credential|private[_-]?key|"
    r"api[_-]?key|apikey|access[_-]?token|refresh[_-]?token|id[_-]?token|client[_-]?secret|pepper|"
    r"token|key|goog-api-key|csrfmiddlewaretoken|sessionid|signature)$",
    re.IGNORECASE,
)
# Keys of the portal, of the well-known providers, and whatever stands after a scheme.
SECRET_TEXTS: Final = re.compile(
    r"(?P<keep>ptl_[0-9a-z]+_)[0-9A-Za-z]+"
    r"|(?P<scheme>\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}"
    r"|\b(?:sk|pk|rk|gsk|xai|hf)[-_][A-Za-z0-9_-]{16,}"
    r"|\bAIza[0-9A-Za-z_-]{30,}"
    r"|(?P<user>://[^/\s:@]*:)[^/\s@]+(?=@)"
    r"|(?P<query>[?&](?:key|api[-_]key|token|access_token|sig|signature)=)[^&\s]+"
)


def is_secret_name(name: str) -> bool:
    """Tell whether a header or field of this name holds a secret."""
    return SECRET_NAMES.search(name) is not None


def redact_text(text: str) -> str:
    """Mask what looks like a key inside a text."""
    return SECRET_TEXTS.sub(_masked, text)


def redact(value: Any, *, depth: int = 0) -> Any:
    """Mask secrets anywhere in JSON-like data, by the names and by the looks of values."""
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, bytes):
        return redact_text(value.decode("utf-8", "replace"))
    if depth >= MAX_DEPTH:
        return MASK
    if isinstance(value, Mapping):
        return {str(key): _redact_item(str(key), item, depth) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(item, depth=depth + 1) for item in value]
    return value


def redact_event(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Do so for one entry of the log, as a structlog processor."""
    return {key: _redact_item(key, value, 0) for key, value in event.items()}


def _redact_item(name: str, value: Any, depth: int) -> Any:
    # A number or a flag under such a name counts something: `max_tokens`, `has_key`.
    if is_secret_name(name) and isinstance(value, str | bytes | list | tuple) and value:
        return MASK
    return redact(value, depth=depth + 1)


def _masked(found: re.Match[str]) -> str:
    kept = found["keep"] or found["scheme"] or found["user"] or found["query"] or ""
    return kept + MASK
