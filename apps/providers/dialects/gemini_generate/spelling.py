"""Read both spellings of a request: camelCase of the wire, and snake_case, which is taken too.

Source: protobuf.dev/programming-guides/json (parsers accept both names of a field).
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.reading import read

_SNAKE_KEY = re.compile(rb'"[a-zA-Z]+_[a-zA-Z0-9_]*"\s*:')
_UNDERSCORE = re.compile(r"(?<=[a-zA-Z0-9])_([a-z0-9])")

# What stands behind these keys is the caller's own: arguments, results, schemas, labels.
_OPAQUE = frozenset(
    {
        "args",
        "labels",
        "parameters",
        "parametersJsonSchema",
        "partMetadata",
        "response",
        "responseJsonSchema",
        "responseSchema",
        "schema",
        "_responseJsonSchema",
    }
)


def camel_fields(incoming: wire.Incoming) -> Mapping[str, msgspec.Raw]:
    """The top-level fields of a request, every known key in it spelt in camelCase."""
    if _SNAKE_KEY.search(incoming.body) is None:
        return incoming.fields or read(dict[str, msgspec.Raw], incoming.body)
    spelt = _respell(read(dict[str, Any], incoming.body))
    return {key: msgspec.Raw(msgspec.json.encode(value)) for key, value in spelt.items()}


@lru_cache(maxsize=1024)
def camel(key: str) -> str:
    """One key in camelCase (`any_of` gives `anyOf`)."""
    return _UNDERSCORE.sub(lambda match: match[1].upper(), key)


def _respell(value: Any) -> Any:
    if isinstance(value, dict):
        spelt = {}
        for key, inner in value.items():
            name = camel(key)
            spelt[name] = inner if name in _OPAQUE else _respell(inner)
        return spelt
    if isinstance(value, list):
        return [_respell(item) for item in value]
    return value
