"""POST /v1/audio/speech, /v1/audio/transcriptions and /v1/audio/translations."""

from typing_extensions import override

from apps.core.errors import InvalidInputError
from apps.gateway.edge import EdgeRequest
from apps.gateway.inference_view import InferenceView
from apps.gateway.schema import EdgeSchema
from apps.gateway.shapes import openai_media
from apps.providers import wire
from apps.providers.dialects import DIALECTS
from apps.providers.dialects.openai_chat import multipart


class Speech(InferenceView):
    """Speak a text, by a provider that offers it; the answer is the provider's audio."""

    path = "v1/audio/speech"
    scope = "audio:call"
    dialect = DIALECTS["openai_chat"]
    operation = "speech"
    schema = EdgeSchema(post=openai_media.SPEECH)


class Transcriptions(InferenceView):
    """Write down what an uploaded recording says (multipart/form-data)."""

    path = "v1/audio/transcriptions"
    scope = "audio:call"
    dialect = DIALECTS["openai_chat"]
    operation = "transcriptions"
    schema = EdgeSchema(post=openai_media.TRANSCRIPTIONS)

    @override
    def read_incoming(self, request: EdgeRequest, body: bytes) -> wire.Incoming:
        model = multipart.read_field(body, request.headers.get("content-type", ""), "model")
        if not model:
            raise InvalidInputError("The form field `model` is required.", param="model")
        stream = multipart.read_field(body, request.headers.get("content-type", ""), "stream")
        return wire.Incoming(
            operation=self.operation,
            model=model,
            body=body,
            stream=stream == "true",
            headers=request.dialect_headers,
            query=request.query,
        )


class Translations(Transcriptions):
    """Write down in English what an uploaded recording says (multipart/form-data)."""

    path = "v1/audio/translations"
    operation = "translations"
    schema = EdgeSchema(post=openai_media.TRANSLATIONS)
