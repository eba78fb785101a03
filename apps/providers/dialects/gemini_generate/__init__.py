"""Gemini's generateContent family.

Source: ai.google.dev/api/generate-content, …/caching (Content, Tool, Schema), …/tokens,
…/embeddings; the types of the official Python client.
"""

from apps.providers.dialects.base import Dialect
from apps.providers.dialects.gemini_generate import inbound, outbound
from apps.providers.dialects.gemini_generate.terms import NAME

DIALECT = Dialect(
    name=NAME,
    outbound=outbound,
    inbound=inbound,
    auth="x-goog-api-key",
    title="Gemini generateContent",
)
