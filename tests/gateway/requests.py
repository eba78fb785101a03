"""Requests of the data plane without a server: ASGI messages in, ASGI messages out."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.core.principal import Principal
from apps.gateway.dispatch import find_view
from apps.gateway.edge import EdgeRequest, EdgeView, serve

PRINCIPAL = Principal(
    "key_1", "k", "app_1", "bot", "team_1", "t", "agent", frozenset({"inference:call"})
)


def edge_request(
    method: str = "POST",
    path: str = "/v1/chat/completions",
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    messages: Sequence[Mapping[str, Any]] = ({"type": "http.request", "body": b"{}"},),
) -> EdgeRequest:
    """A request whose client sends these messages and then stays."""
    request = EdgeRequest(
        method=method,
        path=path,
        query=query or {},
        headers=headers or {},
        params=params or {},
        receive=Client(messages).receive,
    )
    request.auth = request.user = PRINCIPAL
    return request


@dataclass
class Client:
    """What a client sends, and what it gets; `leave` closes its connection."""

    messages: Sequence[Mapping[str, Any]]
    sent: list[Mapping[str, Any]] = field(default_factory=list)
    left: asyncio.Event = field(default_factory=asyncio.Event)
    _given: int = 0

    async def receive(self) -> Mapping[str, Any]:
        if self._given < len(self.messages):
            self._given += 1
            return self.messages[self._given - 1]
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Mapping[str, Any]) -> None:
        self.sent.append(message)

    def leave(self) -> None:
        self.left.set()

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode("latin-1") for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])

    @property
    def json(self) -> Any:
        return json.loads(self.body)


async def ask(
    method: str,
    path: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"{}",
    query: str = "",
    view: EdgeView | None = None,
) -> Client:
    """One whole request through `serve`."""
    client = Client([{"type": "http.request", "body": body}])
    found, params = find_view(path) or (None, {})
    chosen = view or found
    assert chosen is not None
    await serve(chosen, params, scope(method, path, headers, query), client.receive, client.send)
    return client


def scope(
    method: str, path: str, headers: Mapping[str, str] | None = None, query: str = ""
) -> dict[str, Any]:
    """The ASGI scope of a request."""
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode("latin-1")) for k, v in (headers or {}).items()],
    }
