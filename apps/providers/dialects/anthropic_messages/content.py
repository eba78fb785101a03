"""Read the messages of a caller's request.

What has no canonical form is refused with its path: hosted tools and their results, tool
references, search results, citations to be made, documents made of blocks.
"""

import base64
from collections.abc import Iterable
from typing import Any

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.anthropic_messages.sealing import unseal_call, unseal_thought
from apps.providers.dialects.anthropic_messages.terms import NO_JSON, arguments_text
from apps.providers.dialects.reading import read
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import Role


class Block(msgspec.Struct):
    """One content block of any type; what differs between types is left undecoded."""

    type: str
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = NO_JSON
    tool_use_id: str | None = None
    is_error: bool | None = None
    content: msgspec.Raw = NO_JSON
    source: msgspec.Raw = NO_JSON
    title: str | None = None
    context: str | None = None
    citations: Any = None
    caller: Any = None
    toolset_name: Any = None
    transformations: Any = None
    cache_control: dict[str, Any] | None = None


class InMessage(msgspec.Struct):
    """One turn as the caller wrote it."""

    role: str
    content: str | list[Block] | None = None


class _Source(msgspec.Struct):
    type: str
    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    file_id: str | None = None
    content: Any = None


_HELD: Any = str | list[Block] | None
_ROLES = {"user": Role.USER, "assistant": Role.ASSISTANT, "system": Role.SYSTEM}
_ONLY_ASSISTANT = frozenset({"tool_use", "thinking", "redacted_thinking"})
_IN_RESULTS = frozenset({"text", "image", "document"})
_IN_SYSTEM = frozenset({"text"})


