"""A plain HTTP client for the simulator, and the official specifications as validators."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator

DEFAULT_HEADERS: Final = {"authorization": "Bearer key", "anthropic-version": "2023-06-01"}


@dataclass(frozen=True)
class Got:
    """One answer; the keys of `headers` are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[tuple[str, str]]:
        """The server-sent events as pairs of name and data."""
        found = []
        for block in self.body.decode().replace("\r\n", "\n").split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
            if "data" in fields:
                found.append((fields.get("event", ""), fields["data"]))
        return found

    @property
    def data(self) -> list[Any]:
        """The data of all events, without the end marker."""
        return [json.loads(data) for _, data in self.events if data != "[DONE]"]


class Client:
    """Sends requests with a key that every dialect accepts."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._port = urlsplit(url).port

    def open(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Got:
        """Return the answer; `headers` replace the usual ones, a None body is no body."""
        connection = self.open()
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        shown = {
            "content-type": "application/json",
            **(DEFAULT_HEADERS if headers is None else headers),
        }
        try:
            connection.request(method, path, raw, shown)
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Got(answer.status, named, answer.read())
        finally:
            connection.close()

    def post(self, path: str, body: Any, **extra: str) -> Got:
        """Post JSON; names of extra headers are written with underscores."""
        named = {name.replace("_", "-"): value for name, value in extra.items()}
        return self.send("POST", path, body, {**DEFAULT_HEADERS, **named})

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Got:
        return self.send("GET", path, None, headers)

    def log(self) -> list[dict[str, Any]]:
        requests: list[dict[str, Any]] = self.get("/__log").json["requests"]
        return requests


class Specs:
    """The official descriptions; each check fails with the place that is wrong."""

    def __init__(self, shared: Path) -> None:
        self._folder = shared / "specs"

    def openai(self, schema: str, instance: Any) -> None:
        document = self._load("openai-trimmed.openapi.json")
        root = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
        self._check(schema, root, instance)

    def azure(self, schema: str, instance: Any) -> None:
        document = self._load("azure-ai-model-inference-2025-05-01.swagger.json")
        root = {"$ref": f"#/definitions/{schema}", "definitions": document["definitions"]}
        self._check(f"azure {schema}", root, instance)

    def anthropic(self, schema: str, instance: Any) -> None:
        document = self._load("anthropic-messages.types.json")
        self._check(f"anthropic {schema}", document["types"][schema], instance)

    def gemini(self, schema: str, instance: Any) -> None:
        document = self._load("gemini-generatecontent.types.json")
        self._check(f"gemini {schema}", document["types"][schema], instance)

    def _load(self, name: str) -> Any:
        return _document(self._folder / name)

    def _check(self, name: str, schema: Any, instance: Any) -> None:
        validator = _VALIDATORS.setdefault(name, Draft202012Validator(schema))
        errors = [
            f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}"
            for error in validator.iter_errors(instance)
        ]
        assert not errors, f"{name}: {errors[:3]}"


_VALIDATORS: dict[str, Draft202012Validator] = {}


@lru_cache
def _document(path: Path) -> Any:
    return _with_nulls(json.loads(path.read_text()))


def _with_nulls(node: Any) -> Any:
    """Translate `nullable`, which is OpenAPI 3.0's and Swagger's, into a null branch."""
    if isinstance(node, list):
        return [_with_nulls(item) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {key: _with_nulls(value) for key, value in node.items()}
    if changed.get("nullable") is True or changed.get("x-nullable") is True:
        return {"anyOf": [changed, {"type": "null"}]}
    return changed
