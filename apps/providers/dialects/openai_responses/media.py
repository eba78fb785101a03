"""Content parts that hold bytes: images, files and audio, in both directions."""

from typing import Any

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.chat_family.media import read_url, sniff, write_data_url
from apps.providers.errors import UnsupportedContentError

_AUDIO_TYPES = {"wav": "audio/wav", "mp3": "audio/mpeg"}
_AUDIO_FORMATS = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}
_FILE_NAMES = {"application/pdf": "document.pdf", "text/plain": "document.txt"}
_FILE_ID_PREFIXES = ("file-", "assistant-")


class AudioContent(msgspec.Struct):
    """The inside of an input_audio part."""

    data: str
    format: str


class InputContent(msgspec.Struct):
    """Any content part that a caller may send; `type` decides which fields count."""

    type: str = ""
    text: str | None = None
    refusal: str | None = None
    image_url: str | None = None
    file_id: str | None = None
    file_url: str | None = None
    file_data: str | None = None
    filename: str | None = None
    detail: str | None = None
    input_audio: AudioContent | None = None
    annotations: list[msgspec.Raw] | None = None
    prompt_cache_breakpoint: dict[str, Any] | None = None


# From the caller


def image_of(part: InputContent, at: str) -> wire.ImagePart:
    """Raises InvalidInputError for an image without a source."""
    if part.image_url:
        media = read_url(part.image_url, at=f"{at}.image_url")
    elif part.file_id:
        media = wire.Media(file_id=part.file_id)
    else:
        raise InvalidInputError(f"`{at}`: give `image_url` or `file_id`.", param=at)
    detail = None if part.detail == "auto" else part.detail
    return wire.ImagePart(media=media, detail=detail, cache=bool(part.prompt_cache_breakpoint))


def document_of(part: InputContent, at: str) -> wire.DocumentPart:
    """Raises InvalidInputError for a file without a source."""
    if part.file_data:
        media = _media_of_data(part.file_data, part.filename, f"{at}.file_data")
    elif part.file_url:
        media = read_url(part.file_url, at=f"{at}.file_url")
    elif part.file_id:
        media = wire.Media(file_id=part.file_id)
    else:
        raise InvalidInputError(f"`{at}`: give `file_data`, `file_url` or `file_id`.", param=at)
    return wire.DocumentPart(
        media=media, name=part.filename or None, cache=bool(part.prompt_cache_breakpoint)
    )


def audio_of(part: InputContent, at: str) -> wire.AudioPart:
    """Raises InvalidInputError for audio without data."""
    audio = part.input_audio
    if audio is None:
        raise InvalidInputError(f"`{at}.input_audio` is missing.", param=f"{at}.input_audio")
    media_type = _AUDIO_TYPES.get(audio.format, f"audio/{audio.format}")
    return wire.AudioPart(media=wire.Media(media_type=media_type, data=audio.data))


def _media_of_data(data: str, filename: str | None, at: str) -> wire.Media:
    """Read a data URL, or bare base64 whose type its first bytes or the file's name tell."""
    if data.startswith("data:"):
        return read_url(data, at=at)
    is_text = bool(filename) and str(filename).lower().endswith((".txt", ".md"))
    kind = "text/plain" if is_text else sniff(data) or "application/pdf"
    return wire.Media(media_type=kind, data=data)


# To the provider


def image_content(part: wire.ImagePart, at: str) -> dict[str, Any]:
    """Raises UnsupportedContentError for a file of another provider."""
    content: dict[str, Any] = {"type": "input_image"}
    content |= _source(part.media, at, url="image_url", default_type="image/png")
    content["detail"] = part.detail or "auto"
    if "data" in content:
        content["image_url"] = content.pop("data")
    return content


def file_content(part: wire.DocumentPart, at: str) -> dict[str, Any]:
    """Raises UnsupportedContentError for a file of another provider."""
    content: dict[str, Any] = {"type": "input_file"}
    content |= _source(part.media, at, url="file_url", default_type="application/pdf")
    if "data" in content:
        content["file_data"] = content.pop("data")
        content["filename"] = part.name or _FILE_NAMES.get(
            part.media.media_type or "application/pdf", "document"
        )
    return content


def audio_content(part: wire.AudioPart, at: str) -> dict[str, Any]:
    """Raises UnsupportedContentError for audio by address, or other than WAV and MP3."""
    audio_format = _AUDIO_FORMATS.get(part.media.media_type or "")
    if part.media.data is None or audio_format is None:
        raise UnsupportedContentError(
            f"`{at}`: the provider of this model takes audio as WAV or MP3 bytes only.", param=at
        )
    return {
        "type": "input_audio",
        "input_audio": {"data": part.media.data, "format": audio_format},
    }


def _source(media: wire.Media, at: str, *, url: str, default_type: str) -> dict[str, str]:
    if media.data is not None:
        return {"data": write_data_url(media, default_type=default_type)}
    if media.url is not None and media.url.startswith(("https://", "http://")):
        return {url: media.url}
    if media.file_id is not None and media.file_id.startswith(_FILE_ID_PREFIXES):
        return {"file_id": media.file_id}
    raise UnsupportedContentError(
        f"`{at}`: the file is stored with another provider. Send its bytes or a web address.",
        param=at,
    )
