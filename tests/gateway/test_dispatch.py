"""Every path finds its view, and what is no path is answered in its dialect."""

import pytest

from apps.gateway.dispatch import find_view
from apps.gateway.operations import OPERATIONS, describe
from tests.gateway.requests import ask

PATHS = {
    "/v1/chat/completions": "ChatCompletions",
    "/v1/responses": "Responses",
    "/v1/embeddings": "Embeddings",
    "/v1/moderations": "Moderations",
    "/v1/images/generations": "ImageGenerations",
    "/v1/audio/speech": "Speech",
    "/v1/audio/transcriptions": "Transcriptions",
    "/v1/audio/translations": "Translations",
    "/v1/rerank": "Rerank",
    "/v1/models": "Models",
    "/v1/models/fast": "Model",
    "/v1/messages": "Messages",
    "/v1/messages/count_tokens": "CountTokens",
    "/v1beta/models": "GeminiModels",
    "/v1beta/models/fast": "GeminiModel",
    "/v1beta/models/fast:generateContent": "GeminiModel",
    "/v1beta/models/fast:streamGenerateContent": "GeminiModel",
    "/v1beta/models/fast:countTokens": "GeminiModel",
    "/v1beta/models/fast:embedContent": "GeminiModel",
    "/v1beta/models/fast:batchEmbedContents": "GeminiModel",
    "/v1/models/fast:generateContent": "Model",
    "/azure/chat/completions": "AzureChatCompletions",
    "/azure/embeddings": "AzureEmbeddings",
    "/azure/info": "AzureInfo",
}


class TestFindView:
    @pytest.mark.parametrize(("path", "view"), PATHS.items())
    def test_every_path_has_its_view(self, path: str, view: str) -> None:
        found = find_view(path)

        assert found is not None
        assert type(found[0]).__name__ == view

    def test_no_view_is_out_of_reach(self) -> None:
        found = {type(v[0]) for path in PATHS if (v := find_view(path)) is not None}

        assert found == set(OPERATIONS)

    @pytest.mark.parametrize(
        "name", ["fast", "openai/gpt-5", "a/b/c", "ft:gpt-5:org::id", "x@1", "a.b-c_d"]
    )
    def test_names_may_hold_slashes_and_colons(self, name: str) -> None:
        for root in ("/v1/models/", "/v1beta/models/"):
            found = find_view(f"{root}{name}:generateContent")

            assert found is not None
            assert found[1] == {"model": f"{name}:generateContent"}

    @pytest.mark.parametrize(
        ("path", "view"),
        [
            ("/v1/", "UnknownOpenAI"),
            ("/v1/files", "UnknownOpenAI"),
            ("/v1/chat/completions/", "UnknownOpenAI"),
            ("/v1/models/", "UnknownOpenAI"),
            ("/v1/messages/batches", "UnknownAnthropic"),
            ("/v1beta/models/", "UnknownGemini"),
            ("/v1beta/cachedContents", "UnknownGemini"),
            ("/azure/", "UnknownAzure"),
            ("/azure/images", "UnknownAzure"),
        ],
    )
    def test_what_a_dialect_has_and_the_portal_has_not(self, path: str, view: str) -> None:
        found = find_view(path)

        assert found is not None
        assert type(found[0]).__name__ == view

    @pytest.mark.parametrize(
        "path", ["/", "/v1", "/v2/x", "/admin/", "/api/keys", "", "/V1/models"]
    )
    def test_the_rest_is_the_control_planes(self, path: str) -> None:
        assert find_view(path) is None


class TestUnknown:
    @pytest.mark.parametrize(
        ("path", "keys"),
        [
            ("/v1/nothing", {"message", "type", "param", "code"}),
            ("/v1/messages/nothing", {"type", "message"}),
            ("/v1beta/nothing", {"code", "message", "status"}),
            ("/azure/nothing", {"code", "message"}),
        ],
    )
    async def test_is_404_in_the_dialects_shape(self, path: str, keys: set[str]) -> None:
        client = await ask("GET", path)

        assert client.status == 404
        assert keys <= set(client.json["error"])
        assert path in client.json["error"]["message"]


class TestDescribe:
    def test_every_method_of_every_view_is_an_operation_with_a_scope_and_words(self) -> None:
        found = [operation for view in OPERATIONS for operation in describe(view)]

        assert len({(o.method, o.path) for o in found}) == len(found)
        assert all(o.scope and o.description for o in found)
        assert {o.method for o in found} == {"GET", "POST"}
