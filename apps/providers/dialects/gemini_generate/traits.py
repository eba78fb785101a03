"""What a model of this dialect takes, told from its name.

Names that are not Gemini's are taken to accept everything.

Source: ai.google.dev/gemini-api/docs/thinking and …/thought-signatures, tables by model.
"""

import re
from functools import lru_cache

import msgspec

_NAME = re.compile(r"gemini-(\d+)(?:\.(\d+))?(?:-(pro|flash))?(-lite)?")
_ALL = ("minimal", "low", "medium", "high", "xhigh")


class Traits(msgspec.Struct, frozen=True):
    """`levels` are the thinking levels, lowest first; `budget` the least and most tokens.

    Models of before 2.5 have neither. `off`: a budget of 0 turns thinking off. `signed_calls`:
    calls without a signature are refused. `media_results`: a function's response may hold media.
    """

    levels: tuple[str, ...] = _ALL
    budget: tuple[int, int] | None = None
    off: bool = True
    signed_calls: bool = False
    media_results: bool = True

    @property
    def thinks(self) -> bool:
        """Whether the model has thoughts to configure."""
        return bool(self.levels) or self.budget is not None


@lru_cache(maxsize=512)
def traits_of(model: str) -> Traits:
    """The traits of a model by its name, whatever stands before or after it."""
    found = _NAME.search(model)
    if found is None:
        return Traits()
    version = (int(found[1]), int(found[2] or 0))
    pro, lite = found[3] == "pro", bool(found[4])
    if version < (2, 5):
        return Traits(levels=(), off=False, media_results=False)
    if version < (3, 0):
        return _by_budget(pro=pro, lite=lite)
    return Traits(levels=_levels(version, pro=pro, lite=lite), off=False, signed_calls=True)


def _by_budget(*, pro: bool, lite: bool) -> Traits:
    limits = (128, 32768) if pro else (512 if lite else 1, 24576)
    return Traits(levels=(), budget=limits, off=not pro, media_results=False)


def _levels(version: tuple[int, int], *, pro: bool, lite: bool) -> tuple[str, ...]:
    if version >= (4, 0):
        return _ALL[1:]
    if pro:
        return ("low", "high") if version == (3, 0) else ("low", "medium", "high")
    return _ALL[1:4] if version >= (3, 7) and not lite else _ALL[:4]
