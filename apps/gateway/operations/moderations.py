"""POST /v1/moderations."""

from apps.gateway.inference_view import InferenceView
from apps.providers.dialects import DIALECTS


class Moderations(InferenceView):
    """Classify text or images as harmful or not, by a provider that offers it."""

    path = "v1/moderations"
    scope = "moderations:call"
    dialect = DIALECTS["openai_chat"]
    operation = "moderations"
