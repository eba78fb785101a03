"""POST /v1/images/generations."""

from apps.gateway.inference_view import InferenceView
from apps.gateway.schema import EdgeSchema
from apps.gateway.shapes import openai_media
from apps.providers.dialects import DIALECTS


class ImageGenerations(InferenceView):
    """Draw an image from a text, by a provider that offers it."""

    path = "v1/images/generations"
    scope = "images:call"
    dialect = DIALECTS["openai_chat"]
    operation = "images"
    schema = EdgeSchema(post=openai_media.IMAGES)
