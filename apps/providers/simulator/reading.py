"""Small checks that all dialects use while they read a request."""

from collections.abc import Mapping
from typing import Any

from apps.providers.simulator.exchange import SimError

Body = Mapping[str, Any]


def mapping(value: Any, where: str) -> Body:
    """Return the value if it is an object."""
    if isinstance(value, Mapping):
        return value
    raise SimError(400, f"[simulated] {where} must be an object.", param=where)


def items(value: Any, where: str, *, least: int = 0) -> list[Any]:
    """Return the value if it is an array of at least that many items."""
    if not isinstance(value, list):
        raise SimError(400, f"[simulated] {where} must be an array.", param=where)
    if len(value) < least:
        raise SimError(400, f"[simulated] {where} must have at least {least} item.", param=where)
    return value


def text(value: Any, where: str) -> str:
    """Return the value if it is a text."""
    if isinstance(value, str):
        return value
    raise SimError(400, f"[simulated] {where} must be a text.", param=where)


def number(body: Body, name: str, low: float, high: float) -> None:
    """Refuse a number out of its range; absent and null are fine."""
    value = body.get(name)
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise SimError(400, f"[simulated] {name} must be a number.", param=name)
    if not low <= value <= high:
        raise SimError(400, f"[simulated] {name} must be from {low} to {high}.", param=name)


def whole(body: Body, name: str, low: int = 1) -> int | None:
    """Return a whole number of at least `low`, or None if it is absent."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise SimError(400, f"[simulated] {name} must be a whole number.", param=name)
    if value < low:
        raise SimError(400, f"[simulated] {name} must be at least {low}.", param=name)
    return value


def texts(value: Any, where: str) -> tuple[str, ...]:
    """Return one text or several as a tuple."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    return tuple(text(item, where) for item in items(value, where))


def required(body: Body, *names: str) -> None:
    """Refuse a body without one of these fields."""
    for name in names:
        if body.get(name) is None:
            raise SimError(
                400,
                f"[simulated] Missing required parameter: '{name}'.",
                code="missing_required_parameter",
                param=name,
            )