class Reader:
    """Reads turn by turn; remembers the names of calls and what was lost on the way."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self._names: dict[str, str] = {}

    def read_system(self, system: str | list[Block] | None) -> tuple[wire.Message, ...]:
        """The leading system message; none when there is no text."""
        if not system:
            return ()
        if isinstance(system, str):
            return (wire.Message(role=Role.SYSTEM, parts=(wire.TextPart(text=system),)),)
        parts = [
            self._part(block, f"system[{index}]", among=_IN_SYSTEM)
            for index, block in enumerate(system)
        ]
        return (wire.Message(role=Role.SYSTEM, parts=tuple(parts)),)

    def read_messages(self, messages: Iterable[InMessage]) -> Iterable[wire.Message]:
        """The turns; tool results get messages of their own, as the canonical form wants."""
        for index, message in enumerate(messages):
            at = f"messages[{index}]"
            role = _ROLES.get(message.role)
            if role is None:
                raise InvalidInputError(
                    f"`{at}.role`: must be user, assistant or system.", param=f"{at}.role"
                )
            if isinstance(message.content, list):
                yield from self._read_blocks(message.content, role, at)
            elif message.content is not None:
                yield wire.Message(role=role, parts=(wire.TextPart(text=message.content),))
            else:
                raise InvalidInputError(
                    f"`{at}.content`: must be text or a list of blocks.", param=f"{at}.content"
                )

    def _read_blocks(self, blocks: list[Block], role: Role, at: str) -> Iterable[wire.Message]:
        parts: list[wire.Part] = []
        speaker = role
        signed: tuple[str, str] | None = None
        for index, block in enumerate(blocks):
            place = f"{at}.content[{index}]"
            _check_role(block, role, place)
            if block.type == "redacted_thinking" and (found := unseal_call(block.data or "")):
                signed = found
                continue
            part = self._part(block, place)
            if isinstance(part, wire.ToolCallPart) and signed is not None:
                part = msgspec.structs.replace(part, origin=signed[0], signature=signed[1])
                signed = None
            turn = Role.TOOL if isinstance(part, wire.ToolResultPart) else role
            if turn is not speaker and parts:
                yield wire.Message(role=speaker, parts=tuple(parts))
                parts = []
            speaker = turn
            parts.append(part)
        if parts:
            yield wire.Message(role=speaker, parts=tuple(parts))

    def _part(self, block: Block, at: str, *, among: frozenset[str] | None = None) -> wire.Part:
        if among is not None and block.type not in among:
            raise _refusal(at, f"a block of type `{block.type}`")
        cache = self._cache(block, at)
        match block.type:
            case "text":
                if block.citations:
                    self.warnings.append(f"{at}.citations: dropped")
                return wire.TextPart(text=_given(block.text, at, "text"), cache=cache)
            case "image":
                if block.transformations:
                    self.warnings.append(f"{at}.transformations: dropped")
                return wire.ImagePart(media=_image_media(block, at), cache=cache)
            case "document":
                return _document(block, at, cache=cache)
            case "tool_use":
                return self._tool_call(block, at, cache=cache)
            case "tool_result":
                return self._tool_result(block, at, cache=cache)
            case "thinking":
                thinking = _given(block.thinking, at, "thinking")
                return unseal_thought(block.signature or "", thinking=thinking)
            case "redacted_thinking":
                return unseal_thought(_given(block.data, at, "data"), redacted=True)
            case _:
                raise _refusal(at, f"a block of type `{block.type}`")

    def _cache(self, block: Block, at: str) -> bool:
        if block.cache_control is None:
            return False
        if block.cache_control.get("ttl") not in (None, "5m"):
            self.warnings.append(f"{at}.cache_control.ttl: dropped")
        return True

    def _tool_call(self, block: Block, at: str, *, cache: bool) -> wire.ToolCallPart:
        caller = block.caller
        if block.toolset_name or (isinstance(caller, dict) and caller.get("type") != "direct"):
            raise _refusal(at, "calls of hosted tools")
        name = _given(block.name, at, "name")
        call_id = _given(block.id, at, "id")
        self._names[call_id] = name
        return wire.ToolCallPart(
            id=call_id,
            name=name,
            arguments=arguments_text(block.input),
            cache=cache,
        )

    def _tool_result(self, block: Block, at: str, *, cache: bool) -> wire.ToolResultPart:
        call_id = _given(block.tool_use_id, at, "tool_use_id")
        place = f"{at}.content"
        held = None if block.content == NO_JSON else read(_HELD, block.content, at=place)
        content: list[Any] = []
        if isinstance(held, str):
            content = [wire.TextPart(text=held)] if held else []
        elif held is not None:
            content = [
                self._part(inner, f"{place}[{index}]", among=_IN_RESULTS)
                for index, inner in enumerate(held)
            ]
        return wire.ToolResultPart(
            call_id=call_id,
            content=tuple(content),
            name=self._names.get(call_id),
            is_error=bool(block.is_error),
            cache=cache,
        )


def _check_role(block: Block, role: Role, at: str) -> None:
    wrong = (
        (block.type in _ONLY_ASSISTANT and role is not Role.ASSISTANT)
        or (block.type == "tool_result" and role is not Role.USER)
        or (role is Role.SYSTEM and block.type not in _IN_SYSTEM)
    )
    if wrong:
        raise InvalidInputError(
            f"`{at}`: a block of type `{block.type}` cannot stand in a message of role {role}.",
            param=at,
        )


def _given(value: str | None, at: str, field: str) -> str:
    if value is None:
        raise InvalidInputError(f"`{at}.{field}`: is required.", param=f"{at}.{field}")
    return value


def _refusal(at: str, what: str) -> UnsupportedContentError:
    return UnsupportedContentError(
        f"`{at}`: {what} cannot be carried to the model behind this endpoint.", param=at
    )


def _source_of(block: Block, at: str) -> _Source:
    if block.source == NO_JSON:
        raise InvalidInputError(f"`{at}.source`: is required.", param=f"{at}.source")
    return read(_Source, block.source, at=f"{at}.source")


def _image_media(block: Block, at: str) -> wire.Media:
    source = _source_of(block, at)
    place = f"{at}.source"
    match source.type:
        case "base64":
            data = _given(source.data, place, "data")
            return wire.Media(media_type=source.media_type, data=data)
        case "url":
            return wire.Media(url=_given(source.url, place, "url"))
        case "file":
            return wire.Media(file_id=_given(source.file_id, place, "file_id"))
        case _:
            raise _refusal(place, f"a source of type `{source.type}`")


def _document(block: Block, at: str, *, cache: bool) -> wire.DocumentPart:
    if block.context:
        raise _refusal(f"{at}.context", "the context of a document")
    if isinstance(block.citations, dict) and block.citations.get("enabled"):
        raise _refusal(f"{at}.citations", "citations")
    source = _source_of(block, at)
    place = f"{at}.source"
    match source.type:
        case "base64":
            media = wire.Media(
                media_type=source.media_type or "application/pdf",
                data=_given(source.data, place, "data"),
            )
        case "text":
            media = _text_media(_given(source.data, place, "data"))
        case "content" if isinstance(source.content, str):
            media = _text_media(source.content)
        case "url":
            url = _given(source.url, place, "url")
            media = wire.Media(media_type="application/pdf", url=url)
        case "file":
            media = wire.Media(file_id=_given(source.file_id, place, "file_id"))
        case _:
            raise _refusal(place, f"a source of type `{source.type}`")
    return wire.DocumentPart(media=media, name=block.title or None, cache=cache)


def _text_media(text: str) -> wire.Media:
    return wire.Media(media_type="text/plain", data=base64.b64encode(text.encode()).decode())
