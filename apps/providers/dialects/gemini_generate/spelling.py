"""Read both spellings of a request: camelCase of the wire, and snake_case, which is taken too.

Source: protobuf.dev/programming-guides/json (parsers accept both names of a field).
"""

import re
from collections.abc import Mapping
from functools import lru_cache

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
    fields = read(dict[str, msgspec.Raw], incoming.body)
    return {camel(key): _respell(camel(key), value) for key, value in fields.items()}


@lru_cache(maxsize=1024)
def camel(key: str) -> str:
    """One key in camelCase (`any_of` gives `anyOf`)."""
    return _UNDERSCORE.sub(lambda match: match[1].upper(), key)


def _respell(name: str, raw: msgspec.Raw) -> msgspec.Raw:
    """The value of field `name` with its own keys respelt; what is opaque keeps its text."""
    start = bytes(raw)[:1]
    if name in _OPAQUE or start not in (b"{", b"["):
        return raw
    if start == b"[":
        items = msgspec.json.decode(raw, type=list[msgspec.Raw])
        return msgspec.Raw(msgspec.json.encode([_respell("", item) for item in items]))
    fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    spelt = {camel(key): _respell(camel(key), value) for key, value in fields.items()}
    return msgspec.Raw(msgspec.json.encode(spelt))
