"""Stream an answer to the caller while the books read along."""

import logging
from collections.abc import AsyncIterator, Callable, Iterable
from functools import partial

import msgspec

from apps.core.errors import PortalError
from apps.inference.call import Attempt, Call
from apps.inference.translation import Translation
from apps.providers import sse, wire
from apps.providers.dialects import DIALECTS
from apps.providers.errors import ProviderError, ProviderProtocolError

logger = logging.getLogger(__name__)


class StreamCutError(Exception):
    """The stream broke, and its last event was sent: now the connection has to break too."""


class Books:
    """What a stream has told so far: usage, finish, failure, and how much was said."""

    def __init__(self) -> None:
        self.id: str | None = None
        self.model: str | None = None
        self.usage: wire.Usage | None = None
        self.finish: wire.FinishReason | None = None
        self.failure: ProviderError | None = None
        self.said: list[str] = []

    def take(self, delta: wire.ChatDelta) -> None:
        """Note one delta."""
        match delta:
            case wire.TextDelta() | wire.RefusalDelta() | wire.ReasoningDelta():
                self.said.append(delta.text)
            case wire.ToolCallDelta():
                self.said.append(delta.arguments)
            case wire.UsageReport():
                self.usage = delta.usage
            case wire.Finish():
                self.finish = delta.reason
            case wire.StreamStart():
                self.id, self.model = delta.id, delta.model
            case wire.StreamFailure():
                self.failure = delta.error
            case _:
                pass

    def facts(self) -> wire.Facts:
        """What the attempt's record keeps."""
        return wire.Facts(id=self.id, model=self.model, usage=self.usage, finish=self.finish)


async def stream_answer(
    call: Call,
    attempt: Attempt,
    translation: Translation,
    chunks: AsyncIterator[bytes],
    release: Callable[[], None],
    settle: Callable[[Call, Attempt, Books], None],
) -> AsyncIterator[bytes]:
    """The caller's events, as the provider's bytes come in.

    Nothing is read ahead of the caller: the next chunk is asked for when the last one was taken.
    However the stream ends (whole, broken, or left by the caller), `release` lets go of the
    provider and `settle` is called, once each.

    Raises:
        StreamCutError: the stream broke, and the caller's dialect is told so by its connection.
    """
    books = Books()
    kind = _Relayed if translation.relays else _Rendered
    turn = kind(call, attempt, translation, books)
    state = "cancelled"
    try:
        async for chunk in chunks:
            if piece := turn.take(chunk):
                call.keep(piece)
                yield piece
        if piece := turn.close():
            call.keep(piece)
            yield piece
        state = "failed" if books.failure else "done"
    except PortalError as error:
        state = "failed"
        books.failure = (
            error if isinstance(error, ProviderError) else ProviderProtocolError(error.message)
        )
        yield turn.fail(books.failure)
    except Exception:
        # A flaw of our own must still end the stream in the caller's dialect, and be on record.
        logger.exception("stream failure", extra={"request_id": call.request_id})
        state = "failed"
        books.failure = ProviderProtocolError("The provider's stream could not be read.")
        yield turn.fail(books.failure)
    finally:
        release()
        attempt.end(state, books.failure)
        attempt.facts = books.facts()
        settle(call, attempt, books)
    if books.failure is not None and call.source.cuts_broken_streams:
        raise StreamCutError


class _Relayed:
    """Same dialect: the provider's events pass as bytes, a parser reads along for the books."""

    def __init__(self, call: Call, attempt: Attempt, how: Translation, books: Books) -> None:
        dialect = DIALECTS[attempt.target.provider.dialect]
        self._call = call
        self._books = books
        self._events = sse.EventParser()
        # Only chats are metered by their events; sound and text from sound have other ones.
        chats = call.incoming.operation == "chat"
        self._parser = dialect.outbound.stream_parser() if chats else None
        self._hide = dialect.outbound.is_usage_event if how.request.hide_usage_event else None

    def take(self, chunk: bytes) -> bytes:
        return self._pass(self._events.feed(chunk))

    def close(self) -> bytes:
        last = self._pass(self._events.close())
        told = self._books.failure is not None  # by an event of the provider's own
        if self._parser is not None:
            self._note(self._parser.close)
        if self._books.failure is None or told:
            return last
        return last + self.fail(self._books.failure)

    def fail(self, error: PortalError) -> bytes:
        inbound = self._call.source.inbound
        return inbound.render_stream_error(error, request_id=self._call.request_id)

    def _pass(self, events: Iterable[sse.Event]) -> bytes:
        out = []
        for event in events:
            if event.data is not None and self._parser is not None:
                self._note(partial(self._parser.feed, event))
                if self._hide is not None and self._hide(event.data):
                    continue
            out.append(event.raw)
        return b"".join(out)

    def _note(self, read: Callable[[], Iterable[wire.ChatDelta]]) -> None:
        try:
            for delta in read():
                self._books.take(delta)
        except Exception:
            # The caller's stream must not break because the books cannot read it.
            logger.warning(
                "stream not metered", exc_info=True, extra={"request_id": self._call.request_id}
            )


class _Rendered:
    """Another dialect: parsed into deltas, rendered for the caller."""

    def __init__(self, call: Call, attempt: Attempt, how: Translation, books: Books) -> None:
        self._call = call
        self._books = books
        self._events = sse.EventParser()
        self._parser = DIALECTS[attempt.target.provider.dialect].outbound.stream_parser()
        self._renderer = how.stream_renderer()

    def take(self, chunk: bytes) -> bytes:
        return b"".join(
            self._render(delta)
            for event in self._events.feed(chunk)
            if event.data is not None
            for delta in self._parser.feed(event)
        )

    def close(self) -> bytes:
        out = [
            self._render(delta)
            for event in self._events.close()
            if event.data is not None
            for delta in self._parser.feed(event)
        ]
        out += [self._render(delta) for delta in self._parser.close()]
        return b"".join(out) + self._renderer.close()

    def fail(self, error: PortalError) -> bytes:
        return self._render(wire.StreamFailure(error=error)) + self._renderer.close()

    def _render(self, delta: wire.ChatDelta) -> bytes:
        if isinstance(delta, wire.StreamStart) and not delta.created:
            created = int(self._call.now.timestamp())
            delta = msgspec.structs.replace(delta, created=created)
        elif isinstance(delta, wire.StreamFailure):
            delta = msgspec.structs.replace(delta, request_id=self._call.request_id)
        self._books.take(delta)
        return self._renderer.feed(delta)


async def events_of_array(body: bytes) -> AsyncIterator[bytes]:
    """A streamed answer that came as one JSON array, as the events that it stands for.

    Raises:
        ProviderProtocolError: the body is not a JSON array.
    """
    try:
        items = msgspec.json.decode(body, type=list[msgspec.Raw])
    except msgspec.MsgspecError as error:
        raise ProviderProtocolError(
            "The provider answered a stream with something else.", body=body
        ) from error
    for item in items:
        compact = msgspec.json.format(bytes(item), indent=-1)
        yield sse.encode_event(compact if isinstance(compact, bytes) else compact.encode())


async def with_first(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The chunk that was read already, then the others."""
    yield first
    async for chunk in rest:
        yield chunk
