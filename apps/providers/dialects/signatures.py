"""Carry a provider's opaque reasoning signature through a caller who speaks another dialect.

A signature is valid only for the provider that made it. Shown in another dialect, it is wrapped
with the name of its origin, so that it can be given back when the caller returns it.
"""

_PREFIX = "portal:"
_MARK = _PREFIX.encode()


def seal(origin: str, signature: str, *, dialect: str) -> str:
    """Wrap `signature` for a caller who speaks `dialect`; its own signatures stay as they are."""
    return signature if origin in ("", dialect) else f"{_PREFIX}{origin}:{signature}"


def unseal(text: str, *, dialect: str) -> tuple[str, str]:
    """Give (origin, signature) of what a caller who speaks `dialect` sent back."""
    if text.startswith(_PREFIX):
        origin, found, signature = text.removeprefix(_PREFIX).partition(":")
        if found:
            return origin, signature
    return dialect, text


def is_sealed(text: bytes) -> bool:
    """Whether a signature of another dialect stands anywhere in `text`."""
    return _MARK in text
