"""The data plane's operations: one file each, one line here."""

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
