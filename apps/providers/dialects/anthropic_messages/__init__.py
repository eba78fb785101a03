"""Anthropic Messages.

Source: platform.claude.com/docs/en/api/messages and the types of the official Python SDK 2.12.
"""

from apps.providers.dialects.anthropic_messages import inbound, outbound
from apps.providers.dialects.anthropic_messages.terms import NAME
from apps.providers.dialects.base import Dialect

DIALECT = Dialect(
    NAME, outbound, inbound, "x-api-key", "Anthropic Messages", request_id_header="request-id"
)
