"""Embeddings: a bag of hashed words, so that texts which share words point the same way."""

import base64
import hashlib
import math
import re
import struct
from typing import Final

DEFAULT_SIZE: Final = 256
MAX_SIZE: Final = 4096


def vector(text: str, size: int = DEFAULT_SIZE) -> list[float]:
    """Return a unit vector of float32 values that depends on the words of the text."""
    values = [0.0] * size
    for word in re.findall(r"\w+", text.lower()) or [""]:
        seed = hashlib.sha256(word.encode("utf-8", "replace")).digest()
        for at in range(0, 24, 3):
            place = int.from_bytes(seed[at : at + 2], "big") % size
            values[place] += 1.0 if seed[at + 2] & 1 else -1.0
    length = math.sqrt(sum(value * value for value in values))
    if length == 0:
        values[0] = length = 1.0
    exact = struct.pack(f"<{size}f", *(value / length for value in values))
    return list(struct.unpack(f"<{size}f", exact))


def as_base64(values: list[float]) -> str:
    """Return the values as little-endian float32 in base64, as the OpenAI client wants them."""
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()


def closeness(left: str, right: str) -> float:
    """Return how near two texts are, from 0 to 1."""
    product = sum(a * b for a, b in zip(vector(left), vector(right), strict=True))
    return round(min(max(product, 0.0), 1.0), 6)
