"""Change the model in a caller's own body, and nothing else that was not asked for."""

from collections.abc import Mapping
from typing import Any

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.reading import read

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


def ask_usage(fields: Mapping[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    """The `stream_options` that ask for usage; nothing when the caller asks for it already."""
    given = fields.get("stream_options")
    options: dict[str, Any] = {}
    if given is not None and bytes(given) != b"null":
        options = read(dict[str, Any], given, at="stream_options")
    if options.get("include_usage") is True:
        return {}
    return {"stream_options": msgspec.Raw(_encode({**options, "include_usage": True}))}
