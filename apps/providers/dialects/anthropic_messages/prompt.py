"""Messages of a call as this dialect writes them: system apart, roles in turn, results first."""

import base64
import binascii
from collections.abc import Iterable
from typing import Any

from apps.providers import wire
from apps.providers.dialects.anthropic_messages.terms import NAME, arguments_object, tool_id
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import Role

Block = dict[str, Any]

_CACHE = {"type": "ephemeral"}
_IMAGE_STARTS = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
}


class Prompt:
    """Collects the system blocks and the turns of a request; `warnings` names what was lost."""

    def __init__(self, messages: Iterable[wire.Message]) -> None:
        self.system: list[Block] = []
        self.turns: list[dict[str, Any]] = []
        self.warnings: list[str] = []
        for index, message in enumerate(messages):
            self._add(message, index)
        for turn in self.turns:
            if turn["role"] == "user":
                turn["content"].sort(key=_is_no_result)

    def thoughts_gone(self) -> bool:
        """Whether a tool loop is under way whose assistant turn does not begin with a thought."""
        if len(self.turns) < 2 or self.turns[-1]["content"][0]["type"] != "tool_result":
            return False
        first = self.turns[-2]["content"][0]["type"]
        return first not in ("thinking", "redacted_thinking")

    def _add(self, message: wire.Message, index: int) -> None:
        at = f"messages[{index}]"
        if message.name:
            self.warnings.append(f"{at}.name: dropped")
        if message.role is Role.SYSTEM:
            if self.turns:
                self.warnings.append(f"{at}: system message moved to the start")
            self.system.extend(self._blocks(message, at))
            return
        if not (blocks := self._blocks(message, at)):
            return
        role = "assistant" if message.role is Role.ASSISTANT else "user"
        if self.turns and self.turns[-1]["role"] == role:
            self.turns[-1]["content"].extend(blocks)
        else:
            self.turns.append({"role": role, "content": blocks})

    def _blocks(self, message: wire.Message, at: str) -> list[Block]:
        allowed = _PARTS_OF[message.role]
        blocks: list[Block] = []
        for index, part in enumerate(message.parts):
            place = f"{at}.content[{index}]"
            if not isinstance(part, allowed):
                kind = _name_of(part)
                raise UnsupportedContentError(
                    f"`{place}`: {kind} cannot be sent in a message of role {message.role.value}.",
                    param=place,
                )
            if (block := self._block(part, place)) is not None:
                blocks.append(block)
        return blocks

    def _block(self, part: wire.Part, at: str) -> Block | None:
        match part:
            case wire.TextPart():
                return self._text(part.text, at, cache=part.cache)
            case wire.RefusalPart():
                self.warnings.append(f"{at}: refusal sent as text")
                return self._text(part.text, at)
            case wire.ReasoningPart():
                return self._thought(part)
            case wire.ToolCallPart():
                return _marked(_tool_use(part), cache=part.cache)
            case wire.ToolResultPart():
                return self._result(part, at)
            case wire.ImagePart():
                return self._image(part, at)
            case wire.DocumentPart():
                return self._document(part, at)
            case _:
                raise UnsupportedContentError(
                    f"`{at}`: this provider does not take audio.", param=at
                )

    def _text(self, text: str, at: str, *, cache: bool = False) -> Block | None:
        """The service refuses text blocks without any visible character."""
        if not text.strip():
            if text:
                self.warnings.append(f"{at}: blank text dropped")
            return None
        return _marked({"type": "text", "text": text}, cache=cache)

    def _thought(self, part: wire.ReasoningPart) -> Block | None:
        if part.origin != NAME or not part.signature:
            if part.text or part.signature:
                self.warnings.append("reasoning: dropped")
            return None
        if part.redacted:
            return {"type": "redacted_thinking", "data": part.signature}
        return {"type": "thinking", "thinking": part.text, "signature": part.signature}

    def _result(self, part: wire.ToolResultPart, at: str) -> Block:
        block: Block = {"type": "tool_result", "tool_use_id": tool_id(part.call_id)}
        held = [
            inner
            for index, piece in enumerate(part.content)
            if (inner := self._block(piece, f"{at}.content[{index}]")) is not None
        ]
        if len(held) == 1 and held[0].keys() == {"type", "text"}:
            block["content"] = held[0]["text"]
        elif held:
            block["content"] = held
        if part.is_error:
            block["is_error"] = True
        return _marked(block, cache=part.cache)

    def _image(self, part: wire.ImagePart, at: str) -> Block:
        if part.detail not in (None, "auto"):
            self.warnings.append("image detail: dropped")
        media = part.media
        if media.data is not None:
            source = {
                "type": "base64",
                "media_type": media.media_type or _sniff(media.data, at),
                "data": media.data,
            }
        else:
            source = _url_source(media, at)
        return _marked({"type": "image", "source": source}, cache=part.cache)

    def _document(self, part: wire.DocumentPart, at: str) -> Block:
        media = part.media
        if media.data is None:
            if media.media_type not in (None, "application/pdf"):
                raise _refusal(at, f"a document of type {media.media_type} by URL")
            source = _url_source(media, at)
        elif media.media_type in (None, "application/pdf"):
            source = {"type": "base64", "media_type": "application/pdf", "data": media.data}
        elif _is_text(media.media_type):
            if media.media_type.partition(";")[0] != "text/plain":
                self.warnings.append(f"{at}: sent as text/plain")
            source = {
                "type": "text",
                "media_type": "text/plain",
                "data": _decode_text(media.data, at),
            }
        else:
            raise _refusal(at, f"a document of type {media.media_type}")
        block: Block = {"type": "document", "source": source}
        if part.name:
            block["title"] = part.name
        return _marked(block, cache=part.cache)


