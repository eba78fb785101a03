"""Draw a small striped PNG that depends on its key only.

Source: PNG specification (W3C, third edition), 5 and 11.2
"""

import re
import struct
import zlib
from typing import Final

from apps.providers.simulator.dice import digest
from apps.providers.simulator.exchange import SimError

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MAX_SIDE: Final = 4096
DEFAULT_SIZE: Final = "256x256"
PALETTE_INDEX: Final = 3
STRIPE_ROWS: Final = 16


def draw(size: str, key: str) -> bytes:
    """Return a PNG of that size (`WIDTHxHEIGHT` or auto): two colours, one bit a pixel."""
    width, height = measures(size)
    colours = bytes.fromhex(digest(key)[:12])
    row = -(-width // 8)
    light, dark = b"\x00" + b"\xcc" * row, b"\x00" + b"\x33" * row
    lines = b"".join(light if at // STRIPE_ROWS % 2 else dark for at in range(height))
    header = struct.pack(">IIBBBBB", width, height, 1, PALETTE_INDEX, 0, 0, 0)
    chunks = (
        _chunk(b"IHDR", header),
        _chunk(b"PLTE", colours),
        _chunk(b"tEXt", b"Comment\x00simulated"),
        _chunk(b"IDAT", zlib.compress(lines)),
        _chunk(b"IEND", b""),
    )
    return SIGNATURE + b"".join(chunks)


def measures(size: str) -> tuple[int, int]:
    """Return width and height; an impossible size is the caller's mistake."""
    found = re.fullmatch(r"(\d{1,4})x(\d{1,4})", DEFAULT_SIZE if size == "auto" else size)
    width, height = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise SimError(400, f"[simulated] size has no value {size!r}.", param="size")
    return width, height


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
