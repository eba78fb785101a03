"""Embeddings both ways."""

from typing import Any

import msgspec
import pytest

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.gemini_generate import inbound, outbound
from apps.providers.errors import (
    ProviderProtocolError,
    ProviderRateLimitError,
    UnsupportedContentError,
)
from tests.providers.dialects.gemini_generate.asking import MODEL, OPTIONS, VERTEX, incoming


def content(*texts: str) -> dict[str, Any]:
    return {"parts": [{"text": text} for text in texts]}


def decoded(body: dict[str, Any], verb: str = "batchEmbedContents") -> wire.EmbeddingCall:
    return inbound.decode_embeddings(incoming(body, verb))


def batch(*asks: dict[str, Any]) -> dict[str, Any]:
    return {"requests": [{"model": "models/fast", **ask} for ask in asks]}


def made(*inputs: Any, **fields: Any) -> wire.EmbeddingCall:
    return wire.EmbeddingCall(model="fast", inputs=inputs, **fields)


class TestDecodeEmbeddings:
    def test_reads_one_text(self) -> None:
        call = decoded(
            {
                "content": content("a", "b"),
                "taskType": "RETRIEVAL_QUERY",
                "outputDimensionality": 8,
            },
            "embedContent",
        )

        assert call == made("ab", kind="query", dimensions=8, single=True)

    def test_reads_a_batch(self) -> None:
        call = decoded(
            batch(
                {"content": content("a"), "task_type": "RETRIEVAL_DOCUMENT"},
                {"content": content("b"), "taskType": "RETRIEVAL_DOCUMENT"},
            )
        )

        assert call == made("a", "b", kind="document")

    def test_reads_the_form_of_vertex(self) -> None:
        call = decoded(
            {"content": content("a"), "embedContentConfig": {"outputDimensionality": 8}},
            "embedContent",
        )

        assert call == made("a", dimensions=8, single=True)

    def test_names_what_it_changes(self) -> None:
        call = decoded(
            {"content": content("a"), "taskType": "CLUSTERING", "title": "T"}, "embedContent"
        )

        assert call.kind == "text"
        assert call.warnings == ("title: dropped", "taskType: CLUSTERING carried as text")

    def test_unknown_and_unspecified_tasks(self) -> None:
        unknown = decoded({"content": content("a"), "taskType": "NEW"}, "embedContent")
        unspecified = decoded(
            {"content": content("a"), "taskType": "TASK_TYPE_UNSPECIFIED"}, "embedContent"
        )

        assert (unknown.kind, unknown.warnings) == (None, ("taskType: dropped",))
        assert (unspecified.kind, unspecified.warnings) == (None, ())

    @pytest.mark.parametrize(
        ("body", "param"),
        [
            ({}, "requests"),
            ({"requests": []}, "requests"),
            ({"requests": [{}]}, "requests[0].content"),
            ({"requests": [{"content": {}}]}, "requests[0].content.parts"),
            (
                {"requests": [{"content": {"parts": [{"text": 1}]}}]},
                "requests[0].content.parts[0].text",
            ),
            (
                batch({"content": content("a"), "outputDimensionality": "x"}),
                "requests[0].outputDimensionality",
            ),
        ],
    )
    def test_names_the_wrong_field(self, body: dict[str, Any], param: str) -> None:
        with pytest.raises(InvalidInputError) as error:
            decoded(body)

        assert error.value.param == param

    def test_refuses_media_and_mixed_batches(self) -> None:
        image = {"parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]}
        mixed = batch(
            {"content": content("a"), "outputDimensionality": 8}, {"content": content("b")}
        )
        for body, param in (
            (batch({"content": image}), "requests[0].content.parts[0]"),
            (mixed, "requests[0].outputDimensionality"),
        ):
            with pytest.raises(UnsupportedContentError) as error:
                decoded(body)
            assert error.value.param == param


class TestBuildEmbeddings:
    def test_builds_a_batch(self) -> None:
        request = outbound.build_embeddings(
            made("a", "b", kind="document", dimensions=8, encoding="base64"), MODEL, OPTIONS
        )

        settings = {"taskType": "RETRIEVAL_DOCUMENT", "outputDimensionality": 8}
        name = "models/compatible-model"
        assert request.path == f"/v1beta/{name}:batchEmbedContents"
        assert msgspec.json.decode(request.body) == {
            "requests": [
                {"model": name, "content": content(text), **settings} for text in ("a", "b")
            ]
        }
        assert request.warnings == ()

    def test_builds_one(self) -> None:
        request = outbound.build_embeddings(made("a", single=True), MODEL, OPTIONS)

        assert request.path.endswith(":embedContent")
        assert msgspec.json.decode(request.body)["content"] == content("a")

    def test_builds_for_vertex(self) -> None:
        request = outbound.build_embeddings(made("a", dimensions=8), MODEL, VERTEX)

        assert request.path.endswith("/models/compatible-model:embedContent")
        assert msgspec.json.decode(request.body) == {
            "content": content("a"),
            "embedContentConfig": {"outputDimensionality": 8},
        }
        with pytest.raises(UnsupportedContentError):
            outbound.build_embeddings(made("a", "b"), MODEL, VERTEX)

    def test_refuses_token_ids_and_odd_encodings(self) -> None:
        for call, param in (
            (made((1, 2), single=True), "input"),
            (made("a", (1, 2)), "input[1]"),
            (made("a", encoding="int8"), "encoding_format"),
        ):
            with pytest.raises(UnsupportedContentError) as error:
                outbound.build_embeddings(call, MODEL, OPTIONS)
            assert error.value.param == param

    def test_names_what_it_drops(self) -> None:
        call = made("a", user="u", kind="odd", extras={"input_name": "x", "none": None})

        assert outbound.build_embeddings(call, MODEL, OPTIONS).warnings == (
            "input_name: dropped",
            "user: dropped",
            "input_type: dropped",
        )


class TestReplies:
    def test_go_both_ways(self) -> None:
        reply = wire.EmbeddingReply(
            model="", vectors=((0.1, -2.0), (3.0, 4.5)), usage=wire.Usage(input_tokens=3)
        )

        batch_body = inbound.render_embeddings(reply, made("a", "b"))
        assert outbound.parse_embeddings(batch_body) == reply
        single = inbound.render_embeddings(reply, made("a", single=True))
        assert msgspec.json.decode(single)["embedding"] == {"values": [0.1, -2.0]}
        assert outbound.parse_embeddings(single).vectors == ((0.1, -2.0),)

    @pytest.mark.parametrize(
        "body", [b"{}", b"", b'{"embeddings":[]}', b'{"embeddings":[{"values":["x"]}]}']
    )
    def test_refuse_what_holds_no_vectors(self, body: bytes) -> None:
        with pytest.raises(ProviderProtocolError):
            outbound.parse_embeddings(body)

    def test_an_error_with_status_200_is_an_error(self) -> None:
        with pytest.raises(ProviderRateLimitError):
            outbound.parse_embeddings(b'{"error":{"code":429,"message":"Slow."}}')
