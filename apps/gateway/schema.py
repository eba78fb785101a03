"""The data plane in the OpenAPI document: one operation for each thing that a caller may do.

Views declare what they take and give as `schema = EdgeSchema(post=…)`; path, scope, dialect and
description are the view's own, statuses are those that its dialect really renders.
"""

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent
from typing_extensions import override

from apps.gateway.shapes import answers, anthropic, azure, gemini, openai, openai_media
from apps.gateway.shapes.words import Document, Schema, header, in_path
from apps.providers.dialects import DIALECTS

SHAPES: Final[Mapping[str, Schema]] = {
    **openai.SHAPES,
    **openai_media.SHAPES,
    **anthropic.SHAPES,
    **gemini.SHAPES,
    **azure.SHAPES,
}
_ENDPOINT: Final = in_path(
    "model",
    {"type": "string", "pattern": "^[A-Za-z0-9._:/@-]{1,128}$"},
    "The name of an endpoint; a slash in it may stand as it is.",
)
_OF_CALLS: Final = (
    header(
        "X-Session-Id",
        {"type": "string"},
        "Calls of one session keep to one target, as long as it answers.",
    ),
    header(
        "X-Portal-Timeout-S",
        {"type": "number", "exclusiveMinimum": 0, "maximum": 3600},
        "Most seconds that the call may take; narrows what is configured.",
    ),
)
_SCHEMES: Final[Mapping[str, Schema]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key of the portal, as the OpenAI SDK sends it.",
    },
    "x-api-key": {
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
        "description": "The same key, as the Anthropic SDK sends it.",
    },
    "x-goog-api-key": {
        "type": "apiKey",
        "in": "header",
        "name": "x-goog-api-key",
        "description": "The same key, as the Google GenAI SDK sends it.",
    },
    "api-key": {
        "type": "apiKey",
        "in": "header",
        "name": "api-key",
        "description": "The same key, as the Azure AI Inference SDK sends it.",
    },
}

Endpoint = tuple[str, str, str, Callable[..., Any]]


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The four headers that an API key is accepted in; any one of them is enough."""

    target_class = "apps.gateway.authentication.ApiKeyAuthentication"
    name = list(_SCHEMES)

    @override
    def get_security_definition(self, auto_schema: AutoSchema) -> Any:
        return [dict(definition) for definition in _SCHEMES.values()]

    @override
    def get_security_requirement(self, auto_schema: AutoSchema) -> Any:
        """Scopes stand as roles (OpenAPI 3.1, Security Requirement Object)."""
        scope = auto_schema.scope if isinstance(auto_schema, EdgeSchema) else ""
        return [{name: [scope] if scope else []} for name in _SCHEMES]


class EdgeSchema(AutoSchema):
    """Describes a data-plane view by its documents, one for each HTTP method.

    `methods` are Gemini's: custom methods that follow the name after a colon.
    """

    def __init__(
        self,
        *,
        get: Document | None = None,
        post: Document | None = None,
        methods: Mapping[str, Document] | None = None,
    ) -> None:
        super().__init__()
        self.methods = methods or {}
        self._documents = {"GET": get, "POST": post}
        self.scope = ""

    @override
    def get_operation(
        self,
        path: str,
        path_regex: str,
        path_prefix: str,
        method: str,
        registry: ComponentRegistry,
    ) -> dict[str, Any] | None:
        """The operation object."""
        self.registry, self.path, self.method = registry, path, method
        verb = path.rpartition("}:")[2] if "}:" in path else ""
        document = self.methods[verb] if verb else self._documents[method]
        if document is None:
            return None
        view: Any = self.view
        self.scope = document.scope or (view.scope if method == "POST" else view.read_scope)
        words = inspect.cleandoc(type(view).__doc__ or "")
        summary, _, rest = words.partition("\n\n")
        notes = (rest, document.note, f"Needs the scope `{self.scope}`.")
        operation: dict[str, Any] = {
            "operationId": type(view).__name__ + verb[:1].upper() + verb[1:],
            "summary": document.summary or " ".join(summary.split()),
            "description": "\n\n".join(note for note in notes if note),
            "tags": [view.dialect.title],
            "parameters": _parameters(document, path, method),
            "security": self.get_auth(),
            "responses": self._responses(document, view.dialect.name),
        }
        if document.body:
            operation["requestBody"] = {"required": True, "content": _content(document.body)}
        self._register(operation)
        return operation

    def _responses(self, document: Document, dialect: str) -> dict[str, Schema]:
        calls = self.method == "POST"
        dialects = document.dialects or (dialect,)
        names = [answers.REQUEST_ID, *(answers.OF_CALLS if calls else ())]
        own = sorted({DIALECTS[name].request_id_header for name in dialects} - {"x-request-id"})
        also = {name: {"description": "The same id.", "schema": {"type": "string"}} for name in own}
        responses: dict[str, Schema] = {
            "200": {
                "description": "The answer.",
                "headers": {**answers.headers(*names), **also},
                "content": _content(document.answers),
            }
        }
        kinds = _kinds(document, self.path, calls=calls)
        for status, name, answer in answers.errors(dialects, kinds, calls=calls):
            responses[status] = self._component("responses", name, answer)
        return responses

    def _register(self, part: Any) -> None:
        """Put what is referred to into the document's components, and what that refers to."""
        for target in _references(part):
            kind, name = target.split("/")[-2:]
            if kind == "schemas":
                self._component(kind, name, SHAPES[name])
            elif kind == "headers":
                self._component(kind, name, answers.header_of(name))

    def _component(self, kind: str, name: str, schema: Schema) -> Schema:
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name=name, type=kind, schema=schema, object=name
        )
        if component not in self.registry:
            self.registry.register(component)
            self._register(schema)
        reference: Schema = component.ref
        return reference


def spread_methods(endpoints: Iterable[Endpoint]) -> list[Endpoint]:
    """Show each of Gemini's methods as a path of its own (a hook of drf-spectacular)."""
    spread: list[Endpoint] = []
    for path, regex, method, callback in endpoints:
        schema = callback.cls.schema  # type: ignore[attr-defined]
        methods = getattr(schema, "methods", {}) if method == "POST" else {}
        if methods:
            spread += [(f"{path}:{verb}", regex, method, callback) for verb in methods]
        else:
            spread.append((path, regex, method, callback))
    return spread


def _parameters(document: Document, path: str, method: str) -> list[Schema]:
    named = [_ENDPOINT] if "{model}" in path else []
    return [*named, *document.parameters, *(_OF_CALLS if method == "POST" else ())]


def _kinds(document: Document, path: str, *, calls: bool) -> Mapping[str, str]:
    """The kinds of error that can happen here."""
    places = {parameter["in"] for parameter in document.parameters}
    names = {parameter["name"] for parameter in document.parameters}
    kinds = dict(answers.ALWAYS)
    if calls or "query" in places:
        kinds.update(answers.WRONG)
    if calls or "{model}" in path or "model" in names:
        kinds.update(answers.NAMED)
    if calls:
        kinds.update(answers.CALLED)
    return kinds


def _content(media: Mapping[str, Schema]) -> dict[str, Schema]:
    return {kind: {"schema": schema} for kind, schema in media.items()}


def _references(part: Any) -> list[str]:
    if isinstance(part, Mapping):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for value in part.values() for found in _references(value)]
    if isinstance(part, list):
        return [found for value in part for found in _references(value)]
    return []
