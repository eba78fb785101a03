"""Wire formats, both halves each, pure."""

from collections.abc import Mapping
from types import MappingProxyType

from apps.providers.dialects import (
    anthropic_messages,
    azure_inference,
    gemini_generate,
    openai_chat,
    openai_responses,
)
from apps.providers.dialects.base import Dialect

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        module.DIALECT.name: module.DIALECT
        for module in (
            openai_chat,
            openai_responses,
            anthropic_messages,
            gemini_generate,
            azure_inference,
        )
    }
)
