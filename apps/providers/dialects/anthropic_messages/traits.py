"""What a model of this dialect takes, told from its name.

The service refuses settings that a model does not know, so tuning is fitted to the model before
it is sent. Names that are not Claude's (compatible vendors) are taken to accept everything.

Source: platform.claude.com/docs/en/build-with-claude/thinking, …/effort, and the migration guides
of Opus 4.7, Opus 5, Opus 5.5 and Fable 5.
"""

import re
from functools import lru_cache
from typing import Literal

import msgspec

_MODERN = re.compile(r"claude-(opus|sonnet|haiku|fable|mythos)-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_ALWAYS_THINKING = re.compile(r"claude-(?:fable|mythos)")
_OLD = re.compile(r"claude-(?:instant|v?[123]\b)")


class Traits(msgspec.Struct, frozen=True):
    """`off` is how thinking is turned off: by a type, by leaving it out, or not at all.

    `pair`: temperature and top_p may stand together.
    """

    adaptive: bool = True
    budget: bool = True
    sampling: bool = True
    pair: bool = True
    xhigh: bool = True
    off: Literal["disabled", "between_tools", "omit", "never"] = "disabled"

    @property
    def thinks_unasked(self) -> bool:
        """Whether a request that says nothing of thinking gets it."""
        return not self.budget and self.off != "omit"


_BEFORE_ADAPTIVE = Traits(adaptive=False)


@lru_cache(maxsize=512)
def traits_of(model: str) -> Traits:
    """The traits of a model by its name, whatever stands before or after it."""
    if _OLD.search(model):
        return _BEFORE_ADAPTIVE
    found = _MODERN.search(model)
    if found is None:
        if _ALWAYS_THINKING.search(model):
            return _newest("never")
        return Traits()
    family, version = found[1], (int(found[2]), int(found[3] or 0))
    if family in ("fable", "mythos"):
        return _newest("never")
    if version < (4, 6):
        return Traits(adaptive=False, pair=version < (4, 1))
    if version == (4, 6):
        return Traits(pair=False, xhigh=False)
    return _newest(_way_off(family, version))


def _newest(off: Literal["disabled", "between_tools", "omit", "never"]) -> Traits:
    return Traits(budget=False, sampling=False, pair=False, off=off)


def _way_off(
    family: str, version: tuple[int, int]
) -> Literal["disabled", "between_tools", "omit", "never"]:
    if version < (5, 0):
        return "omit"
    if version < (5, 5) or family == "haiku":
        return "disabled"
    return "between_tools" if family == "sonnet" else "never"