_MEDIA = (wire.ImagePart, wire.DocumentPart)
_PARTS_OF: dict[Role, tuple[type[Any], ...]] = {
    Role.SYSTEM: (wire.TextPart,),
    Role.USER: (wire.TextPart, *_MEDIA, wire.AudioPart, wire.ToolResultPart),
    Role.ASSISTANT: (wire.TextPart, wire.RefusalPart, wire.ReasoningPart, wire.ToolCallPart),
    Role.TOOL: (wire.ToolResultPart, wire.TextPart, *_MEDIA),
}


def _is_no_result(block: Block) -> bool:
    return bool(block["type"] != "tool_result")


def _name_of(part: wire.Part) -> str:
    return type(part).__name__.removesuffix("Part").lower()


def _marked(block: Block, *, cache: bool) -> Block:
    if cache:
        block["cache_control"] = _CACHE
    return block


def _tool_use(part: wire.ToolCallPart) -> Block:
    return {
        "type": "tool_use",
        "id": tool_id(part.id),
        "name": part.name,
        "input": arguments_object(part.arguments),
    }


def _refusal(at: str, what: str) -> UnsupportedContentError:
    return UnsupportedContentError(f"`{at}`: this provider does not take {what}.", param=at)


def _url_source(media: wire.Media, at: str) -> dict[str, str]:
    if media.url is not None and media.url.startswith(("https://", "http://")):
        return {"type": "url", "url": media.url}
    if media.file_id is not None:
        raise _refusal(at, "file ids of another one")
    raise _refusal(at, "URLs of this scheme")


def _sniff(data: str, at: str) -> str:
    for start, media_type in _IMAGE_STARTS.items():
        if data.startswith(start):
            return media_type
    raise UnsupportedContentError(f"`{at}`: the image has no media type.", param=at)


def _is_text(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type.partition(";")[0] in (
        "application/json",
        "application/xml",
        "application/yaml",
    )


def _decode_text(data: str, at: str) -> str:
    try:
        return base64.b64decode(data, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise UnsupportedContentError(
            f"`{at}`: the document is not base64 of UTF-8 text.", param=at
        ) from error
