"""Ask for the usage of a stream on the portal's own account."""

from collections.abc import Mapping
from typing import Any

import msgspec

from apps.providers.dialects.reading import read


def ask_usage(fields: Mapping[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    """The `stream_options` to put in; nothing when the caller asks for usage already."""
    given = fields.get("stream_options")
    options: dict[str, Any] = {}
    if given is not None and bytes(given) != b"null":
        options = read(dict[str, Any], given, at="stream_options")
    if options.get("include_usage") is True:
        return {}
    return {"stream_options": msgspec.Raw(msgspec.json.encode({**options, "include_usage": True}))}
