"""How one call is said to one target and its answer said back to the caller.

Same dialect: the bytes pass. Another dialect: decoded once, built for the target, rendered back.
"""

from typing import Protocol

import msgspec

from apps.inference import estimate
from apps.inference.catalog import TargetEntry
from apps.providers import wire
from apps.providers.dialects import DIALECTS
from apps.providers.dialects.base import Dialect, StreamRenderer
from apps.providers.errors import UnsupportedContentError


class Translation(Protocol):
    """One call for one target."""

    request: wire.UpstreamRequest
    warnings: tuple[str, ...]
    relays: bool
    """Whether the provider's bytes pass to the caller as they are."""

    def render(self, body: bytes) -> tuple[bytes, wire.Facts]:
        """The caller's form of a whole answer, and what it tells the books."""
        ...

    def stream_renderer(self) -> StreamRenderer: ...


class Passage:
    """The same dialect on both sides: nothing is decoded."""

    relays = True

    def __init__(self, incoming: wire.Incoming, target: TargetEntry, dialect: Dialect) -> None:
        self._dialect = dialect
        self._operation = incoming.operation
        provider = target.provider
        self.request = dialect.outbound.forward_request(incoming, target.model, provider.options)
        self.warnings = self.request.warnings

    def render(self, body: bytes) -> tuple[bytes, wire.Facts]:
        return body, self._dialect.outbound.read_facts(self._operation, body)

    def stream_renderer(self) -> StreamRenderer:
        raise NotImplementedError("a relayed stream is not rendered")


class ChatCrossing:
    """A chat call from one dialect to another."""

    relays = False

    def __init__(
        self,
        call: wire.ChatCall,
        source: Dialect,
        target: TargetEntry,
        dialect: Dialect,
        created: int,
    ) -> None:
        self._call = call
        self._created = created
        self._source = source
        self._dialect = dialect
        self.request = dialect.outbound.build_request(call, target.model, target.provider.options)
        self.warnings = (*call.warnings, *self.request.warnings)

    def render(self, body: bytes) -> tuple[bytes, wire.Facts]:
        reply = self._dialect.outbound.parse_reply(body)
        if not reply.created:
            # Not every dialect tells the time; those that do must not say 1970.
            reply = msgspec.structs.replace(reply, created=self._created)
        return self._source.inbound.render_reply(reply, self._call), _facts_of(reply)

    def stream_renderer(self) -> StreamRenderer:
        return self._source.inbound.stream_renderer(self._call)


class EmbeddingCrossing:
    """An embeddings call from one dialect to another."""

    relays = False

    def __init__(
        self, call: wire.EmbeddingCall, source: Dialect, target: TargetEntry, dialect: Dialect
    ) -> None:
        self._call = call
        self._source = source
        self._dialect = dialect
        self.request = dialect.outbound.build_embeddings(
            call, target.model, target.provider.options
        )
        self.warnings = (*call.warnings, *self.request.warnings)

    def render(self, body: bytes) -> tuple[bytes, wire.Facts]:
        reply = self._dialect.outbound.parse_embeddings(body)
        if reply.usage is None:
            usage = wire.Usage(input_tokens=estimate.texts_tokens(self._call), estimated=True)
            reply = msgspec.structs.replace(reply, usage=usage)
        facts = wire.Facts(model=reply.model, usage=reply.usage)
        return self._source.inbound.render_embeddings(reply, self._call), facts

    def stream_renderer(self) -> StreamRenderer:
        raise NotImplementedError("embeddings are not streamed")


class CountCrossing:
    """A request to count tokens, from one dialect to another that can count."""

    relays = False

    def __init__(
        self, request: wire.UpstreamRequest, call: wire.ChatCall, source: Dialect, dialect: Dialect
    ) -> None:
        self._source = source
        self._dialect = dialect
        self.request = request
        self.warnings = (*call.warnings, *request.warnings)

    def render(self, body: bytes) -> tuple[bytes, wire.Facts]:
        tokens = self._dialect.outbound.parse_count(body)
        return self._source.inbound.render_count(tokens), wire.Facts(usage=wire.Usage())

    def stream_renderer(self) -> StreamRenderer:
        raise NotImplementedError("a count is not streamed")


class Translator:
    """Says one incoming request to whichever target is tried; decodes it at most once.

    `created` is the call's time in Unix seconds, for answers that do not tell their own.
    """

    def __init__(self, incoming: wire.Incoming, source: Dialect, *, created: int) -> None:
        self._incoming = incoming
        self._created = created
        self._source = source
        self._chat: wire.ChatCall | None = None
        self._embeddings: wire.EmbeddingCall | None = None

    def say_to(self, target: TargetEntry) -> Translation:
        """The call in the target's dialect.

        Raises:
            InvalidInputError: the request itself is wrong.
            UnsupportedContentError: this target cannot carry it; another might.
        """
        dialect = DIALECTS[target.provider.dialect]
        operation = self._incoming.operation
        if operation not in target.operations and operation != "count_tokens":
            raise UnsupportedContentError(
                f"The model behind `{self._incoming.model}` does not offer {operation}."
            )
        if self._passes(dialect):
            return Passage(self._incoming, target, dialect)
        if operation == "chat":
            call = self.chat_call()
            return ChatCrossing(call, self._source, target, dialect, self._created)
        if operation == "embeddings":
            return EmbeddingCrossing(self._embedding_call(), self._source, target, dialect)
        if operation == "count_tokens":
            return self._count(target, dialect)
        raise UnsupportedContentError(
            f"Providers that speak {dialect.title} do not offer {operation}."
        )

    def chat_call(self) -> wire.ChatCall:
        """The request in canonical form (chat and count_tokens only)."""
        if self._chat is None:
            inbound = self._source.inbound
            counts = self._incoming.operation == "count_tokens"
            decode = inbound.decode_count if counts else inbound.decode_request
            self._chat = decode(self._incoming)
        return self._chat

    def _passes(self, dialect: Dialect) -> bool:
        if self._incoming.operation not in dialect.outbound.FORWARDS:
            return False
        # Operations that only one family of dialects has are one format wherever they are offered.
        return dialect.name == self._source.name or self._incoming.operation not in _TRANSLATED

    def _embedding_call(self) -> wire.EmbeddingCall:
        if self._embeddings is None:
            self._embeddings = self._source.inbound.decode_embeddings(self._incoming)
        return self._embeddings

    def _count(self, target: TargetEntry, dialect: Dialect) -> Translation:
        call = self.chat_call()
        request = dialect.outbound.build_count(call, target.model, target.provider.options)
        if request is None:
            raise CannotCountError
        return CountCrossing(request, call, self._source, dialect)


class CannotCountError(UnsupportedContentError):
    """The provider has no way to count tokens: the portal estimates instead."""

    def __init__(self) -> None:
        super().__init__("The provider cannot count tokens.")


_TRANSLATED = frozenset({"chat", "embeddings", "count_tokens"})


def _facts_of(reply: wire.ChatReply) -> wire.Facts:
    finish = reply.choices[0].finish if reply.choices else None
    return wire.Facts(id=reply.id, model=reply.model, usage=reply.usage, finish=finish)
