"""Translate between canonical media and the URLs and formats of the chat dialects."""

import base64
import binascii
from urllib.parse import unquote_to_bytes

from apps.core.errors import InvalidInputError
from apps.providers import wire

_MAGIC = {
    "iVBOR": "image/png",
    "/9j/": "image/jpeg",
    "R0lG": "image/gif",
    "UklG": "image/webp",
    "JVBER": "application/pdf",
}
_AUDIO_FORMATS = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/vnd.wave": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/mp4": "m4a",
    "audio/x-m4a": "m4a",
    "audio/l16": "pcm16",
}
_AUDIO_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg", "m4a": "audio/mp4", "pcm16": "audio/l16"}


def read_url(url: str, *, at: str) -> wire.Media:
    """Read a web address or a data URL.

    Source: RFC 2397.

    Raises:
        InvalidInputError: a data URL that cannot be read; `at` is its path.
    """
    if url[:5].lower() != "data:":
        if not url:
            raise InvalidInputError(f"`{at}`: the URL is empty.", param=at)
        return wire.Media(url=url)
    head, comma, data = url[5:].partition(",")
    if not comma:
        raise InvalidInputError(f"`{at}`: a data URL needs a comma before its data.", param=at)
    media_type, *parameters = head.split(";")
    if "base64" not in (parameter.strip().lower() for parameter in parameters):
        data = base64.b64encode(unquote_to_bytes(data)).decode("ascii")
    elif "%" in data:
        data = unquote_to_bytes(data).decode("latin-1")
    return wire.Media(media_type=media_type.strip().lower() or None, data=data)


def write_data_url(media: wire.Media, *, default_type: str) -> str:
    """The data URL of media by value."""
    data = media.data or ""
    return f"data:{media.media_type or sniff(data) or default_type};base64,{data}"


def sniff(data: str) -> str | None:
    """Media type of base64 `data` by its first bytes, when it is one of the common ones."""
    return next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)


def audio_format(media_type: str | None) -> str:
    """The `format` of `input_audio` for a media type (`audio/mpeg` gives `mp3`)."""
    kind = (media_type or "audio/wav").partition(";")[0].strip().lower()
    return _AUDIO_FORMATS.get(kind) or kind.partition("/")[2].removeprefix("x-") or "wav"


def audio_type(name: str) -> str:
    """The media type of an `input_audio` format."""
    return _AUDIO_TYPES.get(name, f"audio/{name}")


def text_of(media: wire.Media) -> str | None:
    """The text of a text document by value; None for everything else."""
    if media.data is None or not (media.media_type or "").startswith("text/"):
        return None
    try:
        return base64.b64decode(media.data).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
