"""Turn the service's OpenAPI subset of schemas into JSON Schema.

Source: ai.google.dev/api/caching#Schema.
"""

from collections.abc import Mapping
from typing import Any

from apps.providers.dialects.gemini_generate.spelling import camel

_RENAMED = {"defs": "$defs", "ref": "$ref", "example": "examples"}
_COUNTS = frozenset(
    {"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"}
)
_SCHEMA_MAPS = frozenset({"properties", "$defs"})
_SCHEMA_LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_SCHEMAS = frozenset({"items", "additionalProperties", "not"})


def json_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON Schema that says what `schema` says; it is left unchanged where it is one."""
    given = {camel(key): value for key, value in schema.items() if value is not None}
    nullable = given.pop("nullable", False) is True
    order = given.pop("propertyOrdering", None)
    result: dict[str, Any] = {}
    for key, value in given.items():
        name = _RENAMED.get(key, key)
        converted = _convert(name, value)
        if converted is not None:
            result[name] = converted
    if isinstance(order, list) and isinstance(result.get("properties"), dict):
        result["properties"] = _ordered(result["properties"], order)
    return _allow_null(result) if nullable else result


def _convert(name: str, value: Any) -> Any:
    if name == "type":
        return _type(value)
    if name == "$ref" and isinstance(value, str):
        return value.replace("#/defs/", "#/$defs/", 1)
    if name == "examples":
        return value if isinstance(value, list) else [value]
    if name in _COUNTS and isinstance(value, str) and value.isdigit():
        return int(value)
    if name in _SCHEMA_MAPS and isinstance(value, dict):
        return {key: _inner(inner) for key, inner in value.items()}
    if name in _SCHEMA_LISTS and isinstance(value, list):
        return [_inner(inner) for inner in value]
    return _inner(value) if name in _SCHEMAS else value


def _inner(value: Any) -> Any:
    return json_schema(value) if isinstance(value, dict) else value


def _type(value: Any) -> Any:
    if isinstance(value, list):
        return [_type(item) for item in value]
    if not isinstance(value, str) or value == "TYPE_UNSPECIFIED":
        return None
    return value.lower()


def _ordered(properties: dict[str, Any], order: list[Any]) -> dict[str, Any]:
    first = {name: properties[name] for name in order if name in properties}
    return {**first, **properties}


def _allow_null(schema: dict[str, Any]) -> dict[str, Any]:
    kind = schema.get("type")
    if isinstance(kind, str) and kind != "null":
        schema["type"] = [kind, "null"]
    elif isinstance(schema.get("anyOf"), list):
        schema["anyOf"] = [*schema["anyOf"], {"type": "null"}]
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    return schema
