"""GET /v1/models and everything below it.

Three SDKs share these paths: OpenAI's, Anthropic's (known by `anthropic-version`) and Google's
(known by `x-goog-api-key`, and by the method after the colon), each in its own form.
"""

from datetime import UTC
from typing import Any

import msgspec
from typing_extensions import override

from apps.core.errors import InvalidInputError, PortalError
from apps.gateway.edge import EdgeReply, EdgeRequest, EdgeView
from apps.gateway.operations.gemini import GeminiModel, gemini_model, gemini_page
from apps.gateway.schema import EdgeSchema
from apps.gateway.shapes import gemini, models
from apps.inference import catalog
from apps.inference.catalog import EndpointEntry
from apps.providers.dialects import DIALECTS
from apps.providers.dialects.base import Dialect

_PAGE = 1000
_OPENAI = DIALECTS["openai_chat"]
_ANTHROPIC = DIALECTS["anthropic_messages"]
_GEMINI = DIALECTS["gemini_generate"]


def spoken(request: EdgeRequest) -> Dialect:
    """The dialect of a caller on a path that several dialects share."""
    if request.method == "POST" or "x-goog-api-key" in request.headers:
        return _GEMINI
    return _ANTHROPIC if "anthropic-version" in request.headers else _OPENAI


class Models(EdgeView):
    """List the endpoints that the caller may name in `model`."""

    path = "v1/models"
    dialect = _OPENAI
    schema = EdgeSchema(get=models.MODELS)

    async def get(self, request: EdgeRequest) -> EdgeReply:
        principal = request.auth
        entries = catalog.current().visible(principal.team_id, allowed=principal.endpoints)
        dialect = spoken(request)
        if dialect is _GEMINI:
            page = gemini_page(entries)
        elif dialect is _ANTHROPIC:
            page = _anthropic_page(entries, request)
        else:
            page = {"object": "list", "data": [_openai_model(entry) for entry in entries]}
        return EdgeReply(body=msgspec.json.encode(page))

    @override
    def render_error(self, error: PortalError, request: EdgeRequest) -> EdgeReply:
        return self.render_error_as(spoken(request), error, request)


class Model(GeminiModel):
    """Say what one endpoint is (GET); run one of Gemini's five methods on it (POST)."""

    path = "v1/models/<path:model>"
    schema = EdgeSchema(get=models.MODEL, methods=gemini.METHODS)

    @override
    async def get(self, request: EdgeRequest) -> EdgeReply:
        principal = request.auth
        entry = catalog.current().resolve(
            request.params["model"], principal.team_id, allowed=principal.endpoints
        )
        dialect = spoken(request)
        if dialect is _GEMINI:
            model = gemini_model(entry)
        else:
            model = _anthropic_model(entry) if dialect is _ANTHROPIC else _openai_model(entry)
        return EdgeReply(body=msgspec.json.encode(model))

    @override
    def render_error(self, error: PortalError, request: EdgeRequest) -> EdgeReply:
        if request.method == "POST":
            return super().render_error(error, request)
        return self.render_error_as(spoken(request), error, request)


def _openai_model(entry: EndpointEntry) -> dict[str, Any]:
    return {
        "id": entry.name,
        "object": "model",
        "created": int(entry.created_at.timestamp()),
        "owned_by": entry.owner,
    }


def _anthropic_model(entry: EndpointEntry) -> dict[str, Any]:
    created = entry.created_at.astimezone(UTC).replace(microsecond=0)
    return {
        "type": "model",
        "id": entry.name,
        "display_name": entry.description or entry.name,
        "created_at": created.isoformat().replace("+00:00", "Z"),
    }


def _anthropic_page(entries: tuple[EndpointEntry, ...], request: EdgeRequest) -> dict[str, Any]:
    """One page by `limit`, `after_id` and `before_id`."""
    names = [entry.name for entry in entries]
    limit = _limit(request.query.get("limit", "20"))
    after, before = request.query.get("after_id"), request.query.get("before_id")
    if before in names:
        end = names.index(before)
        start = max(end - limit, 0)
        has_more = start > 0
    else:
        start = names.index(after) + 1 if after in names else 0
        end = start + limit
        has_more = end < len(entries)
    page = entries[start:end]
    return {
        "data": [_anthropic_model(entry) for entry in page],
        "has_more": has_more,
        "first_id": page[0].name if page else None,
        "last_id": page[-1].name if page else None,
    }


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _PAGE:
        raise InvalidInputError(f"`limit` must be a number from 1 to {_PAGE}.", param="limit")
    return int(text)
