"""POST /v1/messages/count_tokens."""

from apps.gateway.inference_view import InferenceView
from apps.gateway.schema import EdgeSchema
from apps.gateway.shapes import anthropic
from apps.providers.dialects import DIALECTS


class CountTokens(InferenceView):
    """Count the input tokens of a request in Anthropic's form without running it."""

    path = "v1/messages/count_tokens"
    scope = "inference:call"
    dialect = DIALECTS["anthropic_messages"]
    operation = "count_tokens"
    schema = EdgeSchema(post=anthropic.COUNT_TOKENS)
