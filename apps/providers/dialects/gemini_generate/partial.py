"""Put streamed arguments of a function call together.

Source: ai.google.dev/api/caching#PartialArg (a JSON path and a value, strings in pieces).
"""

import re
from itertools import pairwise
from typing import Any

from apps.providers.dialects.gemini_generate.parts import PartialArg
from apps.providers.errors import ProviderProtocolError

MOST_ITEMS = 10_000
_STEP = re.compile(
    r"""\.(?P<name>[^.\[\]]+)|\[(?P<index>\d+)\]|\['(?P<single>[^']*)'\]|\["(?P<double>[^"]*)"\]"""
)

Path = tuple[str | int, ...]


class PartialArgs:
    """The arguments so far."""

    def __init__(self) -> None:
        self.value: dict[str, Any] = {}
        self._growing: Path | None = None

    def add(self, piece: PartialArg) -> None:
        """Take one piece.

        Raises:
            ProviderProtocolError: its path leads nowhere.
        """
        path = _read_path(piece.json_path or "")
        if piece.string_value is not None and path == self._growing:
            _put(self.value, path, piece.string_value, more=True)
        else:
            _put(self.value, path, _value(piece))
        self._growing = path if piece.will_continue else None


def _value(piece: PartialArg) -> Any:
    for value in (piece.string_value, piece.number_value, piece.bool_value):
        if value is not None:
            return value
    return "" if piece.null_value is None and piece.will_continue else None


def _read_path(text: str) -> Path:
    path: list[str | int] = []
    end = 1
    if text.startswith("$"):
        while match := _STEP.match(text, end):
            name = match["name"] or match["single"] or match["double"]
            path.append(int(match["index"]) if match["index"] is not None else name or "")
            end = match.end()
    if not path or end != len(text) or isinstance(path[0], int):
        raise ProviderProtocolError("The provider streamed arguments to a path that is none.")
    return tuple(path)


def _put(root: dict[str, Any], path: Path, value: Any, *, more: bool = False) -> None:
    place: Any = root
    for step, following in pairwise(path):
        place = _enter(place, step, [] if isinstance(following, int) else {})
    held = _enter(place, path[-1], "" if more else None)
    place[path[-1]] = held + value if more and isinstance(held, str) else value


def _enter(place: Any, step: str | int, empty: Any) -> Any:
    """What is at `step`; made `empty` when nothing is there."""
    if isinstance(step, int) and isinstance(place, list) and step < MOST_ITEMS:
        place.extend([None] * (step + 1 - len(place)))
        if place[step] is None:
            place[step] = empty
        return place[step]
    if isinstance(step, str) and isinstance(place, dict):
        if place.get(step) is None:
            place[step] = empty
        return place[step]
    raise ProviderProtocolError("The provider streamed arguments that do not fit together.")
