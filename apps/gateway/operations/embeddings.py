"""POST /v1/embeddings."""

from apps.gateway.inference_view import InferenceView
from apps.providers.dialects import DIALECTS


class Embeddings(InferenceView):
    """Turn texts into vectors, in OpenAI's form."""

    path = "v1/embeddings"
    scope = "embeddings:call"
    dialect = DIALECTS["openai_chat"]
    operation = "embeddings"
