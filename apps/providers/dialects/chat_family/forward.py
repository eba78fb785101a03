"""Change the model in a caller's own body, and nothing else."""

from collections.abc import Mapping

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire

_encode = msgspec.json.Encoder().encode


def forward_body(
    incoming: wire.Incoming, model: str, *, added: Mapping[str, msgspec.Raw] | None = None
) -> bytes:
    """The body for `model`; every other field keeps its text and its place.

    `added` are fields to put in, or to put in the place of those of the same name. A body that
    names the model already and needs no more is passed as it is.
    """
    fields = incoming.fields
    if not fields:
        raise InvalidInputError("The request is not a JSON object.")
    name = msgspec.Raw(_encode(model))
    if not added and bytes(fields.get("model", b"")) == bytes(name):
        return incoming.body
    return _encode({**fields, "model": name, **(added or {})})
