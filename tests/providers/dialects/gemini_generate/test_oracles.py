"""What callers get is valid by the published types and for the official client."""

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
from google.genai import errors, types
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core import errors as core
from apps.providers import wire
from apps.providers.dialects.gemini_generate import inbound, outbound
from tests.providers.dialects.gemini_generate.asking import MODEL, OPTIONS, bodies, call, rendered
from tests.providers.dialects.gemini_generate.strategies import chat_calls, deltas_of, replies

pytestmark = pytest.mark.needs_shared


@cache
def _types(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(
        (folder / "specs" / "gemini-generatecontent.types.json").read_bytes()
    )["types"]
    return found


@cache
def _validator(folder: Path, name: str) -> Any:
    return jsonschema.Draft202012Validator(_types(folder)[name])


def check_reply(folder: Path, body: dict[str, Any]) -> types.GenerateContentResponse:
    _validator(folder, "GenerateContentResponse").validate(body)
    return types.GenerateContentResponse.model_validate_json(msgspec.json.encode(body))


class TestReplies:
    @settings(max_examples=60)
    @given(reply=replies())
    def test_are_valid(self, shared_dir: Path, reply: wire.ChatReply) -> None:
        typed = check_reply(shared_dir, msgspec.json.decode(inbound.render_reply(reply, call())))

        assert len(typed.candidates or ()) == len(reply.choices)
        assert typed.response_id == reply.id

    @settings(max_examples=60)
    @given(reply=replies(), pieces=st.integers(1, 9))
    def test_events_are_valid(self, shared_dir: Path, reply: wire.ChatReply, pieces: int) -> None:
        said = ""
        for body in bodies(rendered(*deltas_of(reply, pieces))):
            typed = check_reply(shared_dir, body)
            first = (typed.candidates or [types.Candidate()])[0]
            parts = (first.content.parts or ()) if first.index == 0 and first.content else ()
            said += "".join(part.text or "" for part in parts if not part.thought)

        texts = (part.text for part in reply.choices[0].parts if isinstance(part, wire.TextPart))
        assert said == "".join(texts)

    def test_the_client_gives_signatures_back(self) -> None:
        """It decodes the field and encodes it in the other alphabet of base64."""
        foreign = wire.ReasoningPart(
            text="Hm", signature="s??>>", origin="openai_responses", id="rs_1"
        )
        own = wire.ReasoningPart(signature="+/+/", origin="gemini_generate")
        reply = wire.ChatReply(
            id="r",
            model="m",
            choices=(wire.Choice(parts=(foreign, own, wire.TextPart(text="Yes."))),),
        )
        shown = types.GenerateContentResponse.model_validate_json(
            inbound.render_reply(reply, call())
        )
        content = (shown.candidates or [types.Candidate()])[0].content
        assert content is not None
        sent = {
            "contents": [
                {"role": "user", "parts": [{"text": "Hi"}]},
                content.model_dump(mode="json", by_alias=True, exclude_none=True),
            ]
        }
        body = msgspec.json.encode(sent)
        incoming = wire.Incoming(operation="chat", model="fast", body=body)

        parts = inbound.decode_request(incoming).messages[1].parts
        own_back = wire.ReasoningPart(signature="-_-_", origin="gemini_generate")
        assert parts == (foreign, own_back, wire.TextPart(text="Yes."))


class TestRequests:
    @settings(max_examples=60)
    @given(asks=chat_calls())
    def test_are_valid(self, shared_dir: Path, asks: wire.ChatCall) -> None:
        body = msgspec.json.decode(outbound.build_request(asks, MODEL, OPTIONS).body)

        for content in body["contents"]:
            _validator(shared_dir, "Content").validate(content)
        for tool in body.get("tools", ()):
            _validator(shared_dir, "Tool").validate(tool)
        if "toolConfig" in body:
            _validator(shared_dir, "ToolConfig").validate(body["toolConfig"])
        if "generationConfig" in body:
            _validator(shared_dir, "GenerationConfig").validate(body["generationConfig"])


class TestOthers:
    def test_counts_and_embeddings_are_valid(self, shared_dir: Path) -> None:
        _validator(shared_dir, "CountTokensResponse").validate(
            msgspec.json.decode(inbound.render_count(3))
        )
        reply = wire.EmbeddingReply(
            model="m", vectors=((0.5,), (1.0,)), usage=wire.Usage(input_tokens=2)
        )
        asks = wire.EmbeddingCall(model="m", inputs=("a", "b"))
        body = inbound.render_embeddings(reply, asks)
        _validator(shared_dir, "EmbedContentResponse").validate(msgspec.json.decode(body))

        typed = types.EmbedContentResponse.model_validate_json(body)
        assert [one.values for one in typed.embeddings or ()] == [[0.5], [1.0]]

    def test_the_client_reads_errors(self) -> None:
        shown = inbound.render_error(core.NotFoundError("Unknown."), request_id="req_1")
        error = errors.ClientError(shown.status, msgspec.json.decode(shown.body))

        assert (error.code, error.status, error.message) == (404, "NOT_FOUND", "Unknown.")
