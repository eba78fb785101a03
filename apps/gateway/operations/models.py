"""GET /v1/models and /v1/models/{id}, in OpenAI's form or, by `anthropic-version`, Anthropic's."""

from datetime import UTC
from typing import Any

import msgspec
from typing_extensions import override

from apps.core.errors import InvalidInputError, PortalError
from apps.gateway.edge import EdgeReply, EdgeRequest, EdgeView
from apps.inference import catalog
from apps.inference.catalog import EndpointEntry
from apps.providers.dialects import DIALECTS

_PAGE = 1000


class Models(EdgeView):
    """List the endpoints that the caller may name in `model`."""

    path = "v1/models"
    dialect = DIALECTS["openai_chat"]

    async def get(self, request: EdgeRequest) -> EdgeReply:
        principal = request.auth
        entries = catalog.current().visible(principal.team_id, allowed=principal.endpoints)
        if _speaks_anthropic(request):
            return EdgeReply(body=msgspec.json.encode(_anthropic_page(entries, request)))
        page = {"object": "list", "data": [_openai_model(entry) for entry in entries]}
        return EdgeReply(body=msgspec.json.encode(page))

    @override
    def render_error(self, error: PortalError, request: EdgeRequest) -> EdgeReply:
        return _in_callers_dialect(self, error, request)


class Model(EdgeView):
    """Say what one endpoint is."""

    path = "v1/models/<path:model>"
    dialect = DIALECTS["openai_chat"]

    async def get(self, request: EdgeRequest) -> EdgeReply:
        principal = request.auth
        entry = catalog.current().resolve(
            request.params["model"], principal.team_id, allowed=principal.endpoints
        )
        render = _anthropic_model if _speaks_anthropic(request) else _openai_model
        return EdgeReply(body=msgspec.json.encode(render(entry)))

    @override
    def render_error(self, error: PortalError, request: EdgeRequest) -> EdgeReply:
        return _in_callers_dialect(self, error, request)


def _speaks_anthropic(request: EdgeRequest) -> bool:
    return "anthropic-version" in request.headers


def _in_callers_dialect(view: EdgeView, error: PortalError, request: EdgeRequest) -> EdgeReply:
    name = "anthropic_messages" if _speaks_anthropic(request) else view.dialect.name
    rendered = DIALECTS[name].inbound.render_error(error, request_id=request.request_id)
    return EdgeReply(
        body=rendered.body,
        status=rendered.status,
        headers=list(rendered.headers),
        content_type=rendered.content_type,
    )


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
    """One page by `limit`, `after_id` and `before_id` (AN-8)."""
    names = [entry.name for entry in entries]
    start, end = 0, len(entries)
    if (after := request.query.get("after_id")) in names:
        start = names.index(after) + 1
    if (before := request.query.get("before_id")) in names:
        end = names.index(before)
    limit = _limit(request.query.get("limit", "20"))
    if before and not after:
        start = max(start, end - limit)
    page = entries[start : min(end, start + limit)]
    return {
        "data": [_anthropic_model(entry) for entry in page],
        "has_more": len(page) < end - start if not before else start > 0,
        "first_id": page[0].name if page else None,
        "last_id": page[-1].name if page else None,
    }


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _PAGE:
        raise InvalidInputError(f"`limit` must be a number from 1 to {_PAGE}.", param="limit")
    return int(text)
