"""Opaque proofs that a piece of reasoning was said by this simulated provider.

Real providers refuse signatures that are not their own, so this one does too: who sends the
reasoning of one dialect to another is found out.
"""

import base64
import binascii
from typing import Final

from apps.providers.simulator.dice import digest

PREFIX: Final = "simulated:{dialect}:"


def sign(dialect: str, *texts: str) -> str:
    """Return a signature in base64."""
    plain = PREFIX.format(dialect=dialect) + digest(dialect, *texts)
    return base64.b64encode(plain.encode()).decode()


def is_ours(dialect: str, signature: object) -> bool:
    """Whether this simulator signed it, for this dialect."""
    if not isinstance(signature, str):
        return False
    try:
        plain = base64.b64decode(signature.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        return False
    return plain.startswith(PREFIX.format(dialect=dialect).encode())
