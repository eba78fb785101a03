"""What every operation that runs the engine has in common: read, run, write."""

from datetime import UTC, datetime
from typing import ClassVar

import msgspec
from typing_extensions import override

from apps.core.errors import InvalidInputError, PortalError
from apps.gateway import portal_headers
from apps.gateway.body import read_incoming
from apps.gateway.edge import EdgeReply, EdgeRequest, EdgeView
from apps.inference import engine
from apps.inference.call import Call
from apps.providers import wire
from apps.providers.errors import ProviderError, ProviderRateLimitError, ProviderRejectedError


class InferenceView(EdgeView):
    """One call through the engine; a subclass says where, for whom and in which dialect."""

    operation: ClassVar[str]

    async def post(self, request: EdgeRequest) -> EdgeReply:
        """Translate, call once, translate back."""
        body = await request.read_body()
        call = self.open_call(request, self.read_incoming(request, body))
        try:
            answer = await engine.run_call(call)
        except PortalError as error:
            reply = self.render_error(error, request)
            reply.headers += portal_headers.of_call(call)
            return reply
        return EdgeReply(
            body=answer.body,
            stream=answer.events,
            content_type=answer.content_type,
            headers=portal_headers.of_call(call),
        )

    def read_incoming(self, request: EdgeRequest, body: bytes) -> wire.Incoming:
        """The request as the engine wants it; Gemini and uploads read it in their own way."""
        return read_incoming(
            self.operation, body, headers=request.dialect_headers, query=request.query
        )

    def open_call(self, request: EdgeRequest, incoming: wire.Incoming) -> Call:
        """The call, with what the portal's own headers say about it."""
        return Call(
            request_id=request.request_id,
            principal=request.auth,
            source=self.dialect,
            incoming=incoming,
            scope=self.needed_scope(request),
            now=datetime.now(UTC),
            session=request.headers.get("x-session-id"),
            timeout_s=_timeout(request.headers.get("x-portal-timeout-s")),
            user_agent=request.headers.get("user-agent", "")[:200],
        )

    @override
    def render_error(self, error: PortalError, request: EdgeRequest) -> EdgeReply:
        """The caller's fault as the provider put it, when both speak the same dialect."""
        reply = super().render_error(error, request)
        if _passes(error, self.dialect.name) and isinstance(error, ProviderError):
            reply.status = error.status or reply.status
            reply.body = error.body
        return reply


def _passes(error: PortalError, dialect: str) -> bool:
    """Whether the provider's own words reach the caller: its dialect, and JSON."""
    kinds = (ProviderRejectedError, ProviderRateLimitError)
    if not isinstance(error, kinds) or error.dialect != dialect:
        return False
    try:
        return isinstance(msgspec.json.decode(error.body), dict)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _timeout(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise InvalidInputError(
            "X-Portal-Timeout-S must be a number of seconds above 0 and at most 3600."
        )
    return seconds
