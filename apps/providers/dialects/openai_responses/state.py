"""Refuse what would need state: the portal keeps no response, and asks providers to keep none."""

from collections.abc import Mapping

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers.errors import UnsupportedContentError

_ABSENT = (b"null", b'""')
_STATEFUL = {
    "previous_response_id": "Send the whole conversation in `input`.",
    "conversation": "Send the whole conversation in `input`.",
    "prompt": "Send the instructions and the input themselves.",
}
_MUST_BE_FALSE = {
    "background": "Leave it out or send false.",
    "store": "No response is kept: leave it out or send false.",
}


class _Reference(msgspec.Struct):
    type: str | None = None


def refuse_stateful(fields: Mapping[str, msgspec.Raw]) -> None:
    """Check the top-level fields of a request, whoever will answer it.

    Raises:
        UnsupportedContentError: a field asks for state; `param` names it.
    """
    for name, advice in _STATEFUL.items():
        if name in fields and bytes(fields[name]) not in _ABSENT:
            raise _refusal(name, advice)
    for name, advice in _MUST_BE_FALSE.items():
        if name in fields and bytes(fields[name]) == b"true":
            raise _refusal(name, advice)
    given = fields.get("input")
    if given is not None and b'"item_reference"' in bytes(given):
        _refuse_references(given)


def refuse_reference(at: str) -> UnsupportedContentError:
    """The error for an item that is only named."""
    return UnsupportedContentError(
        f"`{at}`: item references need stored items, and the portal keeps none. "
        "Send the item itself.",
        param=at,
    )


def _refuse_references(given: msgspec.Raw) -> None:
    try:
        items = msgspec.json.decode(given, type=list[_Reference])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return  # a string that mentions the word, or a shape that is refused elsewhere
    for number, item in enumerate(items):
        if item.type == "item_reference":
            raise refuse_reference(f"input[{number}]")


def _refusal(name: str, advice: str) -> InvalidInputError:
    return UnsupportedContentError(
        f"`{name}` is not supported: every call carries its whole context. {advice}", param=name
    )
