"""POST /v1/responses."""

from apps.gateway.inference_view import InferenceView
from apps.gateway.schema import EdgeSchema
from apps.gateway.shapes import openai
from apps.providers.dialects import DIALECTS


class Responses(InferenceView):
    """Answer one call in OpenAI's Responses form, stateless: it carries its whole context."""

    path = "v1/responses"
    scope = "inference:call"
    dialect = DIALECTS["openai_responses"]
    operation = "chat"
    schema = EdgeSchema(post=openai.RESPONSES)
