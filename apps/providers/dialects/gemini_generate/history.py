"""Write the messages of a request: system instruction and contents.

Consecutive messages of one role are merged; tool results stay apart from what the user says.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.gemini_generate.media import media_losses, write_media
from apps.providers.dialects.gemini_generate.signing import NO_SIGNATURE
from apps.providers.dialects.gemini_generate.terms import NAME
from apps.providers.dialects.gemini_generate.traits import Traits
from apps.providers.dialects.gemini_generate.values import result_object
from apps.providers.dialects.gemini_generate.writing import write_turn
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import Role

_Media = (wire.ImagePart, wire.DocumentPart, wire.AudioPart)


class HistoryWriter:
    """Writes the messages of one request; `warnings` name what was left behind."""

    def __init__(self, traits: Traits, *, vertex: bool) -> None:
        self.warnings: list[str] = []
        self._traits = traits
        self._vertex = vertex
        self._system: list[dict[str, Any]] = []
        self._contents: list[dict[str, Any]] = []
        self._last: Role | None = None
        self._names: dict[str, str] = {}
        self._beside: list[dict[str, Any]] = []  # media of tool results, to go after them all

    def write(self, messages: Sequence[wire.Message]) -> dict[str, Any]:
        """`contents`, and `systemInstruction` when there is one.

        Raises:
            UnsupportedContentError: a part that cannot be said here.
        """
        for place, message in enumerate(messages):
            at = f"messages[{place}]"
            if message.name:
                self.warnings.append(f"{at}.name: dropped")
            if message.role is Role.SYSTEM:
                self._add_system(message, at=at)
            elif message.role is Role.ASSISTANT:
                self._add_turn(message, at=f"{at}.content")
            else:
                self._add_user(message, at=f"{at}.content")
        self._flush()
        # The service refuses a request without contents, but takes an empty text.
        contents = self._contents or [{"role": "user", "parts": [{"text": ""}]}]
        if self._traits.signed_calls:
            _sign_calls(contents)
        body: dict[str, Any] = {"contents": contents}
        if self._system:
            body["systemInstruction"] = {"parts": self._system}
        return body

    def _add(self, role: Role, parts: list[dict[str, Any]]) -> None:
        if not parts:
            return
        if role is not Role.TOOL:
            self._flush()
        if role is self._last:
            self._contents[-1]["parts"].extend(parts)
            return
        name = "model" if role is Role.ASSISTANT else "user"
        self._contents.append({"role": name, "parts": parts})
        self._last = role

    def _flush(self) -> None:
        beside, self._beside = self._beside, []
        self._add(Role.USER, beside)

    def _add_system(self, message: wire.Message, *, at: str) -> None:
        if self._contents:
            self.warnings.append(f"{at}: system message moved to the start")
        for place, part in enumerate(message.parts):
            if not isinstance(part, wire.TextPart):
                where = f"{at}.content[{place}]"
                raise UnsupportedContentError(f"`{where}` must be text.", param=where)
            self._note_cache(part)
            self._system.append({"text": part.text})

    def _add_turn(self, message: wire.Message, *, at: str) -> None:
        parts: list[wire.Part] = []
        for place, part in enumerate(message.parts):
            self._note_losses(part, at=f"{at}[{place}]")
            kept: wire.Part = part
            if isinstance(part, wire.ReasoningPart) and part.origin != NAME:
                if part.text or part.signature:
                    self.warnings.append("reasoning: dropped")
                continue
            if isinstance(part, wire.ToolCallPart):
                self._names[part.id] = part.name
                if part.signature and part.origin != NAME:
                    kept = msgspec.structs.replace(part, signature=None, origin="")
            elif isinstance(part, wire.ToolResultPart):
                where = f"{at}[{place}]"
                raise UnsupportedContentError(
                    f"`{where}`: a tool result in a turn of the model.", param=where
                )
            parts.append(kept)
        self._add(Role.ASSISTANT, write_turn(parts, at=at, vertex=self._vertex))

    def _add_user(self, message: wire.Message, *, at: str) -> None:
        """A turn of the user; also one in which results and words are mixed."""
        for place, part in enumerate(message.parts):
            where = f"{at}[{place}]"
            self._note_losses(part, at=where)
            if isinstance(part, wire.ToolResultPart):
                self._add(Role.TOOL, [self._result(part, at=where)])
            elif isinstance(part, wire.TextPart):
                if part.text or len(message.parts) == 1:
                    self._add(Role.USER, [{"text": part.text}])
            elif isinstance(part, _Media):
                self._add(Role.USER, [write_media(part, at=where, vertex=self._vertex)])
            else:
                raise UnsupportedContentError(
                    f"`{where}` cannot stand in a turn of the user.", param=where
                )

    def _result(self, part: wire.ToolResultPart, *, at: str) -> dict[str, Any]:
        """A function response; its media go beside it where the model takes none in it."""
        name = self._names.get(part.call_id) or part.name
        if not name:
            raise UnsupportedContentError(
                f"`{at}`: there is no call `{part.call_id}` before this result, and its function "
                "must be named to the model behind this endpoint.",
                param=at,
            )
        texts = [one.text for one in part.content if isinstance(one, wire.TextPart)]
        text = "\n".join(texts) if texts else None
        response: dict[str, Any] = {
            "id": part.call_id,
            "name": name,
            "response": result_object(text, is_error=part.is_error),
        }
        media = []
        for place, one in enumerate(part.content):
            where = f"{at}.content[{place}]"
            self._note_losses(one, at=where)
            if not isinstance(one, wire.TextPart):
                media.append(write_media(one, at=where, vertex=self._vertex))
        if media and self._traits.media_results:
            response["parts"] = media
        elif media:
            self.warnings.append(f"{at}: media moved after the tool results")
            self._beside.append({"text": f"Attached to the result of {name}:"})
            self._beside.extend(media)
        return {"functionResponse": response}

    def _note_losses(self, part: wire.Part, *, at: str) -> None:
        self._note_cache(part)
        if isinstance(part, _Media):
            self.warnings += media_losses(part, at=at, vertex=self._vertex)

    def _note_cache(self, part: wire.Part) -> None:
        if getattr(part, "cache", False):
            self.warnings.append("cache_control: dropped")


def _sign_calls(contents: Sequence[dict[str, Any]]) -> None:
    """Newer models refuse a turn whose first call has no signature.

    Calls made elsewhere (or shown to a caller whose dialect has no place for a signature) have
    none; the service names a value that stands for that.

    Source: ai.google.dev/gemini-api/docs/thought-signatures (calls of other models).
    """
    for content in contents:
        first = next((part for part in content["parts"] if "functionCall" in part), None)
        if first is not None:
            first.setdefault("thoughtSignature", NO_SIGNATURE)
