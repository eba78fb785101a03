"""Read a provider's event stream.

Source: OpenAI API reference, streaming events of responses.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import msgspec

from apps.providers import wire
from apps.providers.dialects.openai_responses import errors, reply
from apps.providers.dialects.openai_responses.reasoning import NAME
from apps.providers.errors import ProviderConnectionError, ProviderProtocolError
from apps.providers.sse import Event

Deltas = list[wire.ChatDelta]


class _Type(msgspec.Struct):
    type: str = ""


class _EventIn(msgspec.Struct):
    type: str = ""
    delta: str | None = None
    output_index: int = 0
    content_index: int = 0
    summary_index: int = 0
    logprobs: list[reply.LogprobIn] | None = None
    text: str | None = None
    refusal: str | None = None
    arguments: str | None = None
    item: reply.ItemIn | None = None
    response: reply.ResponseIn | None = None
    error: Any = None
    code: Any = None
    message: str | None = None
    param: str | None = None


class _Item(msgspec.Struct):
    """An output item under way. `said`: the content parts of which something was passed on."""

    type: str
    call: int = -1
    said: set[int] = msgspec.field(default_factory=set)
    thoughts: str = ""  # which kind of reasoning text is passed on, once one has come
    part: int = 0
    closed: bool = False


_decode = msgspec.json.Decoder(_EventIn, strict=False).decode
_decode_type = msgspec.json.Decoder(_Type, strict=False).decode


class ReplyParser:
    """A state machine fed with events; unknown events and hosted tools' items are passed over.

    What a provider sends only in a `done` event, without deltas before it, is passed on then.
    """

    def __init__(self) -> None:
        self._items: dict[int, _Item] = {}
        self._calls = 0
        self._refused = False
        self._started = False
        self._ended = False

    def feed(self, event: Event) -> Sequence[wire.ChatDelta]:
        """Take one event. Raises ProviderProtocolError for what cannot be read."""
        data = event.data
        if data is None or data == b"[DONE]" or self._ended:
            return ()
        try:
            told = _decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            if self._is_foreign(data):
                return ()
            raise ProviderProtocolError("The provider sent an event that is not JSON.") from error
        handle = self._handlers.get(told.type or event.name)
        if handle is None:
            return self._untyped(told) if not told.type else ()
        return handle(self, told)

    def close(self) -> Sequence[wire.ChatDelta]:
        """Take the end of the bytes; yields StreamFailure when the stream had not ended."""
        if self._ended:
            return ()
        self._ended = True
        broken = ProviderConnectionError("The provider's stream broke off before its end.")
        return (wire.StreamFailure(error=broken),)

    # Beginning and end

    def _start(self, told: _EventIn) -> Deltas:
        if self._started:
            return []
        self._started = True
        response = told.response or reply.ResponseIn()
        return [
            wire.StreamStart(
                id=response.id or "",
                model=response.model or "",
                created=int(response.created_at or 0),
            )
        ]

    def _end(self, told: _EventIn) -> Deltas:
        response = told.response or reply.ResponseIn()
        deltas = self._start(told)
        output = response.output or []
        if not self._items:
            # A server that streams no items: everything is in the last event.
            for index, item in enumerate(output):
                deltas += self._item_done(_EventIn(output_index=index, item=item))
        for index in list(self._items):
            deltas += self._close_item(index, reply.ItemIn())
        self._ended = True
        called = self._calls > 0 or reply.has_calls(output)
        refused = self._refused or reply.has_refusal(output)
        reason = reply.read_finish(response, called=called, refused=refused)
        deltas.append(wire.Finish(reason=reason))
        return deltas + _usage(response)

    def _fail(self, told: _EventIn) -> Deltas:
        response = told.response or reply.ResponseIn()
        self._ended = True
        error = errors.error_in_reply(response.error or {})
        return [*self._start(told), *_usage(response), wire.StreamFailure(error=error)]

    def _error(self, told: _EventIn) -> Deltas:
        self._ended = True
        found = told.error or {"code": told.code, "message": told.message, "param": told.param}
        error = errors.error_in_reply(found)
        return [wire.StreamFailure(error=error)]

    def _untyped(self, told: _EventIn) -> Deltas:
        return self._error(told) if told.error else []

    # Items

    def _item_added(self, told: _EventIn) -> Deltas:
        item = told.item
        if item is None or told.output_index in self._items:
            return []
        state = _Item(item.type or "")
        self._items[told.output_index] = state
        if state.type != "function_call":
            return []
        state.call = self._calls
        self._calls += 1
        call_id = reply.call_id_of(item, told.output_index)
        return [
            *self._start(told),
            wire.ToolCallStart(index=state.call, id=call_id, name=item.name or ""),
        ]

    def _item_done(self, told: _EventIn) -> Deltas:
        deltas = self._item_added(told)
        if told.item is not None:
            deltas += self._close_item(told.output_index, told.item)
        return deltas

    def _close_item(self, index: int, item: reply.ItemIn) -> Deltas:
        state = self._items[index]
        if state.closed:
            return []
        state.closed = True
        if state.type == "function_call":
            rest = self._arguments(state, reply.arguments_of(item))
            return [*rest, wire.ToolCallEnd(index=state.call)]
        if state.type == "reasoning":
            return self._close_thoughts(state, item)
        return self._rest_of_message(index, item) if state.type == "message" else []

    def _close_thoughts(self, state: _Item, item: reply.ItemIn) -> Deltas:
        text = reply.thoughts_in(item)
        part = reply.read_reasoning(item, text)
        deltas: Deltas = []
        if text and not state.thoughts:
            deltas.append(wire.ReasoningDelta(text=text))
        end = wire.ReasoningEnd(
            signature=part.signature,
            origin=NAME,
            redacted=part.signature is not None and not (text or state.thoughts),
            id=part.id,
        )
        return [*deltas, end]

    def _rest_of_message(self, index: int, item: reply.ItemIn) -> Deltas:
        deltas: Deltas = []
        for number, content in enumerate(reply.contents_of(item)):
            whole = _EventIn(
                output_index=index,
                content_index=number,
                text=content.text,
                refusal=content.refusal,
                logprobs=content.logprobs,
            )
            if content.refusal is not None:
                deltas += self._refusal_done(whole)
            else:
                deltas += self._text_done(whole)
        return deltas

    # Text and refusals

    def _text(self, told: _EventIn) -> Deltas:
        if not told.delta and not told.logprobs:
            return []
        self._say(told)
        logprobs = reply.read_logprobs(told.logprobs) if told.logprobs else None
        return [*self._start(told), wire.TextDelta(text=told.delta or "", logprobs=logprobs)]

    def _text_done(self, told: _EventIn) -> Deltas:
        if self._is_said(told) or not told.text:
            return []
        told.delta = told.text
        return self._text(told)

    def _refusal(self, told: _EventIn) -> Deltas:
        if not told.delta:
            return []
        self._say(told)
        self._refused = True
        return [*self._start(told), wire.RefusalDelta(text=told.delta)]

    def _refusal_done(self, told: _EventIn) -> Deltas:
        self._refused = True
        if self._is_said(told) or not told.refusal:
            return []
        told.delta = told.refusal
        return self._refusal(told)

    def _say(self, told: _EventIn) -> None:
        item = self._items.setdefault(told.output_index, _Item("message"))
        item.said.add(told.content_index)

    def _is_said(self, told: _EventIn) -> bool:
        item = self._items.get(told.output_index)
        return item is not None and told.content_index in item.said

    # Thoughts

    def _summary(self, told: _EventIn) -> Deltas:
        return self._think(told, "summary", told.summary_index)

    def _reasoning(self, told: _EventIn) -> Deltas:
        return self._think(told, "content", told.content_index)

    def _think(self, told: _EventIn, kind: str, part: int) -> Deltas:
        if not told.delta:
            return []
        item = self._items.setdefault(told.output_index, _Item("reasoning"))
        item.thoughts = item.thoughts or kind
        if item.thoughts != kind:
            return []  # thoughts and their summary say the same twice
        deltas = self._start(told)
        if part != item.part and item.said:
            deltas.append(wire.ReasoningDelta(text=reply.SUMMARY_SEPARATOR))
        item.part = part
        item.said.add(part)
        return [*deltas, wire.ReasoningDelta(text=told.delta)]

    # Function calls

    def _call_delta(self, told: _EventIn) -> Deltas:
        item = self._items.get(told.output_index)
        if item is None or item.call < 0 or not told.delta:
            return []  # without its beginning: the call comes whole with its `done` event
        item.said.add(0)
        return [wire.ToolCallDelta(index=item.call, arguments=told.delta)]

    def _call_done(self, told: _EventIn) -> Deltas:
        item = self._items.get(told.output_index)
        return self._arguments(item, told.arguments or "") if item is not None else []

    def _arguments(self, item: _Item, whole: str) -> Deltas:
        if item.call < 0 or item.said or not whole:
            return []
        item.said.add(0)
        return [wire.ToolCallDelta(index=item.call, arguments=whole)]

    def _is_foreign(self, data: bytes) -> bool:
        """Whether the event is of a kind that nothing is read from, whatever its shape."""
        try:
            kind = _decode_type(data).type
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return False
        return kind not in self._handlers

    _handlers: ClassVar[Mapping[str, Callable[["ReplyParser", _EventIn], Deltas]]] = {
        "response.created": _start,
        "response.queued": _start,
        "response.in_progress": _start,
        "response.output_item.added": _item_added,
        "response.output_text.delta": _text,
        "response.output_text.done": _text_done,
        "response.refusal.delta": _refusal,
        "response.refusal.done": _refusal_done,
        "response.reasoning_summary_text.delta": _summary,
        "response.reasoning_text.delta": _reasoning,
        "response.function_call_arguments.delta": _call_delta,
        "response.function_call_arguments.done": _call_done,
        "response.output_item.done": _item_done,
        "response.completed": _end,
        "response.incomplete": _end,
        "response.failed": _fail,
        "response.cancelled": _end,
        "error": _error,
    }


def _usage(response: reply.ResponseIn) -> Deltas:
    usage = reply.read_usage(response.usage)
    return [wire.UsageReport(usage=usage)] if usage is not None else []
