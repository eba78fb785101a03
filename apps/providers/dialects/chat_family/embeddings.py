"""Read and write embeddings of the chat family.

Source: OpenAI API reference, embeddings. Base64 is that of little-endian float32.
"""

import base64
import binascii
import sys
from array import array
from collections.abc import Sequence
from typing import Any

from apps.providers import wire
from apps.providers.dialects.chat_family.failures import raise_embedded
from apps.providers.dialects.chat_family.read_reply import text_of
from apps.providers.dialects.chat_family.usage import count
from apps.providers.dialects.reading import read_provider
from apps.providers.errors import ProviderProtocolError


def read_vectors(body: bytes) -> wire.EmbeddingReply:
    """The canonical reply, in the order of the inputs.

    Raises:
        ProviderProtocolError: the body is no list of vectors.
        ProviderError: it is an error in spite of its status.
    """
    plain = read_provider(dict[str, Any], body)
    raise_embedded(plain, body)
    data = plain.get("data")
    if not isinstance(data, list):
        raise ProviderProtocolError("The provider's answer has no embeddings.", body=body)
    items = [item for item in data if isinstance(item, dict)]
    if all(isinstance(item.get("index"), int) for item in items):
        items.sort(key=lambda item: int(item["index"]))
    return wire.EmbeddingReply(
        model=text_of(plain.get("model")),
        vectors=tuple(_vector(item.get("embedding"), body) for item in items),
        usage=read_embedding_usage(plain.get("usage")),
    )


def read_embedding_usage(usage: Any) -> wire.Usage | None:
    """Usage of a call that makes no tokens: everything is input."""
    if not isinstance(usage, dict):
        return None
    spent = count(usage.get("prompt_tokens")) or count(usage.get("total_tokens"))
    return wire.Usage(input_tokens=spent)


def write_vectors(reply: wire.EmbeddingReply, call: wire.EmbeddingCall) -> dict[str, Any]:
    """The answer, in the encoding that the caller asked for."""
    usage = reply.usage or wire.Usage()
    as_base64 = call.encoding == "base64"
    return {
        "object": "list",
        "data": [
            {
                "object": "embedding",
                "index": index,
                "embedding": pack_floats(vector) if as_base64 else vector,
            }
            for index, vector in enumerate(reply.vectors)
        ],
        "model": reply.model or call.model,
        "usage": {"prompt_tokens": usage.input_tokens, "total_tokens": usage.total_tokens},
    }


def pack_floats(vector: Sequence[float]) -> str:
    """Base64 of little-endian float32."""
    floats = array("f", vector)
    if sys.byteorder == "big":
        floats.byteswap()
    return base64.b64encode(floats.tobytes()).decode("ascii")


def unpack_floats(text: str) -> tuple[float, ...]:
    """The floats of base64 of little-endian float32.

    Raises:
        ValueError: it is something else.
    """
    floats = array("f")
    floats.frombytes(base64.b64decode(text, validate=True))
    if sys.byteorder == "big":
        floats.byteswap()
    return tuple(floats)


def _vector(embedding: Any, body: bytes) -> tuple[float, ...]:
    if isinstance(embedding, list):
        if all(isinstance(value, (int, float)) for value in embedding):
            return tuple(map(float, embedding))
    elif isinstance(embedding, str):
        try:
            return unpack_floats(embedding)
        except (binascii.Error, ValueError):
            pass
    raise ProviderProtocolError("The provider's embeddings cannot be read.", body=body)
