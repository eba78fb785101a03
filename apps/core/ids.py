"""Public ids: a prefix that names the kind, then 26 characters that sort by time of creation."""

import base64
import os
import random
import threading
import time
from typing import Final

RANDOM_BITS: Final = 80
LENGTH: Final = 26
CROCKFORD: Final = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghjkmnpqrstvwxyz"
)

# An id is a name and no secret. The system's own generator would let go of the interpreter lock
# for each id, and wait for it behind every busy thread.
_random = random.Random(os.urandom(32))  # noqa: S311
os.register_at_fork(after_in_child=lambda: _random.seed(os.urandom(32)))
_lock = threading.Lock()
_last = 0


def new_id(prefix: str) -> str:
    """Make an id such as `key_01kav6…`: 48 bits of milliseconds, 80 random bits.

    Ids of one process ascend, also within a millisecond; those of several processes ascend as
    far as their clocks agree. An id is a name and no secret.
    """
    global _last
    fresh = (time.time_ns() // 1_000_000) << RANDOM_BITS | _random.getrandbits(RANDOM_BITS)
    with _lock:
        # Within one millisecond, or after a clock that went back: a random step up from the last.
        number = _last = fresh if fresh > _last else _last + 1 + _random.getrandbits(32)
    return f"{prefix}_{encode(number)}"


def encode(number: int) -> str:
    """Write 128 bits in 26 lower-case characters of Crockford's base 32, most significant first.

    Source: https://github.com/ulid/spec, Encoding.
    """
    padded = (number << 30).to_bytes(20, "big")
    return base64.b32encode(padded).translate(CROCKFORD)[:LENGTH].decode("ascii")
