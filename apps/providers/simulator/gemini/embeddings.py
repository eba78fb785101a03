"""Answer embedContent and batchEmbedContents.

Source: https://ai.google.dev/api/embeddings
"""

from apps.providers.simulator import reading, vectors
from apps.providers.simulator.exchange import Incoming, SimError, Whole, json_reply
from apps.providers.simulator.gemini.reading import field, read_content
from apps.providers.simulator.reading import Body


def embed(incoming: Incoming) -> Whole:
    """Answer POST models/{model}:embedContent."""
    return json_reply({"embedding": {"values": _values(incoming.body, "request")}})


def embed_batch(incoming: Incoming) -> Whole:
    """Answer POST models/{model}:batchEmbedContents."""
    requests = reading.items(incoming.body.get("requests"), "requests", least=1)
    return json_reply(
        {
            "embeddings": [
                {"values": _values(reading.mapping(one, f"requests[{at}]"), f"requests[{at}]")}
                for at, one in enumerate(requests)
            ]
        }
    )


def _values(body: Body, where: str) -> list[float]:
    size = reading.whole({"size": field(body, "outputDimensionality")}, "size")
    if size is not None and size > vectors.MAX_SIZE:
        raise SimError(400, f"[simulated] {where}.output_dimensionality is too large.")
    text = read_content(body.get("content"), f"{where}.content").text
    return vectors.vector(text, size or vectors.DEFAULT_SIZE)
