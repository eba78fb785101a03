"""POST /v1/embeddings."""

from apps.gateway.inference_view import InferenceView
from apps.gateway.schema import EdgeSchema
from apps.gateway.shapes import openai
from apps.providers.dialects import DIALECTS


class Embeddings(InferenceView):
    """Turn texts into vectors, in OpenAI's form."""

    path = "v1/embeddings"
    scope = "embeddings:call"
    dialect = DIALECTS["openai_chat"]
    operation = "embeddings"
    schema = EdgeSchema(post=openai.EMBEDDINGS)
