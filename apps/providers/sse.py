"""Read and write server-sent events.

Source: HTML Living Standard, section 9.2 (parsing an event stream).
"""

import re

import msgspec

from apps.providers.errors import ProviderProtocolError

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BLANK = re.compile(rb"(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r)")


class Event(msgspec.Struct, frozen=True):
    """One block of a stream. `raw` is its bytes, blank line included, for relaying.

    `data` is None for a block without data lines (comments, keep-alives). `name` is the `event`
    field, empty when absent.
    """

    raw: bytes
    data: bytes | None
    name: str = ""


class EventParser:
    """Cuts bytes into events, however the bytes were split.

    Works on bytes, so that a character split between two chunks is no special case. A block that
    grows past `max_event_bytes` raises ProviderProtocolError.
    """

    def __init__(self, *, max_event_bytes: int = 8 * 1024 * 1024) -> None:
        self._max = max_event_bytes
        self._buffer = bytearray()
        self._searched = 0
        self._first = True

    def feed(self, chunk: bytes) -> list[Event]:
        """Take some bytes, give the events that they complete.

        Costs what the chunk is long, however much of an unfinished event came before it.
        """
        waiting = self._buffer
        if waiting:
            waiting += chunk
        data = waiting or chunk
        events: list[Event] = []
        start = 0
        search = max(self._searched - 3, 0)
        while (end := _end_of_block(data, search)) >= 0:
            events.append(self._event(bytes(data[start:end])))
            start = search = end
        if waiting:
            del waiting[:start]
        else:
            waiting += chunk[start:]
        self._searched = len(waiting)
        if len(waiting) > self._max:
            raise ProviderProtocolError(
                f"The provider sent an event of more than {self._max} bytes."
            )
        return events

    def close(self) -> list[Event]:
        """Take the end of the bytes; a last block without its blank line still counts."""
        rest, self._buffer, self._searched = bytes(self._buffer), bytearray(), 0
        return [self._event(rest)] if rest.strip(b"\r\n") else []

    def _event(self, raw: bytes) -> Event:
        text = raw
        if self._first:
            self._first = False
            text = text.removeprefix(_BOM)
        if text.startswith(b"data: ") and (fast := _single_line(text)) is not None:
            return Event(raw, fast)
        return _slow_event(raw, text)


def _end_of_block(data: bytes | bytearray, start: int) -> int:
    """Where the first block ends, blank line included; -1 when that cannot be said yet."""
    fast = data.find(b"\n\n", start)
    if data.find(b"\r", start, fast if fast >= 0 else len(data)) < 0:
        return fast + 2 if fast >= 0 else -1
    match = _BLANK.search(data, start)
    if match is None:
        return -1
    end = match.end()
    # A CR at the very end may be the first half of CRLF: wait for the next byte.
    return -1 if end == len(data) and data[end - 1 :] == b"\r" else end


def _single_line(text: bytes) -> bytes | None:
    """Data of the commonest block, one `data:` line; None when it is another kind."""
    body = text.rstrip(b"\r\n")
    return None if b"\n" in body or b"\r" in body else body[6:]


def _slow_event(raw: bytes, text: bytes) -> Event:
    name = b""
    data: list[bytes] = []
    for line in _LINE_END.split(text):
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
    return Event(raw, b"\n".join(data) if data else None, name.decode("utf-8", "replace"))


def encode_event(data: bytes, name: str = "") -> bytes:
    """One event with LF line ends; `data` holds no line break (JSON text never does)."""
    if name:
        return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"
    return b"data: " + data + b"\n\n"
