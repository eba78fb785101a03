"""POST /v1/chat/completions."""

from apps.gateway.inference_view import InferenceView
from apps.gateway.schema import EdgeSchema
from apps.gateway.shapes import openai
from apps.providers.dialects import DIALECTS


class ChatCompletions(InferenceView):
    """Answer one chat call in OpenAI's form, whole or as a stream of events."""

    path = "v1/chat/completions"
    scope = "inference:call"
    dialect = DIALECTS["openai_chat"]
    operation = "chat"
    schema = EdgeSchema(post=openai.CHAT)
