"""Read the content of a caller's message: a string, or a list of parts."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.chat_family import media
from apps.providers.dialects.chat_family.shapes import Content
from apps.providers.dialects.reading import join_path, read
from apps.providers.errors import UnsupportedContentError

CACHE_HINTS = ("cache_control", "prompt_cache_breakpoint")


class _Url(msgspec.Struct):
    url: str
    detail: str | None = None


class _Audio(msgspec.Struct):
    data: str
    format: str


class _File(msgspec.Struct):
    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


def read_content(content: Content, *, at: str) -> tuple[wire.Part, ...]:
    """The canonical parts; an empty string gives none. `at` is the path of the message.

    Raises:
        InvalidInputError: a part that is not well formed.
        UnsupportedContentError: a kind of part that the portal cannot carry.
    """
    if isinstance(content, str):
        return (wire.TextPart(text=content),) if content else ()
    if content is None:
        return ()
    at = join_path(at, "content")
    return tuple(
        wire.TextPart(text=item) if isinstance(item, str) else _read_part(item, at=f"{at}[{index}]")
        for index, item in enumerate(content)
    )


def is_cached(item: Mapping[str, Any]) -> bool:
    """Whether the caller asks to cache what goes before the end of this item."""
    return any(item.get(hint) for hint in CACHE_HINTS)


def _read_part(item: dict[str, Any], *, at: str) -> wire.Part:
    kind = item.get("type")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is not None:
        return reader(item, at)
    where = join_path(at, "type")
    if isinstance(kind, str):
        raise UnsupportedContentError(
            f"`{where}`: content of type `{kind}` cannot be carried.", param=where
        )
    raise InvalidInputError(f"`{where}`: a content part needs a type.", param=where)


def _text(item: dict[str, Any], at: str) -> wire.Part:
    text = read(str, item.get("text"), at=join_path(at, "text"))
    return wire.TextPart(text=text, cache=is_cached(item))


def _refusal(item: dict[str, Any], at: str) -> wire.Part:
    return wire.RefusalPart(text=read(str, item.get("refusal"), at=join_path(at, "refusal")))


def _image(item: dict[str, Any], at: str) -> wire.Part:
    where = join_path(at, "image_url")
    image = item.get("image_url")
    image = _Url(image) if isinstance(image, str) else read(_Url, image, at=where)
    return wire.ImagePart(
        media=media.read_url(image.url, at=join_path(where, "url")),
        detail=image.detail,
        cache=is_cached(item),
    )


def _audio_url(item: dict[str, Any], at: str) -> wire.Part:
    where = join_path(at, "audio_url")
    audio = read(_Url, item.get("audio_url"), at=where)
    return wire.AudioPart(media=media.read_url(audio.url, at=join_path(where, "url")))


def _input_audio(item: dict[str, Any], at: str) -> wire.Part:
    audio = read(_Audio, item.get("input_audio"), at=join_path(at, "input_audio"))
    kind = media.audio_type(audio.format.lower())
    return wire.AudioPart(media=wire.Media(media_type=kind, data=audio.data))


def _file(item: dict[str, Any], at: str) -> wire.Part:
    where = join_path(at, "file")
    file = read(_File, item.get("file"), at=where)
    if file.file_data:
        found = media.read_url(file.file_data, at=join_path(where, "file_data"))
        if found.url is not None and not found.url.startswith(("http://", "https://")):
            # Bare base64, without the head of a data URL, is accepted too.
            kind = media.sniff(found.url)
            found = wire.Media(media_type=kind or "application/pdf", data=found.url)
    elif file.file_id:
        found = wire.Media(file_id=file.file_id)
    else:
        raise InvalidInputError(f"`{where}`: needs `file_data` or `file_id`.", param=where)
    return wire.DocumentPart(media=found, name=file.filename, cache=is_cached(item))


def _thinking(item: dict[str, Any], at: str) -> wire.Part:
    """Mistral's thoughts: text, or a list of text parts."""
    thinking = item.get("thinking")
    if isinstance(thinking, str):
        return wire.ReasoningPart(text=thinking)
    parts = read(list[dict[str, Any]], thinking, at=join_path(at, "thinking"))
    texts = (part.get("text") for part in parts)
    return wire.ReasoningPart(text="".join(text for text in texts if isinstance(text, str)))


_READERS: dict[str, Callable[[dict[str, Any], str], wire.Part]] = {
    "text": _text,
    "refusal": _refusal,
    "image_url": _image,
    "audio_url": _audio_url,
    "input_audio": _input_audio,
    "file": _file,
    "thinking": _thinking,
}

PART_KINDS = frozenset(_READERS)
"""Kinds of content; each is also the name of the field that holds it."""
