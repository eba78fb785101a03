"""POST /v1/rerank."""

from apps.gateway.inference_view import InferenceView
from apps.gateway.schema import EdgeSchema
from apps.gateway.shapes import openai_media
from apps.providers.dialects import DIALECTS


class Rerank(InferenceView):
    """Order documents by how well they answer a query, by a provider that offers it."""

    path = "v1/rerank"
    scope = "rerank:call"
    dialect = DIALECTS["openai_chat"]
    operation = "rerank"
    schema = EdgeSchema(post=openai_media.RERANK)
