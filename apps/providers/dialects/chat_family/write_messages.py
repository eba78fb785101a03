"""Write canonical messages as chat messages."""

from collections.abc import Iterable, Sequence
from typing import Any

from apps.providers import wire
from apps.providers.dialects.chat_family import media, reasoning
from apps.providers.dialects.chat_family.write_content import ContentWriter
from apps.providers.wire import Role

_ERROR_PREFIX = "Error: "


class MessageWriter(ContentWriter):
    """Writes messages in order."""

    def messages(self, messages: Iterable[wire.Message]) -> list[dict[str, Any]]:
        """The messages; one canonical message of several tool results becomes several.

        Raises:
            UnsupportedContentError: content that the dialect lacks.
        """
        written: list[dict[str, Any]] = []
        for index, message in enumerate(messages):
            at = f"messages[{index}]"
            match message.role:
                case Role.TOOL:
                    written += self._results(message, at)
                case Role.ASSISTANT:
                    written.append(self._named(self._answer(message, at), message))
                case Role.SYSTEM:
                    content = self.text(message.parts, at)
                    written.append(self._named({"role": "system", "content": content}, message))
                case _:
                    content = self.content(message.parts, at)
                    written.append(self._named({"role": "user", "content": content}, message))
        return written

    def _named(self, written: dict[str, Any], message: wire.Message) -> dict[str, Any]:
        if message.name:
            if self.style.participants:
                written["name"] = message.name
            else:
                self.warn("name: dropped")
        return written

    def _answer(self, message: wire.Message, at: str) -> dict[str, Any]:
        thoughts = [part for part in message.parts if isinstance(part, wire.ReasoningPart)]
        calls = [part for part in message.parts if isinstance(part, wire.ToolCallPart)]
        rest: list[wire.Part] = [
            part
            for part in message.parts
            if not isinstance(part, (wire.ReasoningPart, wire.ToolCallPart))
        ]
        written: dict[str, Any] = {"role": "assistant"}
        refusals = [part.text for part in rest if isinstance(part, wire.RefusalPart)]
        if refusals and self.style.refusals:
            rest = [part for part in rest if not isinstance(part, wire.RefusalPart)]
            written["refusal"] = "".join(refusals)
        elif refusals:
            self.warn("refusal: sent as text")
            rest = [
                wire.TextPart(text=part.text) if isinstance(part, wire.RefusalPart) else part
                for part in rest
            ]
        if all(isinstance(part, wire.TextPart) for part in rest):
            content = self.text(rest, at)
        else:
            content = self.parts(rest, at)
        written["content"] = content if rest else (None if calls or refusals else "")
        self._add_thoughts(written, thoughts)
        if calls:
            written["tool_calls"] = [self._call(call) for call in calls]
        return written

    def _add_thoughts(self, written: dict[str, Any], parts: Sequence[wire.ReasoningPart]) -> None:
        kept = []
        for part in parts:
            own = part.origin == self.style.name
            if own and part.signature and not part.text and not part.redacted:
                written["extra_content"] = reasoning.write_signature(
                    part.signature, part.origin, dialect=self.style.name
                )
            elif self._takes(part, own):
                kept.append(part if own else wire.ReasoningPart(text=part.text))
            else:
                self.warn("reasoning: dropped")
        if not kept:
            return
        if self.style.reasoning_field == "reasoning_details":
            written["reasoning_details"] = [
                reasoning.write_detail(part, index, dialect=self.style.name)
                for index, part in enumerate(kept)
            ]
        elif self.style.reasoning_field is not None:
            written[self.style.reasoning_field] = "".join(part.text for part in kept)

    def _takes(self, part: wire.ReasoningPart, own: bool) -> bool:
        """Whether the provider takes these thoughts back."""
        if self.style.reasoning_field == "reasoning_details" and own:
            return True
        return self.style.reasoning_field is not None and bool(part.text) and not part.redacted

    def _call(self, call: wire.ToolCallPart) -> dict[str, Any]:
        written: dict[str, Any] = {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments or "{}"},
            **self.hint(call.cache),
        }
        if call.signature and call.origin == self.style.name:
            written["extra_content"] = reasoning.write_signature(
                call.signature, call.origin, dialect=self.style.name
            )
        return written

    def _results(self, message: wire.Message, at: str) -> list[dict[str, Any]]:
        """Tool messages, then what they cannot hold (images, files) as the user's message."""
        written: list[dict[str, Any]] = []
        moved: list[dict[str, Any]] = []
        for index, part in enumerate(message.parts):
            if isinstance(part, wire.ToolResultPart):
                texts, others = self._split(part)
                content = self.text(texts, at)
                written.append({"role": "tool", "tool_call_id": part.call_id, "content": content})
                if others:
                    intro = f"Attached to the result of tool call {part.call_id}:"
                    moved.append({"type": "text", "text": intro})
                    moved += self.parts(others, f"{at}.content[{index}]")
        if moved:
            self.warn(f"{at}: media of a tool result moved to a user message")
            written.append({"role": "user", "content": moved})
        return written

    def _split(self, part: wire.ToolResultPart) -> tuple[list[wire.Part], list[wire.Part]]:
        """The texts of a result, and what else it holds."""
        texts: list[wire.Part] = []
        others: list[wire.Part] = []
        for item in part.content:
            text = media.text_of(item.media) if isinstance(item, wire.DocumentPart) else None
            if isinstance(item, wire.TextPart):
                texts.append(item)
            elif text is not None:
                self.warn("tool_result.content: text document sent as text")
                texts.append(wire.TextPart(text=text, cache=item.cache))
            else:
                others.append(item)
        if part.is_error:
            self.warn("tool_result.is_error: sent as a text prefix")
            texts = _mark_error(texts)
        if part.cache:
            texts = _mark_end(texts)
        return texts, others


def _mark_error(texts: list[wire.Part]) -> list[wire.Part]:
    if texts and isinstance(texts[0], wire.TextPart):
        first = wire.TextPart(text=_ERROR_PREFIX + texts[0].text, cache=texts[0].cache)
        return [first, *texts[1:]]
    return [wire.TextPart(text=_ERROR_PREFIX + "the tool failed.")]


def _mark_end(texts: list[wire.Part]) -> list[wire.Part]:
    if not texts or not isinstance(texts[-1], wire.TextPart):
        return [wire.TextPart(text="", cache=True)]
    return [*texts[:-1], wire.TextPart(text=texts[-1].text, cache=True)]
