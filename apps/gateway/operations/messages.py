"""POST /v1/messages."""

from apps.gateway.inference_view import InferenceView
from apps.gateway.schema import EdgeSchema
from apps.gateway.shapes import anthropic
from apps.providers.dialects import DIALECTS


class Messages(InferenceView):
    """Answer one chat call in Anthropic's form, whole or as a stream of events."""

    path = "v1/messages"
    scope = "inference:call"
    dialect = DIALECTS["anthropic_messages"]
    operation = "chat"
    schema = EdgeSchema(post=anthropic.MESSAGES)
