"""Write the event stream for a caller.

Source: OpenAI API reference: named events, numbered from 0 without gaps, deltas that
concatenate to the final text, the whole response again in the last event, and no `[DONE]`.
"""

from collections.abc import Iterator
from typing import Any

from apps.core.errors import PortalError
from apps.providers import wire
from apps.providers.dialects.openai_responses import errors, response
from apps.providers.dialects.openai_responses.writers import (
    CallWriter,
    Events,
    Item,
    MessageWriter,
    ThoughtsWriter,
    Writer,
)

_FAILURES = {"limited": "rate_limit_exceeded", "refused": "invalid_prompt"}


class ReplyRenderer:
    """A state machine fed with deltas. A response has one choice: others are passed over."""

    def __init__(self, call: wire.ChatCall) -> None:
        self._asked = response.skeleton(call)
        self._model = call.model
        self._ids = response.Ids("")
        self._created = 0
        self._events = Events()
        self._started = False
        self._ended = False
        self._output: list[Item] = []
        self._message: MessageWriter | None = None
        self._thoughts: ThoughtsWriter | None = None
        self._calls: dict[int, CallWriter] = {}
        self._finish: wire.FinishReason | None = None
        self._usage: wire.Usage | None = None

    def feed(self, delta: wire.ChatDelta) -> bytes:
        """Render one delta; may be empty, may hold several events."""
        if self._ended or getattr(delta, "choice", 0) != 0:
            return b""
        match delta:
            case wire.TextDelta():
                return self._say(delta)
            case wire.ToolCallDelta():
                call = self._calls.get(delta.index)
                return call.add(delta.arguments) if call and delta.arguments else b""
            case wire.ReasoningDelta():
                return self._think(delta.text)
            case wire.RefusalDelta():
                return self._refuse(delta.text)
            case wire.ReasoningEnd():
                return self._end_thoughts(delta)
            case wire.ToolCallStart():
                return self._begin_call(delta)
            case wire.ToolCallEnd():
                return self._end_call(delta.index, "completed")
            case _:
                return self._frame(delta)

    def close(self) -> bytes:
        """Render the final event with the whole response; nothing after a failure."""
        if self._ended:
            return b""
        out = self._begin() + self._end_items()
        self._ended = True
        whole = self._response(finish=self._finish or wire.FinishReason.OTHER)
        return out + self._events.write(f"response.{whole['status']}", response=whole)

    # Beginning and end

    def _frame(self, delta: wire.ChatDelta) -> bytes:
        match delta:
            case wire.StreamStart() if not self._started:
                self._ids = response.Ids(delta.id)
                self._model = delta.model or self._model
                self._created = delta.created
                return self._begin()
            case wire.Finish():
                self._finish = delta.reason
                return self._end_items()
            case wire.UsageReport():
                self._usage = delta.usage
            case wire.StreamFailure():
                return self._fail(delta.error)
            case _:
                pass
        return b""

    def _begin(self) -> bytes:
        if self._started:
            return b""
        self._started = True
        whole = self._response()
        created = self._events.write("response.created", response=whole)
        return created + self._events.write("response.in_progress", response=whole)

    def _fail(self, error: PortalError) -> bytes:
        self._ended = True
        if not self._started:
            return errors.error_event(error, sequence_number=self._events.number)
        for writer in self._under_way():
            self._output[writer.index] = writer.item("incomplete")
        code = _FAILURES.get(error.kind, "server_error")
        told = {"code": code, "message": errors.message_of(error)}
        return self._events.write("response.failed", response=self._response(error=told))

    def _response(
        self, *, finish: wire.FinishReason | None = None, error: Item | None = None
    ) -> dict[str, Any]:
        return response.response_object(
            self._asked,
            response_id=self._ids.response,
            model=self._model,
            created=self._created,
            output=self._output,
            finish=finish,
            usage=self._usage,
            error=error,
        )

    def _under_way(self) -> Iterator[Writer]:
        if self._message:
            yield self._message
        if self._thoughts:
            yield self._thoughts
        yield from self._calls.values()

    def _end_items(self) -> bytes:
        """Close what is open; the last item of a reply that was cut off is incomplete."""
        cut = self._finish is not None and response.is_cut_off(self._finish)
        last = len(self._output) - 1

        def status(index: int) -> str:
            return "incomplete" if cut and index == last else "completed"

        out = self._end_thoughts(None)
        if self._message:
            out += self._end_message(status(self._message.index))
        for number, call in list(self._calls.items()):
            out += self._end_call(number, status(call.index))
        return out

    def _place(self, prefix: str) -> tuple[int, str]:
        """The next place in the output, held until its item is done."""
        index = len(self._output)
        self._output.append({})
        return index, self._ids.item(prefix, index)

    # Messages

    def _say(self, delta: wire.TextDelta) -> bytes:
        if not (delta.text or delta.logprobs):
            return b""
        if self._message:
            return self._message.say(delta.text, delta.logprobs)
        begun, message = self._begin_message()
        return begun + message.say(delta.text, delta.logprobs)

    def _refuse(self, text: str) -> bytes:
        if not text:
            return b""
        if self._message:
            return self._message.refuse(text)
        begun, message = self._begin_message()
        return begun + message.refuse(text)

    def _begin_message(self) -> tuple[bytes, MessageWriter]:
        out = self._begin() + self._end_thoughts(None)
        index, item_id = self._place("msg")
        self._message = MessageWriter(self._events, index, item_id)
        return out + self._message.begin(), self._message

    def _end_message(self, status: str) -> bytes:
        message, self._message = self._message, None
        if message is None:
            return b""
        out = message.end(status)
        self._output[message.index] = message.item(status)
        return out

    # Thoughts

    def _think(self, text: str) -> bytes:
        if not text:
            return b""
        if self._thoughts:
            return self._thoughts.think(text)
        begun, thoughts = self._begin_thoughts()
        return begun + thoughts.think(text)

    def _begin_thoughts(self) -> tuple[bytes, ThoughtsWriter]:
        out = self._begin() + self._end_message("completed")
        index, item_id = self._place("rs")
        self._thoughts = ThoughtsWriter(self._events, index, item_id)
        return out + self._thoughts.begin(), self._thoughts

    def _end_thoughts(self, told: wire.ReasoningEnd | None) -> bytes:
        """Close the open thoughts; a signature without text is an item of its own."""
        out = b""
        thoughts = self._thoughts
        if thoughts is None:
            if told is None or told.signature is None:
                return b""
            out, thoughts = self._begin_thoughts()
        self._thoughts = None
        item, ended = thoughts.end(told or wire.ReasoningEnd())
        self._output[thoughts.index] = item
        return out + ended

    # Function calls

    def _begin_call(self, start: wire.ToolCallStart) -> bytes:
        out = self._begin() + self._end_thoughts(None) + self._end_message("completed")
        if start.signature is not None:
            out += self._carry_signature(start.signature, start.origin)
        index, item_id = self._place("fc")
        self._calls[start.index] = CallWriter(self._events, index, item_id, start)
        return out + self._calls[start.index].begin()

    def _carry_signature(self, signature: str, origin: str) -> bytes:
        index = len(self._output)
        item = response.signature_item(self._ids.item("rs", index), signature, origin)
        if item is None:
            return b""
        self._output.append(item)
        return self._events.added(index, item) + self._events.done(index, item)

    def _end_call(self, number: int, status: str) -> bytes:
        call = self._calls.pop(number, None)
        if call is None:
            return b""
        out = call.end(status)
        self._output[call.index] = call.item(status)
        return out
