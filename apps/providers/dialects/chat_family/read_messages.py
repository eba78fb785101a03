"""Read a caller's messages into canonical ones."""

from collections.abc import Mapping, Sequence, Set
from typing import Any

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.chat_family import reasoning
from apps.providers.dialects.chat_family.read_content import CACHE_HINTS, PART_KINDS, read_content
from apps.providers.dialects.chat_family.shapes import (
    MESSAGE_FIELDS,
    FunctionIn,
    MessageIn,
    ToolCallIn,
)
from apps.providers.dialects.signatures import unseal
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import Role

_ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "user": Role.USER,
    "assistant": Role.ASSISTANT,
    "tool": Role.TOOL,
    "function": Role.TOOL,
}
_PART_FIELDS = frozenset({"type", *PART_KINDS, *CACHE_HINTS})
_RESULT_PARTS = (wire.TextPart, wire.ImagePart, wire.DocumentPart)


class MessageReader:
    """Reads messages in order; remembers the tool calls that results refer to."""

    def __init__(self, *, dialect: str) -> None:
        self.warnings: list[str] = []
        self._dialect = dialect
        self._names: dict[str, str] = {}
        self._minted: list[str] = []

    def read(self, messages: Sequence[MessageIn], plain: Sequence[Any]) -> tuple[wire.Message, ...]:
        """The canonical messages; results of tools that follow each other are one message.

        `plain` are the same messages as untyped JSON, to name what is not understood.
        """
        if not messages:
            raise InvalidInputError("`messages`: at least one is needed.", param="messages")
        found: list[wire.Message] = []
        for index, message in enumerate(messages):
            at = f"messages[{index}]"
            self._check_unknown(plain[index], at)
            read = self._message(message, at)
            if read.role is Role.TOOL and found and found[-1].role is Role.TOOL:
                found[-1] = wire.Message(role=Role.TOOL, parts=found[-1].parts + read.parts)
            else:
                found.append(read)
        return tuple(found)

    def _message(self, message: MessageIn, at: str) -> wire.Message:
        role = _ROLES.get(message.role)
        if role is None:
            raise InvalidInputError(
                f"`{at}.role`: `{message.role[:40]}` is not a role.", param=f"{at}.role"
            )
        parts = read_content(message.content, at=at)
        if role is Role.TOOL:
            return wire.Message(role=role, parts=(self._result(message, parts, at),))
        if role is Role.ASSISTANT:
            parts = self._answer(message, parts, at)
        return wire.Message(role=role, parts=parts, name=message.name)

    def _answer(
        self, message: MessageIn, parts: tuple[wire.Part, ...], at: str
    ) -> tuple[wire.Part, ...]:
        fields = msgspec.structs.asdict(message)
        thoughts = reasoning.read_thoughts(fields, dialect=self._dialect)
        refusal = (wire.RefusalPart(text=message.refusal),) if message.refusal else ()
        calls = [
            self._call(call, f"{at}.tool_calls[{index}]")
            for index, call in enumerate(message.tool_calls or ())
        ]
        if message.function_call is not None:
            calls.append(self._old_call(message.function_call))
        return (*thoughts, *parts, *refusal, *calls)

    def _call(self, call: ToolCallIn, at: str) -> wire.ToolCallPart:
        if call.function is None:
            if call.type not in (None, "function"):
                raise UnsupportedContentError(
                    f"`{at}.type`: calls of type `{call.type}` cannot be carried.",
                    param=f"{at}.type",
                )
            raise InvalidInputError(f"`{at}.function`: is missing.", param=f"{at}.function")
        identity = call.id or self._mint(call.function.name)
        self._names[identity] = call.function.name
        signature, origin = None, ""
        sealed = reasoning.read_signature({"extra_content": call.extra_content})
        if sealed:
            origin, signature = unseal(sealed, dialect=self._dialect)
        return wire.ToolCallPart(
            id=identity,
            name=call.function.name,
            arguments=read_arguments(call.function.arguments),
            signature=signature,
            origin=origin,
        )

    def _old_call(self, call: FunctionIn) -> wire.ToolCallPart:
        identity = self._mint(call.name)
        self._names[identity] = call.name
        self._minted.append(identity)
        return wire.ToolCallPart(
            id=identity, name=call.name, arguments=read_arguments(call.arguments)
        )

    def _mint(self, name: str) -> str:
        return f"call_{len(self._names)}_{name}"

    def _result(
        self, message: MessageIn, parts: tuple[wire.Part, ...], at: str
    ) -> wire.ToolResultPart:
        identity = message.tool_call_id
        if message.role == "function":
            identity = self._answered(message.name or "")
        if not identity:
            raise InvalidInputError(
                f"`{at}.tool_call_id`: a tool's answer must name its call.",
                param=f"{at}.tool_call_id",
            )
        content = tuple(part for part in parts if isinstance(part, _RESULT_PARTS))
        if len(content) != len(parts):
            raise UnsupportedContentError(
                f"`{at}.content`: a tool's answer holds text, images and files only.",
                param=f"{at}.content",
            )
        return wire.ToolResultPart(
            call_id=identity,
            content=content,
            name=self._names.get(identity) or message.name,
        )

    def _answered(self, name: str) -> str:
        """The id of the oldest open call to `name` in the old form."""
        for identity in self._minted:
            if self._names[identity] == name:
                self._minted.remove(identity)
                return identity
        return self._mint(name)

    def _check_unknown(self, plain: Any, at: str) -> None:
        if not isinstance(plain, Mapping):
            return
        if plain.get("audio"):
            raise UnsupportedContentError(
                f"`{at}.audio`: an earlier spoken answer lives at the provider only.",
                param=f"{at}.audio",
            )
        self.warnings += unknown_fields(plain, MESSAGE_FIELDS, at)
        content = plain.get("content")
        if isinstance(content, list):
            for index, part in enumerate(content):
                if isinstance(part, dict) and not part.keys() <= _PART_FIELDS:
                    where = f"{at}.content[{index}]"
                    self.warnings += unknown_fields(part, _PART_FIELDS, where)


def unknown_fields(plain: Mapping[str, Any], known: Set[str], at: str) -> list[str]:
    """A warning for every field that says something and is not known."""
    if plain.keys() <= known:
        return []
    return [f"{at}.{key}: dropped" for key, value in plain.items() if value and key not in known]


def read_arguments(arguments: Any) -> str:
    """The JSON text of a call's arguments, which some send as an object."""
    if isinstance(arguments, str):
        return arguments if arguments.strip() else "{}"
    return msgspec.json.encode(arguments).decode() if arguments else "{}"
