"""Write the events of one output item: a message, some thoughts, a function call."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from apps.providers import wire
from apps.providers.dialects.openai_responses import response
from apps.providers.sse import encode_event

Item = dict[str, Any]
_encode = msgspec.json.encode


class Events:
    """Numbers events from 0 without gaps."""

    def __init__(self) -> None:
        self.number = 0

    def write(self, kind: str, **fields: Any) -> bytes:
        """One named event."""
        body = {"type": kind, "sequence_number": self.number, **fields}
        self.number += 1
        return encode_event(_encode(body), kind)

    def added(self, index: int, item: Item) -> bytes:
        """The event with which an item begins."""
        return self.write("response.output_item.added", output_index=index, item=item)

    def done(self, index: int, item: Item) -> bytes:
        """The event with which an item ends."""
        return self.write("response.output_item.done", output_index=index, item=item)


class Writer(Protocol):
    """An item under way."""

    index: int

    def item(self, status: str) -> Item:
        """The item with all that was said so far."""
        ...


class MessageWriter:
    """An assistant's message; its contents follow each other, only the last one is open."""

    def __init__(self, events: Events, index: int, item_id: str) -> None:
        self.index = index
        self._events = events
        self._id = item_id
        self._contents: list[Item] = []
        self._kind = ""
        self._text: list[str] = []
        self._logprobs: list[Item] = []

    def begin(self) -> bytes:
        return self._events.added(self.index, self.item("in_progress"))

    def say(self, text: str, logprobs: Sequence[wire.TokenLogprob] | None) -> bytes:
        """More text."""
        out = self._open("text")
        values = response.logprob_values(logprobs) if logprobs else []
        self._text.append(text)
        self._logprobs += values
        return out + self._write("response.output_text.delta", delta=text, logprobs=values)

    def refuse(self, text: str) -> bytes:
        """More of a refusal."""
        out = self._open("refusal")
        self._text.append(text)
        return out + self._write("response.refusal.delta", delta=text)

    def item(self, status: str) -> Item:
        return response.message_item(self._id, [*self._contents, *self._content()], status)

    def end(self, status: str) -> bytes:
        """Close the open content and the message."""
        out = self._close()
        return out + self._events.done(self.index, self.item(status))

    def _open(self, kind: str) -> bytes:
        if self._kind == kind:
            return b""
        out = self._close()
        self._kind = kind
        (part,) = self._content()
        return out + self._write("response.content_part.added", part=part)

    def _close(self) -> bytes:
        if not self._kind:
            return b""
        (part,) = self._content()
        if self._kind == "text":
            out = self._write(
                "response.output_text.done", text=part["text"], logprobs=self._logprobs
            )
        else:
            out = self._write("response.refusal.done", refusal=part["refusal"])
        out += self._write("response.content_part.done", part=part)
        self._contents.append(part)
        self._kind, self._text, self._logprobs = "", [], []
        return out

    def _content(self) -> list[Item]:
        text = "".join(self._text)
        if self._kind == "text":
            return [response.text_content(text, self._logprobs)]
        return [response.refusal_content(text)] if self._kind else []

    def _write(self, kind: str, **fields: Any) -> bytes:
        return self._events.write(
            kind,
            item_id=self._id,
            output_index=self.index,
            content_index=len(self._contents),
            **fields,
        )


class ThoughtsWriter:
    """A reasoning item: one summary text, and a signature at the end."""

    def __init__(self, events: Events, index: int, item_id: str) -> None:
        self.index = index
        self._events = events
        self._id = item_id
        self._text: list[str] = []

    def begin(self) -> bytes:
        return self._events.added(self.index, self.item("in_progress"))

    def think(self, text: str) -> bytes:
        """More thoughts."""
        out = b"" if self._text else self._part("response.reasoning_summary_part.added", "")
        self._text.append(text)
        return out + self._write("response.reasoning_summary_text.delta", delta=text)

    def item(self, status: str) -> Item:
        return self._whole(wire.ReasoningEnd())

    def end(self, told: wire.ReasoningEnd) -> tuple[Item, bytes]:
        """Close the thoughts; the item is shown once more, now with its signature."""
        out = b""
        if self._text:
            text = "".join(self._text)
            out = self._write("response.reasoning_summary_text.done", text=text)
            out += self._part("response.reasoning_summary_part.done", text)
        item = self._whole(told)
        return item, out + self._events.done(self.index, item)

    def _whole(self, told: wire.ReasoningEnd) -> Item:
        part = wire.ReasoningPart(
            text="".join(self._text),
            signature=told.signature,
            origin=told.origin,
            redacted=told.redacted,
        )
        return response.thoughts_item(part, self._id)

    def _part(self, kind: str, text: str) -> bytes:
        return self._write(kind, part={"type": "summary_text", "text": text})

    def _write(self, kind: str, **fields: Any) -> bytes:
        return self._events.write(
            kind, item_id=self._id, output_index=self.index, summary_index=0, **fields
        )


class CallWriter:
    """A function call."""

    def __init__(self, events: Events, index: int, item_id: str, start: wire.ToolCallStart) -> None:
        self.index = index
        self._events = events
        self._id = item_id
        self._start = start
        self._arguments: list[str] = []

    def begin(self) -> bytes:
        return self._events.added(self.index, self.item("in_progress"))

    def add(self, arguments: str) -> bytes:
        """More of the arguments' JSON text."""
        self._arguments.append(arguments)
        return self._write("response.function_call_arguments.delta", delta=arguments)

    def item(self, status: str) -> Item:
        arguments = "".join(self._arguments)
        return response.call_item(self._id, self._start.id, self._start.name, arguments, status)

    def end(self, status: str) -> bytes:
        """Close the call; one without arguments has an empty object."""
        out = b"" if self._arguments else self.add("{}")
        out += self._write(
            "response.function_call_arguments.done",
            name=self._start.name,
            arguments="".join(self._arguments),
        )
        return out + self._events.done(self.index, self.item(status))

    def _write(self, kind: str, **fields: Any) -> bytes:
        return self._events.write(kind, item_id=self._id, output_index=self.index, **fields)
