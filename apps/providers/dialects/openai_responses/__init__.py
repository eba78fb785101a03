"""OpenAI Responses, the stateless part.

Source: OpenAI API reference, create a response and its streaming events.
"""

from apps.providers.dialects.base import Dialect
from apps.providers.dialects.openai_responses import inbound, outbound

DIALECT = Dialect(
    name="openai_responses",
    outbound=outbound,
    inbound=inbound,
    auth="bearer",
    title="OpenAI Responses",
)
