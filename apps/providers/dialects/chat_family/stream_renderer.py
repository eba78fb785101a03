"""Write canonical deltas as a stream of chat chunks.

Source: OpenAI API reference, chat completion chunks.
"""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.chat_family import reasoning
from apps.providers.dialects.chat_family.finish import write_finish
from apps.providers.dialects.chat_family.read_request import FunctionsCall
from apps.providers.dialects.chat_family.usage import write_usage
from apps.providers.dialects.chat_family.write_reply import hides_thoughts, write_logprobs

_encode = msgspec.json.Encoder().encode
_END = b"}\n\n"


@dataclass
class _Choice:
    """What must be remembered of a choice: its thoughts until they are signed, its role."""

    thoughts: list[str] = field(default_factory=list)
    details: int = 0
    refused: bool = False


class ChatStreamRenderer:
    """Renders the stream as OpenAI does: usage, when asked for, in a last chunk of its own."""

    def __init__(self, call: wire.ChatCall, *, dialect: str) -> None:
        self._call = call
        self._dialect = dialect
        self._hide = hides_thoughts(call)
        self._old = isinstance(call, FunctionsCall)
        self._choices: dict[int, _Choice] = {}
        self._head = b""
        self._tail = b',"usage":null}\n\n' if call.include_usage else _END
        self._usage: wire.Usage | None = None
        self._failed = False

    def feed(self, delta: wire.ChatDelta) -> bytes:
        """Render one delta."""
        match delta:
            case wire.TextDelta():
                return self._chunk(
                    delta.choice, {"content": delta.text}, logprobs=write_logprobs(delta.logprobs)
                )
            case wire.ToolCallDelta():
                return self._arguments(delta)
            case wire.ReasoningDelta():
                return self._thought(delta)
            case wire.StreamStart():
                self._start(delta)
                return self._open(0)
            case wire.UsageReport():
                self._usage = delta.usage
            case wire.StreamFailure():
                self._failed = True
                return self.failure(delta)
            case wire.ToolCallStart():
                return self._call_start(delta)
            case wire.RefusalDelta():
                return self._refusal(delta)
            case wire.ReasoningEnd():
                return self._thought_end(delta)
            case wire.Finish():
                return self._finish(delta)
            case _:
                pass
        return b""

    def close(self) -> bytes:
        """Render the usage chunk and the end marker; nothing after a failure."""
        return b"" if self._failed else self._last() + b"data: [DONE]\n\n"

    def failure(self, delta: wire.StreamFailure) -> bytes:
        """Render a failure; the dialect says how."""
        raise NotImplementedError

    def _last(self) -> bytes:
        if self._usage is None or not self._call.include_usage:
            return b""
        usage = _encode(write_usage(self._usage))
        return self._header() + b'"choices":[],"usage":' + usage + _END

    def _start(self, start: wire.StreamStart) -> None:
        head = _encode(
            {
                "id": start.id,
                "object": "chat.completion.chunk",
                "created": start.created,
                "model": start.model or self._call.model,
            }
        )
        self._head = b"data: " + head[:-1] + b","

    def _header(self) -> bytes:
        if not self._head:
            self._start(wire.StreamStart(id="", model=""))
        return self._head

    def _open(self, choice: int) -> bytes:
        """The first chunk of a choice, with its role."""
        if choice in self._choices:
            return b""
        self._choices[choice] = _Choice()
        return self._write(choice, {"role": "assistant", "content": ""})

    def _chunk(
        self,
        choice: int,
        delta: dict[str, Any],
        *,
        logprobs: dict[str, Any] | None = None,
        finish: str | None = None,
    ) -> bytes:
        opening = b"" if choice in self._choices else self._open(choice)
        return opening + self._write(choice, delta, logprobs, finish)

    def _write(
        self,
        choice: int,
        delta: dict[str, Any],
        logprobs: dict[str, Any] | None = None,
        finish: str | None = None,
    ) -> bytes:
        shown = {"index": choice, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        return self._header() + b'"choices":[' + _encode(shown) + b"]" + self._tail

    def _refusal(self, delta: wire.RefusalDelta) -> bytes:
        rendered = self._chunk(delta.choice, self.refusal_field(delta.text))
        self._choices[delta.choice].refused = True
        return rendered

    def refusal_field(self, text: str) -> dict[str, Any]:
        """Where a refusal stands."""
        return {"refusal": text}

    def _thought(self, delta: wire.ReasoningDelta) -> bytes:
        if self._hide:
            return b""
        rendered = self._chunk(delta.choice, {"reasoning_content": delta.text})
        self._choices[delta.choice].thoughts.append(delta.text)
        return rendered

    def _thought_end(self, end: wire.ReasoningEnd) -> bytes:
        """Signed thoughts are told once more, whole, so that the caller can give them back."""
        if self._hide:
            return b""
        opening = self._open(end.choice)
        choice = self._choices[end.choice]
        text = "".join(choice.thoughts)
        choice.thoughts.clear()
        if not (end.signature or end.id):
            return opening
        part = wire.ReasoningPart(
            text=text, signature=end.signature, origin=end.origin, redacted=end.redacted, id=end.id
        )
        detail = reasoning.write_detail(part, choice.details, dialect=self._dialect)
        choice.details += 1
        return opening + self._write(end.choice, {"reasoning_details": [detail]})

    def _call_start(self, start: wire.ToolCallStart) -> bytes:
        function = {"name": start.name, "arguments": ""}
        if self._old and start.index == 0:
            return self._chunk(start.choice, {"function_call": function})
        call: dict[str, Any] = {
            "index": start.index,
            "id": start.id,
            "type": "function",
            "function": function,
        }
        if start.signature:
            call["extra_content"] = reasoning.write_signature(
                start.signature, start.origin, dialect=self._dialect
            )
        return self._chunk(start.choice, {"tool_calls": [self.call_start(start, call)]})

    def _arguments(self, delta: wire.ToolCallDelta) -> bytes:
        if self._old and delta.index == 0:
            return self._chunk(delta.choice, {"function_call": {"arguments": delta.arguments}})
        return self._chunk(delta.choice, {"tool_calls": [self.call_fragment(delta)]})

    def call_start(
        self,
        start: wire.ToolCallStart,
        call: dict[str, Any],
    ) -> dict[str, Any]:
        """The first fragment of a tool call."""
        return call

    def call_fragment(self, delta: wire.ToolCallDelta) -> dict[str, Any]:
        """A later fragment of a tool call."""
        return {"index": delta.index, "function": {"arguments": delta.arguments}}

    def _finish(self, delta: wire.Finish) -> bytes:
        opening = self._open(delta.choice)
        reason = write_finish(delta.reason, refused=self._choices[delta.choice].refused)
        if self._old and reason == "tool_calls":
            reason = "function_call"
        return opening + self._write(delta.choice, {}, finish=reason)
