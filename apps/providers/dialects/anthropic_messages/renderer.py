"""Turn deltas into the event stream of this dialect.

Blocks stand one after another here, while calls of other dialects may grow side by side: only the
first open block is written as it comes, the others wait their turn.

Source: platform.claude.com/docs/en/build-with-claude/streaming.
"""

from collections import deque
from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.anthropic_messages import sealing, terms
from apps.providers.dialects.anthropic_messages.errors import render_stream_error
from apps.providers.sse import encode_event
from apps.providers.wire import FinishReason

_encode = msgspec.json.encode


def shows_thoughts(call: wire.ChatCall) -> bool:
    """Whether the caller wants to see the text of thoughts."""
    return call.reasoning is None or call.reasoning.summary is not False


class _Block:
    """A content block: how it begins, the deltas that wait, whether it is complete.

    `odd` gathers the arguments of a call that do not begin as an object does.
    """

    __slots__ = ("begun", "call", "ended", "kind", "odd", "spoke", "start", "waiting")

    def __init__(self, start: dict[str, Any], call: int | None = None) -> None:
        self.start = start
        self.kind: str = start["type"]
        self.call = call
        self.begun = False
        self.ended = False
        self.spoke = False
        self.odd: list[str] = []
        self.waiting: list[dict[str, Any]] = []


