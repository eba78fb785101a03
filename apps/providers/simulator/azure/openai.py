"""Answer the Azure OpenAI API, where the deployment stands in the path.

Source: https://learn.microsoft.com/azure/ai-services/openai/reference
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import orjson

from apps.providers.simulator.exchange import Incoming, Stream, Whole, data_event, json_reply
from apps.providers.simulator.openai import chat
from apps.providers.simulator.openai import embeddings as openai_embeddings

SAFE: Final = {"filtered": False, "severity": "safe"}
FILTERS: Final = dict.fromkeys(("hate", "self_harm", "sexual", "violence"), SAFE)
PROMPT_FILTERS: Final = [{"prompt_index": 0, "content_filter_results": FILTERS}]


def complete(incoming: Incoming) -> Whole | Stream:
    """Answer POST /openai/deployments/{model}/chat/completions."""
    reply = chat.complete(_named(incoming))
    if isinstance(reply, Stream):
        return Stream(_events(reply), reply.media_type)
    body = orjson.loads(reply.body)
    for choice in body["choices"]:
        choice["content_filter_results"] = FILTERS
    return json_reply({**body, "prompt_filter_results": PROMPT_FILTERS})


def embed(incoming: Incoming) -> Whole:
    """Answer POST /openai/deployments/{model}/embeddings."""
    return openai_embeddings.embed(_named(incoming))


def _named(incoming: Incoming) -> Incoming:
    """Return the request with its deployment as the model."""
    return replace(incoming, body={**incoming.body, "model": incoming.parts["model"]})


def _events(reply: Stream) -> Iterator[bytes]:
    """Give a first chunk without choices, usage or ids, then the chunks as they are."""
    first: dict[str, Any] = {"choices": [], "created": 0, "id": "", "model": "", "object": ""}
    yield data_event({**first, "prompt_filter_results": PROMPT_FILTERS})
    yield from reply.events
