"""The words that the shapes are written with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Schema = Mapping[str, Any]

JSON: Final = "application/json"
EVENTS: Final = "text/event-stream"
FORM: Final = "multipart/form-data"
BINARY: Final[Schema] = {"type": "string", "format": "binary"}


@dataclass(frozen=True, slots=True)
class Document:
    """What an operation takes and gives, by media type; the view says the rest.

    `dialects` are those in which errors come, when it is not the view's alone. `scope`, `name`
    and `summary` stand for those of the view where one view answers several operations.
    """

    answers: Mapping[str, Schema]
    body: Mapping[str, Schema] = field(default_factory=dict)
    parameters: tuple[Schema, ...] = ()
    dialects: tuple[str, ...] = ()
    summary: str = ""
    note: str = ""
    scope: str = ""


def ref(name: str) -> Schema:
    """A named shape."""
    return {"$ref": f"#/components/schemas/{name}"}


def text(description: str, **more: Any) -> Schema:
    """A string."""
    return {"type": "string", "description": description, **more}


def whole(description: str, **more: Any) -> Schema:
    """A whole number."""
    return {"type": "integer", "description": description, **more}


def number(description: str, **more: Any) -> Schema:
    """A number."""
    return {"type": "number", "description": description, **more}


def flag(description: str, **more: Any) -> Schema:
    """True or false."""
    return {"type": "boolean", "description": description, **more}


def anything(description: str) -> Schema:
    """A value of several forms, told in words."""
    return {"description": description}


def some(description: str) -> Schema:
    """An object whose members are the provider's own matter."""
    return {"type": "object", "description": description, "additionalProperties": True}


def each(items: Schema, description: str, **more: Any) -> Schema:
    """An array."""
    return {"type": "array", "items": items, "description": description, **more}


def thing(
    description: str, fields: Mapping[str, Schema], *, required: tuple[str, ...] = ()
) -> Schema:
    """An object with these members, and any others."""
    schema: dict[str, Any] = {
        "type": "object",
        "description": description,
        "properties": dict(fields),
        "additionalProperties": True,
    }
    if required:
        schema["required"] = list(required)
    return schema


def exactly(
    description: str, fields: Mapping[str, Schema], *, optional: tuple[str, ...] = ()
) -> Schema:
    """An object with these members and no others."""
    return {
        "type": "object",
        "description": description,
        "properties": dict(fields),
        "required": [name for name in fields if name not in optional],
        "additionalProperties": False,
    }


def query(name: str, schema: Schema, description: str, *, required: bool = False) -> Schema:
    """A parameter after the question mark."""
    return _parameter(name, "query", schema, description, required=required)


def header(name: str, schema: Schema, description: str) -> Schema:
    """A request header that may be sent."""
    return _parameter(name, "header", schema, description, required=False)


def in_path(name: str, schema: Schema, description: str) -> Schema:
    """A variable of the path."""
    return _parameter(name, "path", schema, description, required=True)


def _parameter(
    name: str, place: str, schema: Schema, description: str, *, required: bool
) -> Schema:
    return {
        "name": name,
        "in": place,
        "description": description,
        "required": required,
        "schema": schema,
    }


MODEL: Final = text(
    "An endpoint that the portal publishes; `GET /v1/models` lists those that this key may call."
)
