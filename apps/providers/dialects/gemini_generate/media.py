"""Media parts in both directions: inlineData by value, fileData by address."""

from typing import Any
from urllib.parse import urlsplit

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.gemini_generate.parts import Blob, FileRef
from apps.providers.dialects.gemini_generate.signing import standard_base64
from apps.providers.errors import UnsupportedContentError

MediaPart = wire.ImagePart | wire.DocumentPart | wire.AudioPart

_MAGIC = {
    "iVBOR": "image/png",
    "/9j/": "image/jpeg",
    "R0lG": "image/gif",
    "UklG": "image/webp",
    "JVBER": "application/pdf",
}
_SUFFIXES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "heic": "image/heic",
    "heif": "image/heif",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "md": "text/markdown",
    "html": "text/html",
    "csv": "text/csv",
    "json": "application/json",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
}
_VIDEO_HOSTS = frozenset({"youtube.com", "www.youtube.com", "m.youtube.com", "youtu.be"})
_OWN_FILES = "generativelanguage.googleapis.com"


def read_blob(blob: Blob, *, at: str) -> MediaPart:
    """A part of `inlineData`; `at` is its path.

    Raises:
        InvalidInputError: without data or media type.
        UnsupportedContentError: video, which only this dialect knows.
    """
    if not blob.data or not blob.mime_type:
        lacks = "data" if not blob.data else "mimeType"
        raise InvalidInputError(f"`{at}.{lacks}` is required.", param=f"{at}.{lacks}")
    media = wire.Media(media_type=blob.mime_type.lower(), data=standard_base64(blob.data))
    return _part(media, blob.display_name, at=at)


def read_file(file: FileRef, *, at: str) -> MediaPart:
    """A part of `fileData`; an address on the web, since nobody else can read Google's files.

    Raises:
        InvalidInputError: without an address.
        UnsupportedContentError: a file kept at Google, video, or of unknown type.
    """
    uri = file.file_uri
    if not uri:
        raise InvalidInputError(f"`{at}.fileUri` is required.", param=f"{at}.fileUri")
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or parts.hostname == _OWN_FILES:
        raise UnsupportedContentError(
            f"`{at}.fileUri` names a file that only Google can read.", param=f"{at}.fileUri"
        )
    kind = (file.mime_type or _by_suffix(uri) or "").lower()
    if parts.hostname in _VIDEO_HOSTS:
        kind = "video/*"
    if not kind:
        raise InvalidInputError(
            f"`{at}.mimeType` is required, since the address does not tell it.",
            param=f"{at}.mimeType",
        )
    return _part(wire.Media(media_type=kind, url=uri), file.display_name, at=at)


def _part(media: wire.Media, name: str | None, *, at: str) -> MediaPart:
    family = (media.media_type or "").partition("/")[0]
    if family == "image":
        return wire.ImagePart(media=media)
    if family == "audio":
        return wire.AudioPart(media=media)
    if family == "video":
        raise UnsupportedContentError(
            f"`{at}`: video cannot be sent to the model behind this endpoint.", param=at
        )
    return wire.DocumentPart(media=media, name=name)


def write_media(part: MediaPart, *, at: str, vertex: bool = False) -> dict[str, Any]:
    """The part for the provider; only Vertex takes the name of a document.

    Raises:
        UnsupportedContentError: a file by id, which is another provider's.
    """
    media = part.media
    if media.file_id is not None:
        raise UnsupportedContentError(
            f"`{at}`: the file `{media.file_id}` is kept by another provider.", param=at
        )
    named = {"displayName": _name(part)} if vertex and _name(part) else {}
    if media.url is not None:
        kind = media.media_type or _by_suffix(media.url) or _default(part)
        return {"fileData": {"mimeType": kind, "fileUri": media.url, **named}}
    data = media.data or ""
    kind = media.media_type or _sniff(data) or _default(part)
    return {"inlineData": {"mimeType": kind, "data": data, **named}}


def media_losses(part: MediaPart, *, at: str, vertex: bool = False) -> list[str]:
    """What `write_media` leaves behind, as warnings."""
    if isinstance(part, wire.ImagePart) and part.detail not in (None, "auto"):
        return [f"{at}.detail: dropped"]
    return [f"{at}.name: dropped"] if _name(part) and not vertex else []


def _name(part: MediaPart) -> str | None:
    return part.name if isinstance(part, wire.DocumentPart) else None


def _default(part: MediaPart) -> str:
    if isinstance(part, wire.ImagePart):
        return "image/jpeg"
    return "audio/wav" if isinstance(part, wire.AudioPart) else "application/pdf"


def _sniff(data: str) -> str | None:
    return next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)


def _by_suffix(uri: str) -> str | None:
    name = urlsplit(uri).path.rpartition("/")[2]
    return _SUFFIXES.get(name.rpartition(".")[2].lower()) if "." in name else None
