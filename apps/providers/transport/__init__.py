"""Send bytes to a provider and hand back its answer: the only package that speaks HTTP.

It knows connections, timeouts, bounds and which addresses are allowed. It never sends anything
twice: whether a failed attempt may be repeated is the engine's decision, and `sent` on the error
tells it what is certain. Following a redirect would take a secret to another place: never done.
"""

from apps.providers.transport.client import AiohttpTransport
from apps.providers.transport.interface import Answer, Transport

__all__ = ["AiohttpTransport", "Answer", "Transport"]
