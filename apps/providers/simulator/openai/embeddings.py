"""Answer embeddings, as numbers or as base64.

Source: openapi `CreateEmbeddingResponse`.
"""

from typing import Any, Final

from apps.providers.simulator import reading, tokens, vectors
from apps.providers.simulator.exchange import Incoming, SimError, Whole, json_reply
from apps.providers.simulator.reading import Body

ENCODINGS: Final = ("float", "base64")


def embed(incoming: Incoming) -> Whole:
    """Answer POST /embeddings."""
    body = incoming.body
    reading.required(body, "model", "input")
    encoding = reading.one_of(body.get("encoding_format") or "float", ENCODINGS, "encoding_format")
    return json_reply(result_of(body, read_inputs(body["input"]), encoding))


def result_of(body: Body, inputs: list[tuple[str, int]], encoding: str) -> dict[str, Any]:
    """Return the list of embeddings with its usage."""
    size = wanted_size(reading.whole(body, "dimensions"))
    data = []
    for index, (text, _) in enumerate(inputs):
        values = vectors.vector(text, size)
        shown = vectors.as_base64(values) if encoding == "base64" else values
        data.append({"object": "embedding", "index": index, "embedding": shown})
    spent = sum(count for _, count in inputs)
    usage = {"prompt_tokens": spent, "total_tokens": spent}
    return {"object": "list", "data": data, "model": str(body.get("model") or ""), "usage": usage}


def wanted_size(asked: int | None) -> int:
    """Return how many numbers a vector has."""
    if asked is not None and asked > vectors.MAX_SIZE:
        message = f"[simulated] dimensions must be at most {vectors.MAX_SIZE}."
        raise SimError(400, message, param="dimensions")
    return asked or vectors.DEFAULT_SIZE


def read_inputs(value: Any) -> list[tuple[str, int]]:
    """Return each input as a text with its token count; token ids are read as words."""
    if isinstance(value, str):
        value = [value]
    inputs = reading.items(value, "input", least=1)
    if all(isinstance(item, int) for item in inputs):
        inputs = [inputs]
    return [_one(item, f"input[{at}]") for at, item in enumerate(inputs)]


def _one(item: Any, where: str) -> tuple[str, int]:
    if isinstance(item, list) and item and all(isinstance(token, int) for token in item):
        return " ".join(map(str, item)), len(item)
    text = reading.text(item, where)
    if not text:
        raise SimError(400, f"[simulated] {where} must not be empty.", param="input")
    return text, tokens.count(text)
