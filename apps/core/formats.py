"""Numbers as people read them: money, tokens, durations, moments."""

from datetime import UTC, datetime
from typing import Final

NOTHING: Final = "–"
_MICROS: Final = 1_000_000


def usd(micros: int | None) -> str:
    """Millionths of a dollar as dollars, with as many places as say something."""
    if micros is None:
        return NOTHING
    if micros == 0:
        return "$0"
    amount = abs(micros) / _MICROS
    places = 2 if amount >= 1 else 4 if amount >= 0.01 else 6
    return f"{'-' if micros < 0 else ''}${amount:,.{places}f}"


def count(number: int | None) -> str:
    """A number with its thousands apart."""
    return NOTHING if number is None else f"{number:,}"


def tokens(used: int, made: int) -> str:
    """Input and output tokens as one text."""
    return f"{used:,} → {made:,}"


def duration(ms: float | None) -> str:
    """Milliseconds as milliseconds, seconds or minutes."""
    if ms is None:
        return NOTHING
    if ms < 1:
        return f"{ms:.2f} ms"
    if ms < 1000:
        return f"{ms:.0f} ms"
    if ms < 60_000:
        return f"{ms / 1000:.2f} s"
    return f"{int(ms // 60_000)} min {ms % 60_000 / 1000:.0f} s"


def moment(when: datetime | None) -> str:
    """A time to the second, in UTC."""
    return NOTHING if when is None else f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
