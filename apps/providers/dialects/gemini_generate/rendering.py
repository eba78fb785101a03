"""Render a stream of events for a caller.

Every event is a whole GenerateContentResponse with CRLF line ends; finish reasons and usage stand
on the last one; there is no end marker.
"""

from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.gemini_generate.errors import render_stream_error
from apps.providers.dialects.gemini_generate.replies import reply_head
from apps.providers.dialects.gemini_generate.signing import Signature
from apps.providers.dialects.gemini_generate.terms import (
    FINISH_NAMES,
    write_logprobs,
    write_usage,
)
from apps.providers.dialects.gemini_generate.writing import (
    signed_text,
    write_call,
    write_thought,
)


class _Choice:
    """What is under way in one choice."""

    def __init__(self) -> None:
        self.calls: dict[int, tuple[wire.ToolCallStart, list[str]]] = {}
        self.thinking = False
        self.signature: str | None = None  # waits for the text that it stands on
        self.finish: wire.FinishReason | None = None


class ReplyStreamRenderer:
    """Turns deltas into events; a call's arguments are held until they are whole."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._head: dict[str, Any] = reply_head("", model, 0)
        self._usage: wire.Usage | None = None
        self._choices: dict[int, _Choice] = {}
        self._ended = False

    def feed(self, delta: wire.ChatDelta) -> bytes:
        """Render one delta."""
        if self._ended:
            return b""
        match delta:
            case wire.TextDelta():
                return self._text(delta.text, delta.choice, delta.logprobs)
            case wire.RefusalDelta():
                return self._text(delta.text, delta.choice, None)
            case wire.StreamStart():
                self._head = reply_head(delta.id, delta.model or self._model, delta.created)
                return b""
            case wire.UsageReport():
                self._usage = delta.usage
                return b""
            case wire.StreamFailure():
                self._ended = True
                return render_stream_error(delta.error, request_id=delta.request_id)
            case _:
                return self._other(delta, self._choice(delta.choice))

    def close(self) -> bytes:
        """Render the last event."""
        if self._ended or (self._usage is None and not self._choices):
            return b""
        self._ended = True
        held = b"".join(self._flush(choice, index) for index, choice in self._choices.items())
        body: dict[str, Any] = {
            "candidates": [
                {
                    "content": {"parts": [{"text": ""}], "role": "model"},
                    "finishReason": FINISH_NAMES[choice.finish],
                    "index": index,
                }
                for index, choice in sorted(self._choices.items())
                if choice.finish is not None
            ]
        }
        if self._usage is not None:
            body["usageMetadata"] = write_usage(self._usage)
        return held + _event({**body, **self._head})

    def _other(self, delta: wire.ChatDelta, choice: _Choice) -> bytes:
        match delta:
            case wire.ReasoningDelta():
                held = self._loose(choice, delta.choice)
                if not delta.text:
                    return held
                choice.thinking = True
                return held + self._parts([{"text": delta.text, "thought": True}], delta.choice)
            case wire.ReasoningEnd():
                return self._end_thinking(delta, choice)
            case wire.ToolCallStart():
                choice.calls[delta.index] = (delta, [])
            case wire.ToolCallDelta() if delta.index in choice.calls:
                choice.calls[delta.index][1].append(delta.arguments)
            case wire.ToolCallEnd():
                return self._end_call(delta.index, choice, delta.choice)
            case wire.Finish():
                choice.finish = delta.reason
                return self._flush(choice, delta.choice)
            case _:
                pass
        return b""

    def _text(self, text: str, index: int, logprobs: tuple[wire.TokenLogprob, ...] | None) -> bytes:
        choice = self._choice(index)
        choice.thinking = False
        if not text and not logprobs:
            return b""
        signature, choice.signature = choice.signature, None
        return self._parts([signed_text(text, signature)], index, logprobs)

    def _end_thinking(self, end: wire.ReasoningEnd, choice: _Choice) -> bytes:
        signature = Signature(end.signature, end.origin, end.id, end.redacted)
        loose = not choice.thinking and not signature.is_foreign
        choice.thinking = False
        held = self._loose(choice, end.choice)
        if loose:
            choice.signature = end.signature
            return held
        part = write_thought(
            wire.ReasoningPart(
                signature=end.signature, origin=end.origin, id=end.id, redacted=end.redacted
            )
        )
        return held + (self._parts([part], end.choice) if part else b"")

    def _end_call(self, place: int, choice: _Choice, index: int) -> bytes:
        found = choice.calls.pop(place, None)
        if found is None:
            return b""
        start, pieces = found
        signature = Signature(start.signature, start.origin) if start.signature else None
        part = write_call(start.id, start.name, "".join(pieces), signature)
        return self._loose(choice, index) + self._parts([part], index)

    def _flush(self, choice: _Choice, index: int) -> bytes:
        """What is held back: calls that never ended, a signature whose text never came."""
        calls = b"".join(self._end_call(place, choice, index) for place in sorted(choice.calls))
        return calls + self._loose(choice, index)

    def _loose(self, choice: _Choice, index: int) -> bytes:
        signature, choice.signature = choice.signature, None
        return self._parts([signed_text("", signature)], index) if signature else b""

    def _choice(self, index: int) -> _Choice:
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = _Choice()
        return choice

    def _parts(
        self,
        parts: list[dict[str, Any]],
        index: int,
        logprobs: tuple[wire.TokenLogprob, ...] | None = None,
    ) -> bytes:
        candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "index": index}
        if logprobs is not None:
            candidate["logprobsResult"] = write_logprobs(logprobs)
        return _event({"candidates": [candidate], **self._head})


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\r\n\r\n"


def stream_renderer(call: wire.ChatCall) -> ReplyStreamRenderer:
    """A renderer for one stream."""
    return ReplyStreamRenderer(call.model)
