"""The caller's own body on its way to the same dialect."""

from typing import Any

import msgspec
import pytest

from apps.providers import wire
from apps.providers.dialects.gemini_generate import outbound
from tests.providers.dialects.gemini_generate.asking import OPTIONS, VERTEX, incoming

TARGET = wire.TargetModel(name="gemini-3-flash")


def forwarded(body: Any, verb: str = "generateContent", **given: Any) -> wire.UpstreamRequest:
    return outbound.forward_request(incoming(body, verb), TARGET, given.get("options", OPTIONS))


class TestForwardRequest:
    @pytest.mark.parametrize(
        ("verb", "path"),
        [
            ("generateContent", ":generateContent"),
            ("streamGenerateContent", ":streamGenerateContent?alt=sse"),
            ("countTokens", ":countTokens"),
            ("embedContent", ":embedContent"),
            ("batchEmbedContents", ":batchEmbedContents"),
        ],
    )
    def test_keeps_method_and_bytes(self, verb: str, path: str) -> None:
        body = b'{ "contents": [ {"a": 1.50 } ], "b_c":null,"a":"\\u00e4"}'
        request = forwarded(body, verb)

        assert request.path == f"/v1beta/models/gemini-3-flash{path}"
        assert request.body is not None
        assert request.body == body
        assert request.warnings == ()

    def test_follows_options(self) -> None:
        request = forwarded({"contents": []}, options=VERTEX)

        assert request.path.startswith("/v1/projects/p/locations/l/publishers/google/models/")

    def test_renames_models_inside_and_nothing_else(self) -> None:
        batch = b'{"requests":[{"model":"models/fast","content":{"x":1.50},"y":null},{"z":[1.0]}]}'
        count = b'{"generateContentRequest":{"contents":[{"n":1e3}],"model":"models/fast"},"o":{}}'

        assert forwarded(batch, "batchEmbedContents").body == batch.replace(
            b"models/fast", b"models/gemini-3-flash"
        )
        assert forwarded(count, "countTokens").body == count.replace(
            b"models/fast", b"models/gemini-3-flash"
        )
        assert forwarded(b'{"model":"fast","a":1.0}').body == (
            b'{"model":"models/gemini-3-flash","a":1.0}'
        )
        assert forwarded(b'{"generate_content_request":null}', "countTokens").body == (
            b'{"generate_content_request":null}'
        )

    def test_can_forward_these(self) -> None:
        assert set(outbound.FORWARDS) == {"chat", "embeddings", "count_tokens"}

    def test_options_know_their_keys(self) -> None:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"prefix": "x"}, outbound.Options)
