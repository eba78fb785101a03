"""The Gemini paths under /v1beta/models."""

from typing import Any

import msgspec
from typing_extensions import override

from apps.core.errors import InvalidInputError, NotFoundError
from apps.gateway import framing
from apps.gateway.body import read_fields
from apps.gateway.edge import EdgeReply, EdgeRequest, EdgeView
from apps.gateway.inference_view import InferenceView
from apps.gateway.schema import EdgeSchema
from apps.gateway.shapes import gemini
from apps.inference import catalog
from apps.inference.catalog import EndpointEntry
from apps.providers import wire
from apps.providers.dialects import DIALECTS

_VERBS = {
    "generateContent": ("chat", "inference:call"),
    "streamGenerateContent": ("chat", "inference:call"),
    "countTokens": ("count_tokens", "inference:call"),
    "embedContent": ("embeddings", "embeddings:call"),
    "batchEmbedContents": ("embeddings", "embeddings:call"),
}


class GeminiModels(EdgeView):
    """List the endpoints that the caller may name, in Gemini's form."""

    path = "v1beta/models"
    dialect = DIALECTS["gemini_generate"]
    schema = EdgeSchema(get=gemini.MODELS)

    async def get(self, request: EdgeRequest) -> EdgeReply:
        principal = request.auth
        entries = catalog.current().visible(principal.team_id, allowed=principal.endpoints)
        return EdgeReply(body=msgspec.json.encode(gemini_page(entries)))


class GeminiModel(InferenceView):
    """Run one of Gemini's five methods on an endpoint, or (GET) say what the endpoint is."""

    path = "v1beta/models/<path:model>"
    scope = "inference:call"
    dialect = DIALECTS["gemini_generate"]
    operation = "chat"
    schema = EdgeSchema(get=gemini.MODEL, methods=gemini.METHODS)

    @override
    def needed_scope(self, request: EdgeRequest) -> str:
        if request.method != "POST":
            return self.read_scope
        return _VERBS.get(_split(request)[1], ("", self.scope))[1]

    async def get(self, request: EdgeRequest) -> EdgeReply:
        principal = request.auth
        entry = catalog.current().resolve(
            request.params["model"], principal.team_id, allowed=principal.endpoints
        )
        return EdgeReply(body=msgspec.json.encode(gemini_model(entry)))

    @override
    def read_incoming(self, request: EdgeRequest, body: bytes) -> wire.Incoming:
        model, verb = _split(request)
        if verb not in _VERBS:
            raise NotFoundError(
                f"There is no method `{verb}`; the methods are {', '.join(_VERBS)}."
            )
        return wire.Incoming(
            operation=_VERBS[verb][0],
            model=model,
            body=body,
            fields=read_fields(body),
            stream=verb == "streamGenerateContent",
            headers=request.dialect_headers,
            query=request.query,
            verb=verb,
        )

    @override
    async def post(self, request: EdgeRequest) -> EdgeReply:
        alt = request.query.get("alt", "json")
        if alt not in ("sse", "json"):
            raise InvalidInputError("`alt` must be sse or json.", param="alt")
        reply = await super().post(request)
        if reply.stream is not None and alt != "sse":
            reply.stream = framing.as_array(reply.stream)
            reply.content_type = "application/json"
        return reply


def _split(request: EdgeRequest) -> tuple[str, str]:
    """Endpoint name and method of `…/models/{name}:{method}`; names may hold colons too."""
    model, _, verb = request.params["model"].rpartition(":")
    return model, verb


def gemini_page(entries: tuple[EndpointEntry, ...]) -> dict[str, Any]:
    """The endpoints as a page of Gemini models."""
    return {"models": [gemini_model(entry) for entry in entries]}


def gemini_model(entry: EndpointEntry) -> dict[str, Any]:
    """One endpoint as a Gemini model."""
    methods = [verb for verb, (operation, _) in _VERBS.items() if entry.offers(operation)]
    facts: dict[str, Any] = {
        "name": f"models/{entry.name}",
        "displayName": entry.name,
        "description": entry.description,
        "supportedGenerationMethods": methods,
    }
    limits = [target.model for target in entry.targets]
    if inputs := [m.max_input_tokens for m in limits if m.max_input_tokens]:
        facts["inputTokenLimit"] = min(inputs)
    if outputs := [m.max_output_tokens for m in limits if m.max_output_tokens]:
        facts["outputTokenLimit"] = min(outputs)
    return facts
