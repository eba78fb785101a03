"""Small checks that all dialects use while they read a request."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from apps.providers.simulator.exchange import SimError

Body = Mapping[str, Any]
MAX_TOP_LOGPROBS: Final = 20


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


def one_of(value: Any, options: Collection[str], where: str) -> str:
    """Return the value if it is one of the words."""
    if isinstance(value, str) and value in options:
        return value
    message = f"[simulated] {where} must be one of {', '.join(options)}, not {value!r}."
    raise SimError(400, message, param=where)


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


def top_logprobs(value: Any, *, wanted: Any) -> int | None:
    """Return how many rivals each token is shown with, or None if nobody asked."""
    asked = whole({"top_logprobs": value}, "top_logprobs", 0) or 0
    if asked > MAX_TOP_LOGPROBS:
        message = f"[simulated] top_logprobs must be at most {MAX_TOP_LOGPROBS}."
        raise SimError(400, message, param="top_logprobs")
    return asked if wanted else None


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