class MessagesRenderer:
    """State of one stream: blocks not yet written, how it ended, usage so far."""

    def __init__(self, call: wire.ChatCall) -> None:
        self._call = call
        self._shown = shows_thoughts(call)
        self._queue: deque[_Block] = deque()
        self._index = 0
        self._started = False
        self._failed = False
        self._called = False
        self._refused = False
        self._finish: wire.Finish | None = None
        self._usage: wire.Usage | None = None

    def feed(self, delta: wire.ChatDelta) -> bytes:
        """Take one delta; the events that it allows to be written."""
        if type(delta) is wire.TextDelta and (fast := self._more_text(delta)) is not None:
            return fast
        match delta:
            case wire.UsageReport():
                self._usage = delta.usage
                return b""
            case wire.StreamStart():
                return self._start(delta)
            case wire.StreamFailure():
                self._failed = True
                return render_stream_error(delta.error, request_id=delta.request_id)
        if delta.choice != 0 or self._failed:
            return b""
        opening = b"" if self._started else self._start(wire.StreamStart(id="", model=""))
        self._take(delta)
        return opening + self._write()

    def _more_text(self, delta: wire.TextDelta) -> bytes | None:
        """The event of the commonest delta: more text where text is being written."""
        if len(self._queue) != 1 or delta.choice != 0 or not delta.text or self._failed:
            return None
        block = self._queue[0]
        if block.kind != "text" or block.ended:
            return None
        return _DELTA % (self._index, _encode({"type": "text_delta", "text": delta.text}))

    def close(self) -> bytes:
        """The last events; none after a failure."""
        if self._failed:
            return b""
        opening = b"" if self._started else self._start(wire.StreamStart(id="", model=""))
        self._end_all()
        finish = self._finish or wire.Finish(reason=FinishReason.OTHER)
        stop_reason = terms.stop_reason_of(
            finish.reason, called=self._called, refused=self._refused
        )
        hit = finish.stop_sequence if finish.reason is FinishReason.STOP_SEQUENCE else None
        delta = {
            "stop_reason": stop_reason,
            "stop_sequence": hit,
            "stop_details": terms.stop_details_of(stop_reason),
        }
        usage = terms.write_usage(self._usage)
        return (
            opening
            + self._write()
            + _event("message_delta", delta=delta, usage=usage)
            + _event("message_stop")
        )

    def _start(self, start: wire.StreamStart) -> bytes:
        if self._started:
            return b""
        self._started = True
        usage = terms.write_usage(self._usage)
        usage["output_tokens"] = max(usage["output_tokens"], 1)
        message: dict[str, Any] = {
            "id": terms.message_id(start.id),
            "type": "message",
            "role": "assistant",
            "model": start.model or self._call.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "stop_details": None,
            "usage": usage,
        }
        return _event("message_start", message=message)

    def _take(self, delta: wire.ChatDelta) -> None:
        match delta:
            case wire.TextDelta() | wire.RefusalDelta():
                self._refused = self._refused or isinstance(delta, wire.RefusalDelta)
                if delta.text:
                    self._extend(
                        {"type": "text", "text": ""}, {"type": "text_delta", "text": delta.text}
                    )
            case wire.ReasoningDelta():
                if delta.text and self._shown:
                    self._extend(_THOUGHT, {"type": "thinking_delta", "thinking": delta.text})
            case wire.ReasoningEnd():
                self._end_thought(delta)
            case wire.ToolCallStart():
                self._begin_call(delta)
            case wire.ToolCallDelta():
                if delta.arguments and (block := self._call_block(delta.index)) is not None:
                    _add_arguments(block, delta.arguments)
            case wire.ToolCallEnd():
                if (block := self._call_block(delta.index)) is not None:
                    _finish_block(block)
            case wire.Finish():
                self._finish = delta
                self._end_all()
            case _:
                pass

    def _extend(self, start: dict[str, Any], delta: dict[str, Any]) -> None:
        """Add to the last block if it is of this kind, else begin a new one."""
        last = self._queue[-1] if self._queue else None
        if last is None or last.kind != start["type"] or last.ended:
            last = self._append(_Block(start))
        last.waiting.append(delta)

    def _append(self, block: _Block) -> _Block:
        if self._queue and self._queue[-1].call is None:
            _finish_block(self._queue[-1])
        self._queue.append(block)
        return block

    def _end_thought(self, end: wire.ReasoningEnd) -> None:
        sealed = sealing.seal_thought(end.signature, end.origin, end.id)
        if end.redacted:
            block = self._append(_Block({"type": "redacted_thinking", "data": sealed}))
            block.ended = True
            return
        last = self._queue[-1] if self._queue else None
        if last is None or last.kind != "thinking" or last.ended:
            if not sealed:
                return
            last = self._append(_Block(_THOUGHT))
        last.waiting.append({"type": "signature_delta", "signature": sealed})
        last.ended = True

    def _begin_call(self, start: wire.ToolCallStart) -> None:
        self._called = True
        if start.signature:
            data = sealing.seal_call(start.signature, start.origin)
            self._append(_Block({"type": "redacted_thinking", "data": data})).ended = True
        shown = {"type": "tool_use", "id": start.id, "name": start.name, "input": {}}
        self._append(_Block(shown, call=start.index))

    def _call_block(self, call: int) -> _Block | None:
        return next((b for b in self._queue if b.call == call and not b.ended), None)

    def _end_all(self) -> None:
        for block in self._queue:
            if not block.ended:
                _finish_block(block)

    def _write(self) -> bytes:
        """Write the first block as far as it goes, and the next ones once it is complete."""
        out: list[bytes] = []
        while self._queue:
            block = self._queue[0]
            if not block.begun:
                block.begun = True
                out.append(
                    _event("content_block_start", index=self._index, content_block=block.start)
                )
            out += [_DELTA % (self._index, _encode(delta)) for delta in block.waiting]
            block.waiting.clear()
            if not block.ended:
                break
            out.append(_event("content_block_stop", index=self._index))
            self._queue.popleft()
            self._index += 1
        return b"".join(out)


def _add_arguments(block: _Block, text: str) -> None:
    """Pass on what can become an object; gather anything else, to be wrapped at the end.

    Clients parse the pieces together and fail on what is no object.
    """
    if not block.spoke:
        text = text.lstrip(_BLANKS)
        if not text:
            return
        block.spoke = True
        if not text.startswith("{"):
            block.odd.append(text)
            return
    if block.odd:
        block.odd.append(text)
    else:
        block.waiting.append({"type": "input_json_delta", "partial_json": text})


def _finish_block(block: _Block) -> None:
    if block.kind == "thinking" and not block.ended:
        block.waiting.append({"type": "signature_delta", "signature": ""})
    if block.odd:
        whole = bytes(terms.arguments_object("".join(block.odd))).decode()
        block.waiting.append({"type": "input_json_delta", "partial_json": whole})
    block.ended = True


_DELTA = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":%b}\n\n'
)
_BLANKS = " \t\r\n"
_THOUGHT: dict[str, Any] = {"type": "thinking", "thinking": "", "signature": ""}


def _event(name: str, **fields: Any) -> bytes:
    return encode_event(_encode({"type": name, **fields}), name)
