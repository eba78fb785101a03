"""Read the input of a Responses request into canonical messages.

Source: OpenAI API reference, create a response.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.openai_responses import media
from apps.providers.dialects.openai_responses.media import InputContent
from apps.providers.dialects.openai_responses.reasoning import thoughts_of
from apps.providers.dialects.openai_responses.reply import SUMMARY_SEPARATOR
from apps.providers.dialects.openai_responses.state import refuse_reference
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import Role

_ROLES = {
    "user": Role.USER,
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "assistant": Role.ASSISTANT,
}
_TEXTS = ("input_text", "output_text")


class InputItem(msgspec.Struct):
    """Any item that a caller may send; `type` decides which fields count."""

    type: str | None = None
    role: str | None = None
    content: str | list[InputContent] | None = None
    id: str | None = None
    call_id: str | None = None
    name: str | None = None
    namespace: str | None = None
    arguments: Any = None
    output: str | list[InputContent] | dict[str, Any] | None = None
    summary: list[InputContent] | None = None
    encrypted_content: str | None = None
    phase: str | None = None


def read_input(given: str | Sequence[InputItem], warnings: list[str]) -> list[wire.Message]:
    """The messages of the `input` field."""
    if isinstance(given, str):
        return [wire.Message(role=Role.USER, parts=(wire.TextPart(text=given),))]
    reader = _Reader(warnings)
    for number, item in enumerate(given):
        reader.take(item, f"input[{number}]")
    return reader.finish()


class _Reader:
    """Gathers items into turns.

    Thoughts, words and calls of the assistant that follow each other are one message, as the one
    reply that they came from; so are the results of its calls. Two assistant messages in a row
    stay two.
    """

    def __init__(self, warnings: list[str]) -> None:
        self._warnings = warnings
        self._messages: list[wire.Message] = []
        self._role: Role | None = None
        self._parts: list[wire.Part] = []
        self._spoke = False
        self._names: dict[str, str] = {}
        self._signature: tuple[str, str] | None = None

    def take(self, item: InputItem, at: str) -> None:
        match item.type:
            case "message":
                self._message(item, at)
            case "function_call":
                self._call(item, at)
            case "function_call_output":
                self._result(item, at)
            case "reasoning":
                self._thoughts(item, at)
            case None | "item_reference" if item.role is None:
                if item.id is None:
                    raise InvalidInputError(f"`{at}.type` is missing.", param=f"{at}.type")
                raise refuse_reference(at)
            case None:
                self._message(item, at)
            case _:
                raise UnsupportedContentError(
                    f"`{at}`: items of type `{item.type}` cannot be carried to the provider of "
                    "this model.",
                    param=at,
                )

    def finish(self) -> list[wire.Message]:
        self._turn(None)
        return self._messages

    def _turn(self, role: Role | None) -> None:
        """Close the turn under way unless it is of this role."""
        if role is self._role and role is not None:
            return
        if self._role is not None and self._parts:
            self._messages.append(wire.Message(role=self._role, parts=tuple(self._parts)))
        self._role, self._parts, self._spoke = role, [], False

    def _message(self, item: InputItem, at: str) -> None:
        role = _ROLES.get(item.role or "")
        if role is None:
            allowed = ", ".join(_ROLES)
            raise InvalidInputError(f"`{at}.role` must be one of {allowed}.", param=f"{at}.role")
        if item.content is None:
            raise InvalidInputError(f"`{at}.content` is missing.", param=f"{at}.content")
        if item.phase is not None:
            self._warnings.append(f"{at}.phase: dropped")
        if role is not Role.ASSISTANT or self._spoke:
            self._turn(None)
        self._turn(role)
        self._spoke = role is Role.ASSISTANT
        self._parts += self._contents(item.content, f"{at}.content")

    def _contents(self, given: str | Sequence[InputContent], at: str) -> list[wire.Part]:
        if isinstance(given, str):
            return [wire.TextPart(text=given)]
        return [self._content(part, f"{at}[{number}]") for number, part in enumerate(given)]

    def _content(self, part: InputContent, at: str) -> wire.Part:
        if part.type in _TEXTS:
            if part.annotations:
                self._warnings.append(f"{at}.annotations: dropped")
            if part.text is None:
                raise InvalidInputError(f"`{at}.text` is missing.", param=f"{at}.text")
            return wire.TextPart(text=part.text, cache=bool(part.prompt_cache_breakpoint))
        match part.type:
            case "":
                raise InvalidInputError(f"`{at}.type` is missing.", param=f"{at}.type")
            case "refusal":
                return wire.RefusalPart(text=part.refusal or "")
            case "input_image":
                return media.image_of(part, at)
            case "input_file":
                if part.detail not in (None, "auto"):
                    self._warnings.append(f"{at}.detail: dropped")
                return media.document_of(part, at)
            case "input_audio":
                return media.audio_of(part, at)
            case _:
                raise UnsupportedContentError(
                    f"`{at}`: content of type `{part.type}` is not supported.", param=at
                )

    def _call(self, item: InputItem, at: str) -> None:
        call_id, name = _need(item.call_id, f"{at}.call_id"), _need(item.name, f"{at}.name")
        if item.namespace is not None:
            self._warnings.append(f"{at}.namespace: dropped")
        if not isinstance(item.arguments, str):
            raise InvalidInputError(f"`{at}.arguments` must be JSON text.", param=f"{at}.arguments")
        self._turn(Role.ASSISTANT)
        self._spoke = False
        self._names[call_id] = name
        signature, origin = self._signature or (None, "")
        self._signature = None
        self._parts.append(
            wire.ToolCallPart(
                id=call_id,
                name=name,
                arguments=item.arguments or "{}",
                signature=signature,
                origin=origin,
            )
        )

    def _result(self, item: InputItem, at: str) -> None:
        call_id = _need(item.call_id, f"{at}.call_id")
        if item.output is None or isinstance(item.output, dict):
            raise InvalidInputError(
                f"`{at}.output` must be a text or a list of contents.", param=f"{at}.output"
            )
        self._turn(Role.TOOL)
        content: list[wire.TextPart | wire.ImagePart | wire.DocumentPart] = []
        for number, part in enumerate(self._contents(item.output, f"{at}.output")):
            here = f"{at}.output[{number}]"
            if not isinstance(part, (wire.TextPart, wire.ImagePart, wire.DocumentPart)):
                raise UnsupportedContentError(f"`{here}` cannot be a tool's answer.", param=here)
            content.append(part)
        self._parts.append(
            wire.ToolResultPart(
                call_id=call_id,
                content=tuple(content),
                name=self._names.get(call_id) or item.name,
            )
        )

    def _thoughts(self, item: InputItem, at: str) -> None:
        told = [piece.text for piece in item.summary or () if piece.text]
        if not told and item.content is not None:
            given = item.content
            pieces = [InputContent("", text=given)] if isinstance(given, str) else given
            told = [piece.text for piece in pieces if piece.text]
        text = SUMMARY_SEPARATOR.join(told)
        if not text and not item.encrypted_content:
            return  # nothing but the name of an item that is stored nowhere
        part = thoughts_of(text, item.encrypted_content or None, item.id)
        if isinstance(part, tuple):
            self._signature = part
            return
        self._turn(Role.ASSISTANT)
        self._spoke = False
        self._parts.append(part)


def _need(value: str | None, at: str) -> str:
    if not value:
        raise InvalidInputError(f"`{at}` is missing.", param=at)
    return value
