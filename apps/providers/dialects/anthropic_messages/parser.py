"""Turn a provider's event stream into deltas.

Source: platform.claude.com/docs/en/build-with-claude/streaming. Observed besides: `ping` anywhere,
padding blanks, usage in message_delta that repeats or omits the input counts.
"""

from collections.abc import Sequence

import msgspec

from apps.providers import wire
from apps.providers.dialects.anthropic_messages import terms
from apps.providers.dialects.anthropic_messages.errors import error_in_answer
from apps.providers.dialects.anthropic_messages.replies import Block
from apps.providers.dialects.anthropic_messages.terms import NAME, WireUsage
from apps.providers.errors import ProviderConnectionError, ProviderProtocolError
from apps.providers.sse import Event
from apps.providers.wire import FinishReason


class _Message(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    usage: WireUsage | None = None


class _Delta(msgspec.Struct):
    """The delta of a block or of the message; `type` says which fields are set."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None


class _Event(msgspec.Struct):
    type: str = ""
    index: int = 0
    message: _Message | None = None
    content_block: Block | None = None
    delta: _Delta | None = None
    usage: WireUsage | None = None


class _Open:
    """A block that has begun. `call` is the number of a tool call; `spoke`: arguments came."""

    __slots__ = ("block", "call", "signature", "spoke")

    def __init__(self, block: Block, call: int) -> None:
        self.block = block
        self.call = call
        self.signature = block.signature or ""
        self.spoke = False


_decode = msgspec.json.Decoder(_Event, strict=False).decode
_NOTHING: tuple[wire.ChatDelta, ...] = ()


class MessagesParser:
    """State of one stream: open blocks, number of calls so far, usage so far."""

    def __init__(self) -> None:
        self._open: dict[int, _Open] = {}
        self._calls = 0
        self._usage = WireUsage()
        self._started = False
        self._finished = False
        self._ended = False

    def feed(self, event: Event) -> Sequence[wire.ChatDelta]:
        """Take one event.

        Raises:
            ProviderProtocolError: its data cannot be read.
        """
        data = event.data
        if data is None or data == b"[DONE]" or not data.strip():
            return _NOTHING
        try:
            told = _decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise ProviderProtocolError(
                "The provider sent an event that cannot be read.", body=data
            ) from error
        match told.type:
            case "content_block_delta":
                return self._continue(told)
            case "content_block_start":
                return self._begin(told)
            case "content_block_stop":
                return self._end(told.index)
            case "message_start":
                return self._start(told.message or _Message())
            case "message_delta":
                return self._finish(told)
            case "message_stop":
                return self._stop()
            case "error":
                self._ended = True
                return (wire.StreamFailure(error=error_in_answer(data)),)
            case _:
                return _NOTHING

    def close(self) -> Sequence[wire.ChatDelta]:
        """Take the end of the bytes; a stream without its stop reason was cut off."""
        if self._ended or self._finished:
            return _NOTHING
        self._ended = True
        cut = ProviderConnectionError("The provider's stream ended before its end.")
        return (wire.StreamFailure(error=cut),)

    def _start(self, message: _Message) -> Sequence[wire.ChatDelta]:
        if self._started:
            return _NOTHING
        self._started = True
        start = wire.StreamStart(id=message.id or "", model=message.model or "")
        return (start, *self._report(message.usage))

    def _begin(self, told: _Event) -> Sequence[wire.ChatDelta]:
        block = told.content_block or Block()
        opened = self._open[told.index] = _Open(block, self._calls)
        match block.type:
            case "text" if block.text:
                return (wire.TextDelta(text=block.text),)
            case "thinking" if block.thinking:
                return (wire.ReasoningDelta(text=block.thinking),)
            case "tool_use":
                self._calls += 1
                return (
                    wire.ToolCallStart(index=opened.call, id=block.id or "", name=block.name or ""),
                )
            case _:
                return _NOTHING

    def _continue(self, told: _Event) -> Sequence[wire.ChatDelta]:
        delta = told.delta
        if delta is None:
            return _NOTHING
        match delta.type:
            case "text_delta" if delta.text:
                return (wire.TextDelta(text=delta.text),)
            case "thinking_delta" if delta.thinking:
                return (wire.ReasoningDelta(text=delta.thinking),)
            case "input_json_delta" if delta.partial_json:
                opened = self._open.get(told.index)
                if opened is None or opened.block.type != "tool_use":
                    return _NOTHING
                opened.spoke = True
                return (wire.ToolCallDelta(index=opened.call, arguments=delta.partial_json),)
            case "signature_delta" if told.index in self._open:
                self._open[told.index].signature = delta.signature or ""
                return _NOTHING
            case _:
                return _NOTHING

    def _end(self, index: int) -> Sequence[wire.ChatDelta]:
        opened = self._open.pop(index, None)
        if opened is None:
            return _NOTHING
        match opened.block.type:
            case "thinking":
                signature = opened.signature or None
                origin = NAME if signature else ""
                return (wire.ReasoningEnd(signature=signature, origin=origin),)
            case "redacted_thinking":
                data = opened.block.data
                return (wire.ReasoningEnd(signature=data, origin=NAME, redacted=True),)
            case "tool_use" if opened.spoke:
                return (wire.ToolCallEnd(index=opened.call),)
            case "tool_use":
                # A call without arguments has no deltas; some vendors put all in the start.
                whole = terms.arguments_text(opened.block.input)
                return (
                    wire.ToolCallDelta(index=opened.call, arguments=whole),
                    wire.ToolCallEnd(index=opened.call),
                )
            case _:
                return _NOTHING

    def _finish(self, told: _Event) -> Sequence[wire.ChatDelta]:
        deltas = [delta for index in tuple(self._open) for delta in self._end(index)]
        deltas += self._report(told.usage)
        delta = told.delta
        if delta is not None and delta.stop_reason and not self._finished:
            self._finished = True
            reason = terms.read_finish(delta.stop_reason)
            hit = delta.stop_sequence if reason is FinishReason.STOP_SEQUENCE else None
            deltas.append(wire.Finish(reason=reason, stop_sequence=hit))
        return deltas

    def _stop(self) -> Sequence[wire.ChatDelta]:
        self._ended = True
        if self._finished:
            return _NOTHING
        self._finished = True
        return (wire.Finish(reason=FinishReason.OTHER),)

    def _report(self, usage: WireUsage | None) -> tuple[wire.UsageReport, ...]:
        if usage is None:
            return ()
        self._usage = self._usage.merged(usage)
        return (wire.UsageReport(usage=terms.read_usage(self._usage)),)
