"""OpenAI chat completions, and the many vendors and servers that speak it.

Source: platform.openai.com/docs/api-reference/chat and the official OpenAPI document.
"""

from apps.providers.dialects.base import Dialect
from apps.providers.dialects.openai_chat import inbound, outbound

DIALECT = Dialect(outbound.NAME, outbound, inbound, "bearer", "OpenAI Chat Completions")
