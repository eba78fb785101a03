"""Decode a caller's chat request."""

from collections.abc import Mapping
from typing import Any

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.gemini_generate.settings import (
    given,
    read_config,
    read_tool_choice,
    read_tools,
)
from apps.providers.dialects.gemini_generate.spelling import camel_fields
from apps.providers.dialects.gemini_generate.terms import distinct
from apps.providers.dialects.gemini_generate.turns import TurnReader
from apps.providers.dialects.reading import read
from apps.providers.errors import UnsupportedContentError

_READ = frozenset(
    {
        "contents",
        "systemInstruction",
        "tools",
        "toolConfig",
        "generationConfig",
        "labels",
        "model",
    }
)
# State kept at Google, and checks that are set up there.
_CONTRACT = ("cachedContent", "modelArmorConfig")


def decode_request(incoming: wire.Incoming) -> wire.ChatCall:
    """Raises InvalidInputError with the path of the wrong field, or UnsupportedContentError."""
    return _decode(incoming, camel_fields(incoming))


def decode_count(incoming: wire.Incoming) -> wire.ChatCall:
    """The request to count: `contents`, or a whole `generateContentRequest`."""
    fields = given(camel_fields(incoming))
    whole = fields.get("generateContentRequest")
    if whole is None:
        return _decode(incoming, fields)
    inner = read(dict[str, msgspec.Raw], whole, at="generateContentRequest")
    return _decode(incoming, inner)


def _decode(incoming: wire.Incoming, all_fields: Mapping[str, msgspec.Raw]) -> wire.ChatCall:
    fields = given(all_fields)
    for key in _CONTRACT:
        if key in fields and bytes(fields[key]) not in (b'""', b"{}"):
            raise UnsupportedContentError(
                f"`{key}` is kept by Gemini and means nothing to the model behind this endpoint.",
                param=key,
            )
    if "contents" not in fields:
        raise InvalidInputError("`contents` is required.", param="contents")
    turns = TurnReader()
    messages: list[wire.Message] = []
    if "systemInstruction" in fields:
        messages = turns.read_system(fields["systemInstruction"], at="systemInstruction")
    messages += turns.read(fields["contents"], at="contents")
    settings = _settings(fields, turns.warnings)
    return wire.ChatCall(
        model=incoming.model,
        messages=tuple(messages),
        stream=incoming.stream,
        include_usage=True,
        warnings=distinct(turns.warnings),
        **settings,
    )


def _settings(fields: Mapping[str, msgspec.Raw], warnings: list[str]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    extras: dict[str, Any] = {}
    if "generationConfig" in fields:
        settings, extras = read_config(fields["generationConfig"])
    if "tools" in fields:
        settings["tools"] = read_tools(fields["tools"], warnings)
    if "toolConfig" in fields:
        settings["tool_choice"] = read_tool_choice(
            fields["toolConfig"], settings.get("tools", ()), warnings
        )
    if "labels" in fields:
        labels = read(dict[str, str], fields["labels"], at="labels")
        settings["user"] = labels.pop("user", None)
        settings["metadata"] = labels or None
    for key, value in fields.items():
        if key not in _READ:
            extras[key] = msgspec.json.decode(value)
    settings["extras"] = extras
    return settings
