"""The data plane's operations: one file each, one line here."""

import inspect
from collections.abc import Iterator

from apps.core.operations import Operation
from apps.gateway.edge import EdgeView
from apps.gateway.operations.audio import Speech, Transcriptions, Translations
from apps.gateway.operations.azure import AzureChatCompletions, AzureEmbeddings, AzureInfo
from apps.gateway.operations.chat_completions import ChatCompletions
from apps.gateway.operations.count_tokens import CountTokens
from apps.gateway.operations.embeddings import Embeddings
from apps.gateway.operations.gemini import GeminiModel, GeminiModels
from apps.gateway.operations.images import ImageGenerations
from apps.gateway.operations.messages import Messages
from apps.gateway.operations.models import Model, Models
from apps.gateway.operations.moderations import Moderations
from apps.gateway.operations.rerank import Rerank
from apps.gateway.operations.responses import Responses

OPERATIONS: tuple[type[EdgeView], ...] = (
    ChatCompletions,
    Responses,
    Embeddings,
    Moderations,
    ImageGenerations,
    Speech,
    Transcriptions,
    Translations,
    Rerank,
    Models,
    Model,
    Messages,
    CountTokens,
    GeminiModels,
    GeminiModel,
    AzureChatCompletions,
    AzureEmbeddings,
    AzureInfo,
)


def describe(view: type[EdgeView]) -> Iterator[Operation]:
    """The view's entries in the table of operations, one for each HTTP method that it answers."""
    for method in ("GET", "POST"):
        if hasattr(view, method.lower()):
            scope = view.read_scope if method == "GET" else view.scope
            yield Operation(
                name=f"{view.__name__}.{method.lower()}",
                description=inspect.cleandoc(view.__doc__ or ""),
                scope=scope,
                method=method,
                path=view.path.replace("<path:model>", "{model}"),
                handler=view,
                risk="spend" if method == "POST" else "read",
            )
