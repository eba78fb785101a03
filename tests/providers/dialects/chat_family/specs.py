"""The official descriptions of the chat dialects, as validators of what the portal renders."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import referencing
from referencing.jsonschema import DRAFT202012


@cache
def openai_validator(shared: Path, name: str) -> jsonschema.Draft202012Validator:
    """A validator for one schema of the OpenAI document."""
    return _validator(shared / "specs/openai-trimmed.openapi.json", f"/components/schemas/{name}")


@cache
def azure_validator(shared: Path, name: str) -> jsonschema.Draft202012Validator:
    """A validator for one definition of the Azure document."""
    return _validator(
        shared / "specs/azure-ai-model-inference-2025-05-01.swagger.json", f"/definitions/{name}"
    )


def _validator(file: Path, pointer: str) -> jsonschema.Draft202012Validator:
    document = _nullable(json.loads(file.read_bytes()))
    resource = DRAFT202012.create_resource(document)
    registry: Any = referencing.Registry().with_resource("urn:doc", resource)
    return jsonschema.Draft202012Validator({"$ref": f"urn:doc#{pointer}"}, registry=registry)


def _nullable(schema: Any) -> Any:
    """The schema with the old words for null (`nullable`, `x-nullable`) in today's."""
    if isinstance(schema, list):
        return [_nullable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    read = {key: _nullable(value) for key, value in schema.items()}
    if schema.get("nullable") is True or schema.get("x-nullable") is True:
        return {"anyOf": [read, {"type": "null"}]}
    return read
