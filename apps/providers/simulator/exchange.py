"""The shapes between the socket and the dialects: what comes in, what goes out, what is wrong."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of a multipart form."""

    filename: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """One request as the dialects see it; header names are lower case."""

    number: int
    origin: str
    path: str
    parts: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Mapping[str, Any] = field(default_factory=dict)
    form: Mapping[str, str | Upload] = field(default_factory=dict)

    @property
    def bearer(self) -> str:
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        return value.strip() if scheme.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True)
class Whole:
    """An answer with a body of known length."""

    body: bytes
    status: int = 200
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer in events, each of them complete bytes with its framing."""

    events: Iterable[bytes]
    media_type: str = "text/event-stream; charset=utf-8"


class SimError(Exception):
    """Something that the dialect answers with its own error object.

    `code` and `param` are words of the dialect that raises it.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one kind of provider checks a caller and words its errors."""

    name: str
    authenticate: Callable[[Incoming], None]
    headers: Callable[[Incoming], Mapping[str, str]]
    error: Callable[[Incoming, SimError], Whole]
    stream_error: Callable[[Incoming, SimError], bytes]


def body_model(incoming: Incoming) -> str:
    """Return the model that the body or the form names."""
    model = incoming.body.get("model") or incoming.form.get("model")
    return model if isinstance(model, str) else ""


def path_model(incoming: Incoming) -> str:
    """Return the model that the path names."""
    return incoming.parts.get("model", "")


@dataclass(frozen=True, slots=True)
class Route:
    """One operation under every path it is served at; `{name}` marks a part of the path.

    With a `header` it takes only requests that bear that header, and is asked first.
    """

    method: str
    paths: tuple[str, ...]
    dialect: Dialect
    handler: Callable[[Incoming], Whole | Stream]
    model: Callable[[Incoming], str] = body_model
    header: str = ""


def json_reply(payload: Any, status: int = 200, **headers: str) -> Whole:
    """Return a JSON answer; header names are written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Whole(orjson.dumps(payload), status, headers=named)


def data_event(payload: Any, *, line_end: bytes = b"\n") -> bytes:
    """Return an unnamed server-sent event."""
    return b"data: " + orjson.dumps(payload) + line_end * 2


def named_event(payload: Mapping[str, Any]) -> bytes:
    """Return a server-sent event that bears the name of its type."""
    return b"event: " + str(payload["type"]).encode() + b"\n" + data_event(payload)


DONE = b"data: [DONE]\n\n"
