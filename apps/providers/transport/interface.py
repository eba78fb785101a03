"""What the engine needs of HTTP: two methods, whatever client is behind them."""

from collections.abc import AsyncIterator
from typing import Protocol

from apps.providers.types import Upstream


class Answer(Protocol):
    """A provider's answer; its headers are there, its body is read by one of two ways."""

    status: int

    @property
    def raw_headers(self) -> list[tuple[str, str]]:
        """As they came: order, case and repetitions kept."""
        ...

    @property
    def headers(self) -> dict[str, str]:
        """By lowercase name; the last of several counts."""
        ...

    async def read(self, limit: int) -> bytes:
        """The whole body. Raises ProviderProtocolError when it passes `limit` bytes."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes; nothing more is read while the caller does not ask."""
        ...

    def close(self) -> None:
        """Let go of the answer; the connection is cut at once unless the body was complete."""
        ...


class Transport(Protocol):
    """What the engine needs of HTTP."""

    async def send(self, request: Upstream) -> Answer:
        """Raises ProviderConnectionError, ProviderTimeoutError or ProviderProtocolError."""
        ...

    async def close(self) -> None:
        """Close the idle connections of the running event loop."""
        ...
