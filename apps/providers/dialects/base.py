"""The contract of a dialect.

An outbound half speaks to providers, an inbound half to callers. Both are pure: no I/O, no clock,
no Django.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from apps.core.errors import PortalError
from apps.providers import wire
from apps.providers.errors import ProviderError
from apps.providers.sse import Event


class NoOptions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Options of a dialect that has none."""


class StreamParser(Protocol):
    """Turns a provider's event stream into canonical deltas; a state machine fed with events."""

    def feed(self, event: Event) -> Sequence[wire.ChatDelta]:
        """Take one event. Raises ProviderProtocolError for what cannot be read."""
        ...

    def close(self) -> Sequence[wire.ChatDelta]:
        """Take the end of the bytes; yields StreamFailure when the stream had not ended."""
        ...


class StreamRenderer(Protocol):
    """Turns canonical deltas into a caller's event stream."""

    def feed(self, delta: wire.ChatDelta) -> bytes:
        """Render one delta; may be empty, may hold several events."""
        ...

    def close(self) -> bytes:
        """Render what must come last (`[DONE]`, the final event)."""
        ...


class Outbound(Protocol):
    """The half that speaks to a provider. Every function is pure."""

    @property
    def Options(self) -> type[msgspec.Struct]:  # noqa: N802 - it is a class
        """What can be set for one provider."""
        ...

    @property
    def FORWARDS(self) -> frozenset[str]:  # noqa: N802 - it is a constant
        """Operations (wire.Incoming.operation) that can be forwarded to such a provider."""
        ...

    def build_request(
        self, call: wire.ChatCall, model: wire.TargetModel, options: Any
    ) -> wire.UpstreamRequest:
        """Raises UnsupportedContentError for content or contract that this dialect lacks."""
        ...

    def build_embeddings(
        self, call: wire.EmbeddingCall, model: wire.TargetModel, options: Any
    ) -> wire.UpstreamRequest:
        """Raises UnsupportedContentError where the dialect has no embeddings."""
        ...

    def build_count(
        self, call: wire.ChatCall, model: wire.TargetModel, options: Any
    ) -> wire.UpstreamRequest | None:
        """None where the provider cannot count: the portal then estimates."""
        ...

    def forward_request(
        self, incoming: wire.Incoming, model: wire.TargetModel, options: Any
    ) -> wire.UpstreamRequest:
        """The caller's own body, changed in nothing but the model and what policy demands."""
        ...

    def parse_reply(self, body: bytes) -> wire.ChatReply: ...
    def parse_embeddings(self, body: bytes) -> wire.EmbeddingReply: ...
    def parse_count(self, body: bytes) -> int: ...
    def parse_error(self, status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
        """Never raises, whatever the body is. `headers` are lowercase."""
        ...

    def read_facts(self, operation: str, body: bytes) -> wire.Facts:
        """Never raises; reads only what the books need."""
        ...

    def stream_parser(self) -> StreamParser: ...
    def is_usage_event(self, data: bytes) -> bool:
        """Whether an event holds usage and nothing else (see UpstreamRequest.hide_usage_event)."""
        ...


class Inbound(Protocol):
    """The half that speaks to a caller."""

    def decode_request(self, incoming: wire.Incoming) -> wire.ChatCall:
        """Raises InvalidInputError with the path of the wrong field, or UnsupportedContentError."""
        ...

    def decode_embeddings(self, incoming: wire.Incoming) -> wire.EmbeddingCall: ...
    def decode_count(self, incoming: wire.Incoming) -> wire.ChatCall: ...
    def render_reply(self, reply: wire.ChatReply, call: wire.ChatCall) -> bytes: ...
    def render_embeddings(self, reply: wire.EmbeddingReply, call: wire.EmbeddingCall) -> bytes: ...
    def render_count(self, input_tokens: int) -> bytes: ...
    def render_error(self, error: PortalError, *, request_id: str) -> wire.RenderedError: ...
    def render_stream_error(self, error: PortalError, *, request_id: str) -> bytes:
        """The dialect's own error event, for a stream that has begun."""
        ...

    def stream_renderer(self, call: wire.ChatCall) -> StreamRenderer: ...


@dataclass(frozen=True, slots=True)
class Dialect:
    """One wire format. `auth` names the usual auth scheme of its providers (providers/auth.py)."""

    name: str
    outbound: Outbound
    inbound: Inbound
    auth: str
    title: str
    request_id_header: str = "x-request-id"
    """Where callers of this dialect look for the id of their request."""
    cuts_broken_streams: bool = False
    """Its clients read no error events: a broken stream must also end as a broken connection."""
