"""The half that speaks to a caller."""

from apps.providers.dialects.gemini_generate.embeddings import decode_embeddings, render_embeddings
from apps.providers.dialects.gemini_generate.errors import render_error, render_stream_error
from apps.providers.dialects.gemini_generate.rendering import stream_renderer
from apps.providers.dialects.gemini_generate.replies import render_count, render_reply
from apps.providers.dialects.gemini_generate.requests import decode_count, decode_request

__all__ = [
    "decode_count",
    "decode_embeddings",
    "decode_request",
    "render_count",
    "render_embeddings",
    "render_error",
    "render_reply",
    "render_stream_error",
    "stream_renderer",
]
