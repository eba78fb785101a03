"""Pass a caller's own body on, changed in nothing but the names of models in it."""

from collections.abc import Mapping

import msgspec

from apps.providers import wire
from apps.providers.dialects.gemini_generate.building import Options, resource_name
from apps.providers.dialects.gemini_generate.returned import without_foreign_signatures
from apps.providers.dialects.reading import read

FORWARDS = frozenset({"chat", "embeddings", "count_tokens"})

_VERBS = {
    "chat": "generateContent",
    "embeddings": "batchEmbedContents",
    "count_tokens": "countTokens",
}
_NESTED = ("generateContentRequest", "generate_content_request")


def forward_request(
    incoming: wire.Incoming, model: wire.TargetModel, options: Options
) -> wire.UpstreamRequest:
    """The model is named in the path; some bodies name it again, which must agree."""
    verb = incoming.verb or _VERBS[incoming.operation]
    if incoming.stream and incoming.operation == "chat":
        verb = "streamGenerateContent"
    suffix = "?alt=sse" if verb == "streamGenerateContent" else ""
    fields, warnings = without_foreign_signatures(incoming.fields)
    name = msgspec.Raw(msgspec.json.encode(resource_name(model.name)))
    return wire.UpstreamRequest(
        path=options.path(model.name, verb) + suffix,
        body=_rename(fields, name, untouched=None if warnings else incoming.body),
        warnings=warnings,
    )


def _rename(
    fields: Mapping[str, msgspec.Raw], name: msgspec.Raw, *, untouched: bytes | None
) -> bytes:
    touched = {key for key in ("model", "requests", *_NESTED) if key in fields}
    if not touched and untouched is not None:
        return untouched
    renamed = dict(fields)
    for key in touched:
        if key == "model":
            renamed[key] = name
        elif key == "requests":
            asks = read(list[dict[str, msgspec.Raw]], fields[key], at=key)
            renamed[key] = _raw([_with_model(one, name) for one in asks])
        elif bytes(fields[key]) != b"null":
            inner = read(dict[str, msgspec.Raw], fields[key], at=key)
            renamed[key] = _raw(_with_model(inner, name))
    return msgspec.json.encode(renamed)


def _with_model(fields: Mapping[str, msgspec.Raw], name: msgspec.Raw) -> dict[str, msgspec.Raw]:
    return {key: name if key == "model" else value for key, value in fields.items()}


def _raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(msgspec.json.encode(value))
