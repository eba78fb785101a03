"""The half that speaks to a provider."""

from apps.providers.dialects.gemini_generate.building import (
    Options,
    build_count,
    build_request,
)
from apps.providers.dialects.gemini_generate.embeddings import build_embeddings, parse_embeddings
from apps.providers.dialects.gemini_generate.errors import parse_error
from apps.providers.dialects.gemini_generate.forwarding import FORWARDS, forward_request
from apps.providers.dialects.gemini_generate.replies import parse_count, parse_reply, read_facts
from apps.providers.dialects.gemini_generate.stream import is_usage_event, stream_parser

__all__ = [
    "FORWARDS",
    "Options",
    "build_count",
    "build_embeddings",
    "build_request",
    "forward_request",
    "is_usage_event",
    "parse_count",
    "parse_embeddings",
    "parse_error",
    "parse_reply",
    "read_facts",
    "stream_parser",
]
