"""Repeatable choices: the same seed always throws the same sequence."""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def digest(*texts: str) -> str:
    """Return 64 hexadecimal digits that depend on every text and on their borders."""
    sha = hashlib.sha256()
    for text in texts:
        sha.update(text.encode("utf-8", "replace"))
        sha.update(b"\x00")
    return sha.hexdigest()


class Dice:
    """A stream of numbers that depends on its seed only, on every platform and version."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._throws = 0

    def below(self, limit: int) -> int:
        """Return the next number in 0 … limit - 1."""
        self._throws += 1
        return int(digest(self._seed, str(self._throws))[:12], 16) % max(limit, 1)

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of the choices, which may not be empty."""
        return choices[self.below(len(choices))]

    def letters(self, count: int) -> str:
        """Return that many hexadecimal digits."""
        text = ""
        while len(text) < count:
            self._throws += 1
            text += digest(self._seed, str(self._throws))
        return text[:count]
