"""Read JSON at the border: typed, with errors that name the path."""

import re
from typing import Any, TypeVar

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers.errors import ProviderProtocolError

T = TypeVar("T")
_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)


def read(kind: type[T], source: bytes | msgspec.Raw | Any, *, at: str = "") -> T:
    """Decode a caller's JSON (bytes or Raw) or convert plain data into `kind`.

    `at` is the path of `source` in the request, put before the path inside it.

    Raises:
        InvalidInputError: with the path of the wrong value in `param`.
    """
    try:
        if isinstance(source, (bytes, msgspec.Raw)):
            return msgspec.json.decode(source, type=kind)
        return msgspec.convert(source, type=kind)
    except msgspec.ValidationError as error:
        raise wrong_value(str(error), at=at) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError(
            f"The request is not valid JSON: {error}.", param=at or None
        ) from error


def wrong_value(text: str, *, at: str = "") -> InvalidInputError:
    """Turn a msgspec message into an error with a path.

    The text has the form ``Expected `str`, got `int` - at `$.messages[0].role` ``.
    """
    match = _AT.match(text)
    what, path = (match["what"], match["path"] or "") if match else (text, "")
    whole = join_path(at, path)
    place = f"`{whole}`: " if whole else ""
    return InvalidInputError(f"{place}{what}.", param=whole or None)


def join_path(base: str, rest: str) -> str:
    """Join two JSON paths (`messages[0]` and `content` give `messages[0].content`)."""
    if not base or not rest:
        return base or rest
    return base + rest if rest.startswith("[") else f"{base}.{rest}"


def read_provider(kind: type[T], body: bytes | Any) -> T:
    """Decode a provider's JSON leniently typed as `kind`.

    Raises:
        ProviderProtocolError: the body is not JSON, or has another shape.
    """
    try:
        if isinstance(body, (bytes, msgspec.Raw)):
            return msgspec.json.decode(body, type=kind, strict=False)
        return msgspec.convert(body, type=kind, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderProtocolError(
            "The provider's answer could not be read.",
            body=body if isinstance(body, bytes) else b"",
        ) from error
