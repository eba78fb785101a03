"""Calls for tests of the engine, and a transport that answers as it is told."""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any

from apps.core.principal import Principal
from apps.gateway.body import read_fields
from apps.inference.call import Call
from apps.inference.catalog import CredentialEntry, EndpointEntry, ProviderEntry, TargetEntry
from apps.providers import wire
from apps.providers.dialects import DIALECTS
from apps.providers.prices import Price, Rates
from apps.providers.types import Upstream
from tests.inference.factories import NOW, endpoint_entry, target_entry

PRINCIPAL = Principal(
    "key_1", "k", "app_1", "bot", "team_1", "t", "agent", frozenset(["inference:call"])
)
PRICE = Price(((0, Rates(input=1_000_000, output=4_000_000)),))
MESSAGES = [{"role": "user", "content": "Hello there, portal."}]
BODIES: dict[str, dict[str, Any]] = {
    "openai_chat": {"messages": MESSAGES},
    "openai_responses": {"input": "Hello there, portal."},
    "anthropic_messages": {"messages": MESSAGES, "max_tokens": 100},
    "gemini_generate": {
        "contents": [{"role": "user", "parts": [{"text": "Hello there, portal."}]}]
    },
    "azure_inference": {"messages": MESSAGES},
}
CHAT_REPLY: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m-2026",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "Hello, caller."},
            "finish_reason": "stop",
        }
    ],
    "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
}


def chunk(delta: dict[str, Any], finish: str | None = None, **fields: Any) -> bytes:
    """One event of a chat stream."""
    data = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m-2026",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return b"data: " + json.dumps(data | fields).encode() + b"\n\n"


USAGE_EVENT = chunk({}, choices=[], usage=CHAT_REPLY["usage"])
CHAT_STREAM = (
    chunk({"role": "assistant", "content": ""})
    + chunk({"content": "Hello, "})
    + chunk({"content": "cäller."})
    + chunk({}, "stop")
    + USAGE_EVENT
    + b"data: [DONE]\n\n"
)


def make_call(
    dialect: str = "openai_chat",
    *,
    operation: str = "chat",
    body: dict[str, Any] | None = None,
    stream: bool = False,
    **fields: Any,
) -> Call:
    data = dict(BODIES[dialect] if body is None else body)
    if dialect != "gemini_generate":
        data = {"model": "fast", **data} | ({"stream": True} if stream else {})
    raw = json.dumps(data).encode()
    verb = "streamGenerateContent" if stream else "generateContent"
    incoming = wire.Incoming(
        operation=operation,
        model="fast",
        body=raw,
        fields=read_fields(raw),
        stream=stream,
        verb=verb if dialect == "gemini_generate" else None,
    )
    usual: dict[str, Any] = {
        "request_id": "req_1",
        "principal": PRINCIPAL,
        "source": DIALECTS[dialect],
        "incoming": incoming,
        "scope": "inference:call",
        "now": NOW,
    }
    return Call(**usual | fields)


def make_target(number: int = 1, dialect: str = "openai_chat", **fields: Any) -> TargetEntry:
    options = DIALECTS[dialect].outbound.Options()
    slug = f"{dialect.replace('_', '-')}-{number}"
    usual: dict[str, Any] = {
        "priority": number,
        "provider": ProviderEntry(
            f"prov_{number}", slug, dialect, "https://api.acme.example", options, False
        ),
        "model": wire.TargetModel(name=f"m-{number}", max_output_tokens=1000),
        "operations": frozenset({"chat", "embeddings", "count_tokens", "speech"}),
        "credential": CredentialEntry(
            f"cred_{number}", f"ver_{number}", (("authorization", "Bearer s3cret"),)
        ),
        "price": PRICE,
    }
    return target_entry(number, **usual | fields)


def make_entry(*targets: TargetEntry, **fields: Any) -> EndpointEntry:
    return endpoint_entry(*(targets or (make_target(),)), **fields)


class FakeAnswer:
    """A provider's answer, in the pieces that it is given; an exception among them is raised."""

    def __init__(
        self,
        pieces: Iterable[bytes | BaseException] = (),
        *,
        status: int = 200,
        headers: Sequence[tuple[str, str]] = (("Content-Type", "application/json"),),
        between: Callable[[], Any] | None = None,
    ) -> None:
        self.status = status
        self.raw_headers = list(headers)
        self.closed = 0
        self.taken = 0
        self._pieces = list(pieces)
        self._between = between

    @property
    def headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.raw_headers}

    async def read(self, limit: int) -> bytes:
        return b"".join([piece async for piece in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            if self._between is not None:
                await self._between()
            if isinstance(piece, BaseException):
                raise piece
            self.taken += 1
            yield piece

    def close(self) -> None:
        self.closed += 1


def whole(body: Any = CHAT_REPLY, **how: Any) -> FakeAnswer:
    return FakeAnswer([json.dumps(body).encode()], **how)


def streamed(*pieces: bytes | BaseException, **how: Any) -> FakeAnswer:
    headers = (("Content-Type", "text/event-stream"), ("X-Request-Id", "up-1"))
    return FakeAnswer(pieces or (CHAT_STREAM,), **{"headers": headers} | how)


class FakeTransport:
    """Answers in the order in which it is told; keeps what it was asked."""

    def __init__(self, *answers: FakeAnswer | BaseException) -> None:
        self.answers = list(answers)
        self.asked: list[Upstream] = []

    async def send(self, request: Upstream) -> FakeAnswer:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def close(self) -> None:
        """Nothing is open."""
