"""Read the contents of a request: turns of user and model into canonical messages.

A user content that holds function responses is cut into tool messages and user messages, in the
order of its parts. Calls and responses without ids are matched by name, else by position.
"""

from collections.abc import Sequence

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.gemini_generate.media import read_blob, read_file
from apps.providers.dialects.gemini_generate.parts import (
    WireCall,
    WirePart,
    WireResult,
    read_call,
    read_text,
)
from apps.providers.dialects.gemini_generate.values import is_set, result_text
from apps.providers.dialects.reading import read
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import Role

_HOSTED = ("executableCode", "codeExecutionResult", "toolCall", "toolResponse")
_KNOWN = frozenset(
    {
        "text",
        "thought",
        "thoughtSignature",
        "inlineData",
        "fileData",
        "functionCall",
        "functionResponse",
    }
)
_LONGEST_ID = 40  # OpenAI refuses longer ids of calls
_DATA = _KNOWN - {"thought", "thoughtSignature"}


class WireContent(msgspec.Struct):
    """One turn; its parts are read one by one, for errors and losses by name."""

    role: str | None = None
    parts: list[msgspec.Raw] | None = None


class _Ids:
    """Ids of the calls of a request: given ones are kept, missing ones made."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._open: list[tuple[str, str, bool]] = []  # id, name, made here

    def open(self, call: WireCall) -> str:
        """The id of a call."""
        call_id = call.id or self._make(call.name or "")
        self._seen.add(call_id)
        self._open.append((call_id, call.name or "", not call.id))
        return call_id

    def close(self, result: WireResult) -> str:
        """The id of the call that a response answers."""
        found = next((one for one in self._open if one[0] == result.id), None)
        if found is None:
            # A response may bear an id where the call had none.
            free = [one for one in self._open if one[2]] if result.id else self._open
            found = next((one for one in free if one[1] == result.name), None)
            if found is None and free and not result.id:
                found = free[0]
        if found is not None:
            self._open.remove(found)
            return found[0]
        return result.id or self._make(result.name or "")

    def _make(self, name: str) -> str:
        place = len(self._seen)
        while (made := f"call_{place}_{name}"[:_LONGEST_ID]) in self._seen:
            place += 1
        return made


class TurnReader:
    """Reads contents one after another; `warnings` name what was left behind."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self._ids = _Ids()

    def read(self, raw: msgspec.Raw | bytes, *, at: str) -> list[wire.Message]:
        """All contents of a request.

        Raises:
            InvalidInputError: something is not as the dialect has it.
            UnsupportedContentError: a part that no other dialect can carry.
        """
        contents = read(list[WireContent], raw, at=at)
        if not contents:
            raise InvalidInputError(f"`{at}` must not be empty.", param=at)
        messages: list[wire.Message] = []
        for place, content in enumerate(contents):
            where = f"{at}[{place}]"
            parts = self._parts(content, at=where)
            if content.role == "model":
                self._model_turn(parts, messages, at=where)
            elif content.role in (None, "", "user", "function", "tool"):
                self._user_turn(parts, messages, at=where)
            else:
                raise InvalidInputError(
                    f"`{where}.role` must be user or model.", param=f"{where}.role"
                )
        return messages

    def read_system(self, raw: msgspec.Raw | bytes, *, at: str) -> list[wire.Message]:
        """The system instruction: text and nothing else."""
        content = read(WireContent, raw, at=at)
        texts = []
        for place, part in enumerate(self._parts(content, at=at)):
            if part.text is None:
                where = f"{at}.parts[{place}]"
                raise UnsupportedContentError(f"`{where}` must be text.", param=where)
            texts.append(wire.TextPart(text=part.text))
        return [wire.Message(role=Role.SYSTEM, parts=tuple(texts))] if texts else []

    def _parts(self, content: WireContent, *, at: str) -> list[WirePart]:
        return [
            self._part(raw, at=f"{at}.parts[{place}]")
            for place, raw in enumerate(content.parts or ())
        ]

    def _part(self, raw: msgspec.Raw, *, at: str) -> WirePart:
        fields = read(dict[str, msgspec.Raw], raw, at=at)
        given = {key for key, value in fields.items() if bytes(value) != b"null"}
        for key in _HOSTED:
            if key in given:
                raise UnsupportedContentError(
                    f"`{at}.{key}` belongs to a tool that only the provider has.",
                    param=f"{at}.{key}",
                )
        if len(given & _DATA) > 1:
            raise InvalidInputError(f"`{at}` must hold one kind of data.", param=at)
        if not given & (_DATA | {"thoughtSignature"}):
            raise InvalidInputError(f"`{at}` holds no data that is known here.", param=at)
        self.warnings.extend(f"{at}.{key}: dropped" for key in sorted(given - _KNOWN))
        return read(WirePart, raw, at=at)

    def _model_turn(
        self, parts: Sequence[WirePart], messages: list[wire.Message], *, at: str
    ) -> None:
        done: list[wire.Part] = []
        for place, part in enumerate(parts):
            where = f"{at}.parts[{place}]"
            if part.function_call is not None:
                done.append(self._call(part, part.function_call, at=where))
            elif part.function_response is not None:
                raise InvalidInputError(
                    f"`{where}.functionResponse` must stand in a turn of the user.",
                    param=f"{where}.functionResponse",
                )
            elif part.inline_data is not None or part.file_data is not None:
                read_text(WirePart(thought_signature=part.thought_signature), done)
                done.append(self._media(part, at=where))
            else:
                after = parts[place + 1] if place + 1 < len(parts) else None
                read_text(part, done, keep_empty=_would_sign(part, after))
        if done and messages and messages[-1].role is Role.ASSISTANT:
            # The official client keeps one content for each chunk of a stream; one turn it is.
            done = [*messages.pop().parts, *done]
        if done:
            messages.append(wire.Message(role=Role.ASSISTANT, parts=tuple(done)))

    def _call(self, part: WirePart, call: WireCall, *, at: str) -> wire.ToolCallPart:
        where = f"{at}.functionCall"
        if not call.name:
            raise InvalidInputError(f"`{where}.name` is required.", param=f"{where}.name")
        if is_set(call.args):
            read(dict[str, msgspec.Raw], call.args, at=f"{where}.args")
        if call.partial_args or call.will_continue:
            raise InvalidInputError(f"`{where}` must be whole.", param=where)
        return read_call(part, call, self._ids.open)

    def _user_turn(
        self, parts: Sequence[WirePart], messages: list[wire.Message], *, at: str
    ) -> None:
        role, group = Role.USER, list[wire.Part]()
        for place, part in enumerate(parts):
            where = f"{at}.parts[{place}]"
            if part.function_call is not None:
                raise InvalidInputError(
                    f"`{where}.functionCall` must stand in a turn of the model.",
                    param=f"{where}.functionCall",
                )
            answers = part.function_response
            wanted = Role.USER if answers is None else Role.TOOL
            if wanted != role and group:
                messages.append(wire.Message(role=role, parts=tuple(group)))
                group = []
            role = wanted
            if answers is not None:
                group.append(self._result(answers, at=f"{where}.functionResponse"))
            elif part.inline_data is not None or part.file_data is not None:
                group.append(self._media(part, at=where))
            else:
                group.append(wire.TextPart(text=part.text or ""))
        if group:
            messages.append(wire.Message(role=role, parts=tuple(group)))

    def _result(self, result: WireResult, *, at: str) -> wire.ToolResultPart:
        if not result.name:
            raise InvalidInputError(f"`{at}.name` is required.", param=f"{at}.name")
        if result.will_continue:
            raise UnsupportedContentError(
                f"`{at}.willContinue`: a response must be whole.", param=f"{at}.willContinue"
            )
        if result.scheduling:
            self.warnings.append(f"{at}.scheduling: dropped")
        if is_set(result.response):
            read(dict[str, msgspec.Raw], result.response, at=f"{at}.response")
        text, is_error = result_text(result.response)
        content: list[wire.TextPart | wire.ImagePart | wire.DocumentPart] = []
        if text is not None:
            content.append(wire.TextPart(text=text))
        for place, part in enumerate(result.parts or ()):
            where = f"{at}.parts[{place}]"
            media = self._media(part, at=where)
            if isinstance(media, wire.AudioPart):
                raise UnsupportedContentError(f"`{where}`: audio from a tool.", param=where)
            content.append(media)
        return wire.ToolResultPart(
            call_id=self._ids.close(result),
            name=result.name,
            content=tuple(content),
            is_error=is_error,
        )

    def _media(
        self, part: WirePart, *, at: str
    ) -> wire.ImagePart | wire.DocumentPart | wire.AudioPart:
        if part.inline_data is not None:
            return read_blob(part.inline_data, at=f"{at}.inlineData")
        if part.file_data is not None:
            return read_file(part.file_data, at=f"{at}.fileData")
        raise InvalidInputError(f"`{at}` must hold inlineData or fileData.", param=at)


def _would_sign(part: WirePart, after: WirePart | None) -> bool:
    """Whether the signature of this empty text would slip to the text after it."""
    if not part.thought_signature or part.text or after is None or after.thought_signature:
        return False
    return bool(after.text) and not after.thought
