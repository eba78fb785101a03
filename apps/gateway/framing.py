"""Frame a stream in another way than server-sent events."""

from collections.abc import AsyncIterator

from apps.providers import sse


async def as_array(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The data of each event as an element of one JSON array (Gemini without `alt=sse`).

    An error event after the start becomes the last element, as the service does it.
    """
    parser = sse.EventParser()
    lead = b"["
    try:
        async for piece in events:
            out = []
            for event in parser.feed(piece):
                if event.data is not None:
                    out.append(lead + event.data)
                    lead = b",\r\n"
            if out:
                yield b"".join(out)
        for event in parser.close():
            if event.data is not None:
                yield lead + event.data
                lead = b",\r\n"
        yield b"[]" if lead == b"[" else b"]"
    finally:
        await events.aclose()  # type: ignore[attr-defined]
