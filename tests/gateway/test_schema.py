"""The OpenAPI document of the data plane: valid, complete, and true to what the views do."""

from datetime import UTC, datetime
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from openapi_spec_validator import validate

from apps.core.errors import PortalError
from apps.core.operations import operations
from apps.gateway.operations import OPERATIONS
from apps.gateway.operations.gemini import gemini_model, gemini_page
from apps.gateway.operations.models import _anthropic_page, _openai_model
from apps.gateway.shapes import answers
from apps.inference.catalog import EndpointEntry
from apps.providers.dialects import DIALECTS
from tests.conftest import REPOSITORY

METHODS = (
    "generateContent",
    "streamGenerateContent",
    "countTokens",
    "embedContent",
    "batchEmbedContents",
)


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return generate()


def generate() -> dict[str, Any]:
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    made: dict[str, Any] = generator.get_schema(public=True)  # type: ignore[no-untyped-call]
    return made


def resolved(document: dict[str, Any], schema: Any) -> dict[str, Any]:
    """The schema with the document's components beside it, so that references are found."""
    return {"components": document["components"], **schema}


def documented(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


class TestDocument:
    def test_is_valid_openapi_3_1(self, document: dict[str, Any]) -> None:
        assert document["openapi"] == "3.1.0"
        validate(document)

    def test_is_made_without_warnings(self) -> None:
        generate()

        assert not GENERATOR_STATS

    def test_is_the_one_that_is_committed(self, document: dict[str, Any]) -> None:
        committed = yaml.safe_load((REPOSITORY / "docs" / "openapi.yaml").read_text())

        assert committed["paths"].keys() == document["paths"].keys()
        assert committed["components"]["schemas"].keys() == document["components"]["schemas"].keys()

    def test_is_served(self, client: Client) -> None:
        answer = client.get("/api/schema", {"format": "json"})

        assert answer.status_code == 200
        assert "/v1/chat/completions" in answer.json()["paths"]

    def test_is_shown_without_scripts_of_others(self, client: Client) -> None:
        page = client.get("/api/docs").content.decode()

        assert "swagger-ui" in page
        assert "//cdn" not in page


class TestOperations:
    def test_every_operation_of_the_table_is_there(self, document: dict[str, Any]) -> None:
        found = {(method.upper(), path) for path, method, _ in documented(document)}

        for operation in operations:
            path = f"/{operation.path}"
            if operation.method == "POST" and path.endswith("{model}"):
                assert {("POST", f"{path}:{verb}") for verb in METHODS} <= found
            else:
                assert (operation.method, path) in found

    def test_no_other_methods_are_there(self, document: dict[str, Any]) -> None:
        assert {method for _, method, _ in documented(document)} <= {"get", "post"}

    def test_ids_are_unique_and_begin_with_the_view(self, document: dict[str, Any]) -> None:
        ids = [operation["operationId"] for _, _, operation in documented(document)]

        assert len(set(ids)) == len(ids)
        endings = ("", *(verb[:1].upper() + verb[1:] for verb in METHODS))
        views = {name.removesuffix(ending) for name in ids for ending in endings}
        assert {view.__name__ for view in OPERATIONS} <= views

    def test_the_scope_is_named(self, document: dict[str, Any]) -> None:
        for _, _, operation in documented(document):
            scopes = {scope for way in operation["security"] for s in way.values() for scope in s}
            assert len(scopes) == 1
            assert f"`{scopes.pop()}`" in operation["description"]

    def test_gemini_embeddings_need_their_own_scope(self, document: dict[str, Any]) -> None:
        operation = document["paths"]["/v1beta/models/{model}:embedContent"]["post"]

        assert operation["security"][0] == {"bearer": ["embeddings:call"]}

    def test_the_four_headers_of_a_key_are_there(self, document: dict[str, Any]) -> None:
        schemes = document["components"]["securitySchemes"]

        assert {s.get("name", s.get("scheme")) for s in schemes.values()} == {
            "bearer",
            "x-api-key",
            "x-goog-api-key",
            "api-key",
        }

    def test_a_variable_of_a_path_is_described(self, document: dict[str, Any]) -> None:
        for path, _, operation in documented(document):
            named = [p["name"] for p in operation["parameters"] if p["in"] == "path"]
            assert named == (["model"] if "{model}" in path else [])

    def test_azure_needs_a_version(self, document: dict[str, Any]) -> None:
        for path, _, operation in documented(document):
            needed = [p["name"] for p in operation["parameters"] if p["required"]]
            assert ("api-version" in needed) == path.startswith("/azure/")

    @pytest.mark.parametrize(
        "path",
        [
            "/v1/chat/completions",
            "/v1/responses",
            "/v1/messages",
            "/v1beta/models/{model}:streamGenerateContent",
            "/azure/chat/completions",
        ],
    )
    def test_a_chat_may_be_streamed(self, document: dict[str, Any], path: str) -> None:
        content = document["paths"][path]["post"]["responses"]["200"]["content"]

        assert {"application/json", "text/event-stream"} <= content.keys()


class TestErrors:
    @pytest.mark.parametrize("name", DIALECTS)
    def test_what_a_dialect_renders_fits_its_shape(
        self, document: dict[str, Any], name: str
    ) -> None:
        shape = document["components"]["schemas"][answers.ERROR_SHAPES[name]]

        for kind in {**answers.ALWAYS, **answers.NAMED, **answers.WRONG, **answers.CALLED}:
            rendered = DIALECTS[name].inbound.render_error(error_of(kind), request_id="req_1")
            jsonschema.validate(msgspec.json.decode(rendered.body), resolved(document, shape))

    @pytest.mark.parametrize(
        ("path", "statuses"),
        [
            ("/v1/chat/completions", "400 401 403 404 413 429 4XX 500 502 503 504"),
            ("/v1/responses", "400 401 403 413 429 4XX 500 502 503 504"),
            ("/v1/messages", "400 401 403 404 413 429 4XX 500 502 504 529"),
        ],
    )
    def test_statuses_are_the_dialects_own(
        self, document: dict[str, Any], path: str, statuses: str
    ) -> None:
        responses = document["paths"][path]["post"]["responses"]

        assert set(responses) == {"200", *statuses.split()}


class TestModels:
    """What the portal itself writes is described exactly."""

    def test_openai(self, document: dict[str, Any], published: EndpointEntry) -> None:
        page = {"object": "list", "data": [_openai_model(published)]}

        jsonschema.validate(page, resolved(document, shape(document, "OpenAIModels")))

    def test_anthropic(self, document: dict[str, Any], published: EndpointEntry) -> None:
        class Asked:
            query: dict[str, str] = {}

        page = _anthropic_page((published,), Asked())  # type: ignore[arg-type]

        jsonschema.validate(page, resolved(document, shape(document, "AnthropicModels")))

    def test_gemini(self, document: dict[str, Any], published: EndpointEntry) -> None:
        jsonschema.validate(
            gemini_page((published,)), resolved(document, shape(document, "GeminiModels"))
        )

    def test_gemini_with_another_key_is_refused(
        self, document: dict[str, Any], published: EndpointEntry
    ) -> None:
        model = {**gemini_model(published), "surprise": 1}

        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(model, resolved(document, shape(document, "GeminiModel")))


@pytest.fixture
def published() -> EndpointEntry:
    return EndpointEntry(
        id="end_1",
        name="fast",
        team_id=None,
        owner="portal",
        description="",
        enabled=True,
        body_policy="",
        timeout_s=None,
        created_at=datetime(2026, 11, 23, tzinfo=UTC),
        targets=(),
    )


def shape(document: dict[str, Any], name: str) -> Any:
    return document["components"]["schemas"][name]


def error_of(kind: str) -> PortalError:
    error = PortalError("What went wrong.", param="model")
    error.kind = kind  # type: ignore[misc]
    return error
