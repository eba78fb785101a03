"""Write canonical content as the parts of a chat message."""

from collections.abc import Sequence
from typing import Any

from apps.providers import wire
from apps.providers.dialects.chat_family import media
from apps.providers.dialects.chat_family.style import Style
from apps.providers.errors import UnsupportedContentError

CACHE_WARNING = "cache_control: dropped"


class ContentWriter:
    """Writes parts; gathers what was lost in `warnings`, each loss once."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        """Name a loss."""
        if text not in self.warnings:
            self.warnings.append(text)

    def parts(self, parts: Sequence[wire.Part], at: str) -> list[dict[str, Any]]:
        """The list of content parts.

        Raises:
            UnsupportedContentError: a part that the dialect lacks; `at` is the path of the message.
        """
        return [self._part(part, f"{at}.content[{index}]") for index, part in enumerate(parts)]

    def text(self, parts: Sequence[wire.Part], at: str) -> str | list[dict[str, Any]]:
        """Content of text alone: a string where it can be one."""
        texts = [part for part in parts if isinstance(part, wire.TextPart)]
        marked = self.style.cache_field and any(part.cache for part in texts)
        if len(texts) == 1 and not marked:
            self._drop_hint(texts[0].cache)
            return texts[0].text
        if self.style.join_text or not texts:
            self._drop_hint(any(part.cache for part in texts))
            return "\n\n".join(part.text for part in texts)
        return self.parts(texts, at)

    def content(self, parts: Sequence[wire.Part], at: str) -> str | list[dict[str, Any]]:
        """Content of any kind (the user's)."""
        if len(parts) == 1 and isinstance(parts[0], wire.TextPart):
            return self.text(parts, at)
        return self.parts(parts, at) if parts else ""

    def hint(self, cache: bool) -> dict[str, Any]:
        """The cache hint, when it was asked for and the provider takes it."""
        self._drop_hint(cache)
        return self.style.cache_hint() if cache else {}

    def _drop_hint(self, cache: bool) -> None:
        if cache and self.style.cache_field is None:
            self.warn(CACHE_WARNING)

    def _part(self, part: wire.Part, at: str) -> dict[str, Any]:
        match part:
            case wire.TextPart():
                return {"type": "text", "text": part.text, **self.hint(part.cache)}
            case wire.ImagePart():
                return self._image(part, at)
            case wire.DocumentPart():
                return self._document(part, at)
            case wire.AudioPart():
                return self._audio(part, at)
            case wire.RefusalPart():
                return {"type": "refusal", "refusal": part.text}
            case _:
                raise UnsupportedContentError(
                    f"`{at}`: {type(part).__name__} has no place here.", param=at
                )

    def _image(self, part: wire.ImagePart, at: str) -> dict[str, Any]:
        if part.media.file_id:
            raise _foreign_file(at)
        url = part.media.url or media.write_data_url(part.media, default_type="image/png")
        image = {"url": url, "detail": part.detail} if part.detail else {"url": url}
        return {"type": "image_url", "image_url": image, **self.hint(part.cache)}

    def _document(self, part: wire.DocumentPart, at: str) -> dict[str, Any]:
        text = media.text_of(part.media)
        if text is not None:
            # The `file` part is for PDF; text is understood by every model as text.
            self.warn(f"{at}: text document sent as text")
            return {"type": "text", "text": text, **self.hint(part.cache)}
        if part.media.file_id:
            raise _foreign_file(at)
        if not self.style.documents:
            raise UnsupportedContentError(f"`{at}`: documents cannot be carried.", param=at)
        if part.media.data is None:
            raise UnsupportedContentError(
                f"`{at}`: documents are taken by value only, not by URL.", param=at
            )
        data = media.write_data_url(part.media, default_type="application/pdf")
        file = {"filename": part.name or "document.pdf", "file_data": data}
        return {"type": "file", "file": file, **self.hint(part.cache)}

    def _audio(self, part: wire.AudioPart, at: str) -> dict[str, Any]:
        if part.media.data is not None:
            audio = {
                "data": part.media.data,
                "format": media.audio_format(part.media.media_type),
            }
            return {"type": "input_audio", "input_audio": audio}
        if part.media.url and self.style.audio_urls:
            return {"type": "audio_url", "audio_url": {"url": part.media.url}}
        raise UnsupportedContentError(f"`{at}`: audio is taken by value only.", param=at)


def _foreign_file(at: str) -> UnsupportedContentError:
    return UnsupportedContentError(
        f"`{at}`: a file id is known only to the provider that gave it.", param=at
    )
