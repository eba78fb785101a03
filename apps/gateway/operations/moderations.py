"""POST /v1/moderations."""

from apps.gateway.inference_view import InferenceView
from apps.gateway.schema import EdgeSchema
from apps.gateway.shapes import openai_media
from apps.providers.dialects import DIALECTS


class Moderations(InferenceView):
    """Classify text or images as harmful or not, by a provider that offers it."""

    path = "v1/moderations"
    scope = "moderations:call"
    dialect = DIALECTS["openai_chat"]
    operation = "moderations"
    schema = EdgeSchema(post=openai_media.MODERATIONS)
