"""The Azure AI Inference paths: /azure/chat/completions, /azure/embeddings and /azure/info."""

import msgspec
from typing_extensions import override

from apps.core.errors import InvalidInputError, NotFoundError
from apps.gateway.edge import EdgeReply, EdgeRequest, EdgeView
from apps.gateway.inference_view import InferenceView
from apps.gateway.schema import EdgeSchema
from apps.gateway.shapes import azure
from apps.inference import catalog
from apps.providers import wire
from apps.providers.dialects import DIALECTS


def require_api_version(request: EdgeRequest) -> None:
    """Refuse a call without `api-version`, as the service does."""
    if not request.query.get("api-version"):
        raise InvalidInputError(
            "The query parameter `api-version` is required, for example 2024-05-01-preview.",
            param="api-version",
        )


class AzureChatCompletions(InferenceView):
    """Answer one chat call in Azure AI Inference's form, whole or as a stream of events."""

    path = "azure/chat/completions"
    scope = "inference:call"
    dialect = DIALECTS["azure_inference"]
    operation = "chat"
    schema = EdgeSchema(post=azure.CHAT)

    @override
    def read_incoming(self, request: EdgeRequest, body: bytes) -> wire.Incoming:
        require_api_version(request)
        return super().read_incoming(request, body)


class AzureEmbeddings(AzureChatCompletions):
    """Turn texts into vectors, in Azure AI Inference's form."""

    path = "azure/embeddings"
    scope = "embeddings:call"
    operation = "embeddings"
    schema = EdgeSchema(post=azure.EMBEDDINGS)


class AzureInfo(EdgeView):
    """Say what the named model is; without a name, the only one that the caller may use."""

    path = "azure/info"
    dialect = DIALECTS["azure_inference"]
    schema = EdgeSchema(get=azure.INFO)

    async def get(self, request: EdgeRequest) -> EdgeReply:
        require_api_version(request)
        principal = request.auth
        visible = catalog.current().visible(principal.team_id, allowed=principal.endpoints)
        if name := request.query.get("model"):
            entry = catalog.current().resolve(name, principal.team_id, allowed=principal.endpoints)
        elif len(visible) == 1:
            entry = visible[0]
        elif visible:
            names = ", ".join(entry.name for entry in visible[:10])
            raise InvalidInputError(f"Name a model with `?model=`: {names}.", param="model")
        else:
            raise NotFoundError("No model is published for this key.")
        embeds = any("embeddings" in t.operations for t in entry.targets)
        chats = any("chat" in t.operations for t in entry.targets)
        info = {
            "model_name": entry.name,
            "model_type": "embeddings" if embeds and not chats else "chat-completion",
            "model_provider_name": entry.owner,
        }
        return EdgeReply(body=msgspec.json.encode(info))
