"""Read attachments: how large they are and of what kind."""

import binascii
import re
from typing import Final

from apps.providers.simulator.asks import Media
from apps.providers.simulator.exchange import SimError

DATA_URL: Final = re.compile(r"data:([^;,]*)((?:;[^;,]*)*?)(;base64)?,(.*)", re.DOTALL)


def from_base64(data: object, media_type: str, *, where: str) -> Media:
    """Return an inline attachment; what is not base64 is the caller's mistake."""
    if not isinstance(data, str):
        raise SimError(400, f"[simulated] {where} must be a base64 text.", param=where)
    return Media(media_type, len(_decoded(data, where)))


def from_url(url: object, fallback: str, *, where: str) -> Media:
    """Return an attachment by its URL, which may be a data URL; nothing is fetched."""
    if not isinstance(url, str) or not url:
        raise SimError(400, f"[simulated] {where} must be a URL.", param=where)
    found = DATA_URL.fullmatch(url)
    if not found:
        return Media(fallback, None, "url")
    media_type, data = found[1] or fallback, found[4]
    size = len(_decoded(data, where)) if found[3] else len(data.encode())
    return Media(media_type, size)


def _decoded(data: str, where: str) -> bytes:
    try:
        return binascii.a2b_base64(data.translate(_FROM_URL_SAFE), strict_mode=False)
    except (binascii.Error, ValueError) as error:
        raise SimError(
            400, f"[simulated] {where} is not valid base64: {error}.", param=where
        ) from error


_FROM_URL_SAFE = str.maketrans("-_", "+/")
