"""Find the key that a caller presents, in any of the headers that SDKs put it in."""

from collections.abc import Mapping
from typing import Final

from apps.access.errors import ConflictingKeysError, MalformedKeyError

# Never the query string: addresses are written into logs everywhere.
KEY_HEADERS: Final = ("x-api-key", "x-goog-api-key", "api-key")
MAX_LENGTH: Final = 4096


def presented_key(headers: Mapping[str, str]) -> str | None:
    """Read the key from headers with lower-case names; None when there is none.

    Some SDKs send the same key twice (Azure's as `api-key` and as bearer); equal ones are one.

    Raises:
        MalformedKeyError: the `Authorization` header has another scheme, or nothing after it.
        ConflictingKeysError: two headers carry different keys.
    """
    found = {value for name in KEY_HEADERS if (value := headers.get(name, "").strip())}
    bearer = _bearer(headers.get("authorization", ""))
    if bearer:
        found.add(bearer)
    if len(found) > 1:
        raise ConflictingKeysError("Several headers carry API keys, and they differ: send one key.")
    key = next(iter(found), None)
    if key is not None and len(key) > MAX_LENGTH:
        raise MalformedKeyError("This API key is far longer than any key.")
    return key


def _bearer(header: str) -> str:
    if not header.strip():
        return ""
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer":
        raise MalformedKeyError("The Authorization header must read `Bearer <API key>`.")
    if not token.strip():
        raise MalformedKeyError("The Authorization header has no API key after `Bearer`.")
    return token.strip()
