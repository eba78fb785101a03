"""Read a provider's stream of chat chunks.

Tolerates what vendors do: chunks without choices, tool-call deltas without index or type, usage
anywhere, thoughts under three names, content as a list, comments, a missing `[DONE]`.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.chat_family import reasoning
from apps.providers.dialects.chat_family.call_parser import CallParser
from apps.providers.dialects.chat_family.failures import embedded_error
from apps.providers.dialects.chat_family.finish import read_finish
from apps.providers.dialects.chat_family.read_reply import read_logprobs, read_pieces, text_of
from apps.providers.dialects.chat_family.usage import count, read_usage
from apps.providers.errors import ProviderConnectionError, ProviderError, ProviderProtocolError
from apps.providers.sse import Event

_DONE = b"[DONE]"
_decode = msgspec.json.Decoder().decode


class ChatStreamParser:
    """Turns chunks into deltas."""

    def __init__(self, *, dialect: str) -> None:
        self._dialect = dialect
        self._choices: dict[int, _ChoiceParser] = {}
        self._started = False
        self._ended = False

    def feed(self, event: Event) -> list[wire.ChatDelta]:
        """Take one event.

        Raises:
            ProviderProtocolError: its data is no JSON object.
        """
        data = event.data
        if data is None or self._ended:
            return []
        if data.strip() == _DONE:
            return self._finish_all()
        chunk = _read_chunk(data)
        error = embedded_error(chunk, data)
        if error is not None:
            return self._fail(error)
        deltas: list[wire.ChatDelta] = []
        choices = chunk.get("choices")
        choices = choices if isinstance(choices, list) else []
        if not self._started and (choices or chunk.get("id")):
            self._started = True
            deltas.append(_start(chunk))
        for position, choice in enumerate(choices):
            if not isinstance(choice, dict):
                continue
            if choice.get("error"):
                failed = embedded_error(choice, data)
                if failed is not None:
                    return [*deltas, *self._fail(failed)]
            index = choice.get("index")
            index = index if isinstance(index, int) else position
            parser = self._choices.get(index)
            if parser is None:
                parser = self._choices[index] = _ChoiceParser(index, self._dialect)
            parser.feed(choice, deltas)
        usage = read_usage(_usage_of(chunk))
        if usage is not None:
            deltas.append(wire.UsageReport(usage=usage))
        return deltas

    def close(self) -> list[wire.ChatDelta]:
        """Take the end of the bytes; without `[DONE]` every choice must have finished."""
        if self._ended:
            return []
        if self._choices and all(choice.finished for choice in self._choices.values()):
            self._ended = True
            return []
        return self._fail(ProviderConnectionError("The provider broke off its stream."))

    def _finish_all(self) -> list[wire.ChatDelta]:
        self._ended = True
        deltas: list[wire.ChatDelta] = []
        for choice in self._choices.values():
            choice.finish(None, deltas)
        return deltas

    def _fail(self, error: ProviderError) -> list[wire.ChatDelta]:
        self._ended = True
        return [wire.StreamFailure(error=error)]


class _ChoiceParser:
    """The state of one choice."""

    def __init__(self, index: int, dialect: str) -> None:
        self.finished = False
        self._index = index
        self._dialect = dialect
        self._calls = CallParser(index, dialect)
        self._thinking = False
        self._plain_thoughts = False
        self._refused = False

    def feed(self, choice: Mapping[str, Any], deltas: list[wire.ChatDelta]) -> None:
        delta = choice.get("delta")
        logprobs = choice.get("logprobs")
        if isinstance(delta, dict):
            self._delta(delta, read_logprobs(logprobs) if logprobs else None, deltas)
        reason = choice.get("finish_reason")
        if reason is not None:
            self.finish(reason, deltas)

    def finish(self, reason: Any, deltas: list[wire.ChatDelta]) -> None:
        """End the choice, once."""
        if self.finished:
            return
        self.finished = True
        self._end_thought(deltas)
        self._calls.close(deltas)
        found = read_finish(reason, called=self._calls.any, refused=self._refused)
        deltas.append(wire.Finish(reason=found, choice=self._index))

    def _delta(
        self,
        delta: Mapping[str, Any],
        logprobs: tuple[wire.TokenLogprob, ...] | None,
        deltas: list[wire.ChatDelta],
    ) -> None:
        thought = delta.get("reasoning_content") or delta.get("reasoning")
        if thought and isinstance(thought, str):
            self._plain_thoughts = True
            self._think(thought, deltas)
        details = delta.get("reasoning_details")
        if details and isinstance(details, list):
            self._details(details, deltas)
        content = delta.get("content")
        if content or logprobs:
            self._content(content, logprobs, deltas)
        refusal = delta.get("refusal")
        if refusal and isinstance(refusal, str):
            self._refusal(refusal, deltas)
        if "extra_content" in delta:
            self._signature(delta, deltas)
        calls = delta.get("tool_calls")
        if calls and isinstance(calls, list):
            self._end_thought(deltas)
            self._calls.feed(calls, deltas)
        old = delta.get("function_call")
        if old and isinstance(old, dict):
            self._end_thought(deltas)
            self._calls.feed([{"index": 0, "function": old}], deltas)

    def _content(
        self,
        content: Any,
        logprobs: tuple[wire.TokenLogprob, ...] | None,
        deltas: list[wire.ChatDelta],
    ) -> None:
        if isinstance(content, str) or content is None:
            self._text(content or "", logprobs, deltas)
            return
        for piece in read_pieces(content):
            if isinstance(piece, wire.ReasoningPart):
                self._think(piece.text, deltas)
            elif isinstance(piece, wire.RefusalPart):
                self._refusal(piece.text, deltas)
            else:
                self._text(piece.text, logprobs, deltas)
                logprobs = None

    def _text(
        self,
        text: str,
        logprobs: tuple[wire.TokenLogprob, ...] | None,
        deltas: list[wire.ChatDelta],
    ) -> None:
        self._end_thought(deltas)
        deltas.append(wire.TextDelta(text=text, choice=self._index, logprobs=logprobs))

    def _refusal(self, text: str, deltas: list[wire.ChatDelta]) -> None:
        self._end_thought(deltas)
        self._refused = True
        deltas.append(wire.RefusalDelta(text=text, choice=self._index))

    def _think(self, text: str, deltas: list[wire.ChatDelta]) -> None:
        self._thinking = True
        deltas.append(wire.ReasoningDelta(text=text, choice=self._index))

    def _details(self, details: list[Any], deltas: list[wire.ChatDelta]) -> None:
        for detail in details:
            part = reasoning.read_detail(detail, dialect=self._dialect)
            if part is None:
                continue
            if part.redacted:
                self._end_thought(deltas)
            elif part.text and not self._plain_thoughts:
                self._think(part.text, deltas)
            if part.signature or (part.id and part.redacted):
                self._end_thought(deltas, part)

    def _signature(self, delta: Mapping[str, Any], deltas: list[wire.ChatDelta]) -> None:
        """The signature of the answer itself (Gemini's compatible surface)."""
        for part in reasoning.read_thoughts(
            {"extra_content": delta["extra_content"]}, dialect=self._dialect
        ):
            self._end_thought(deltas)
            self._end_thought(deltas, part)

    def _end_thought(
        self, deltas: list[wire.ChatDelta], part: wire.ReasoningPart | None = None
    ) -> None:
        if part is None:
            if self._thinking:
                deltas.append(wire.ReasoningEnd(choice=self._index))
        else:
            deltas.append(
                wire.ReasoningEnd(
                    signature=part.signature,
                    origin=part.origin,
                    redacted=part.redacted,
                    id=part.id,
                    choice=self._index,
                )
            )
        self._thinking = False


def _read_chunk(data: bytes) -> dict[str, Any]:
    try:
        chunk = _decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderProtocolError("The provider sent an event that is not JSON.") from error
    if not isinstance(chunk, dict):
        raise ProviderProtocolError("The provider sent an event that is no object.")
    return chunk


def _start(chunk: Mapping[str, Any]) -> wire.StreamStart:
    return wire.StreamStart(
        id=text_of(chunk.get("id")),
        model=text_of(chunk.get("model")),
        created=count(chunk.get("created")),
    )


def _usage_of(chunk: Mapping[str, Any]) -> Any:
    usage = chunk.get("usage")
    if usage is None and "x_groq" in chunk:  # older Groq streams have it there alone
        own = chunk["x_groq"]
        usage = own.get("usage") if isinstance(own, dict) else None
    return usage
