import json
from pathlib import Path
from typing import Any

import pytest
from azure.ai.inference.models import (
    ChatCompletions,
    EmbeddingsResult,
    StreamingChatCompletionsUpdate,
)
from hypothesis import given, settings

from apps.core.errors import PortalError
from apps.providers import errors, wire
from apps.providers.dialects.azure_inference import inbound, outbound
from apps.providers.sse import EventParser
from apps.providers.wire import FinishReason
from tests.providers.dialects.chat_family.specs import azure_validator
from tests.providers.dialects.chat_family.strategies import deltas_of, replies

CALL = wire.ChatCall(model="m", messages=())
START = wire.StreamStart(id="r", model="m", created=7)
STOP = wire.Finish(reason=FinishReason.STOP)
USAGE = wire.UsageReport(usage=wire.Usage(input_tokens=1, output_tokens=2))
FEW = settings(max_examples=40)


def stream(*deltas: wire.ChatDelta) -> bytes:
    renderer = inbound.stream_renderer(CALL)
    return b"".join(renderer.feed(delta) for delta in deltas) + renderer.close()


def chunks(*deltas: wire.ChatDelta) -> list[dict[str, Any]]:
    data = [event.data for event in EventParser().feed(stream(*deltas))]
    return [json.loads(item) for item in data if item and item != b"[DONE]"]


class TestStreamRenderer:
    @pytest.mark.parametrize("deltas", [(STOP, USAGE), (USAGE, STOP)])
    def test_tells_the_usage_in_the_last_chunk_with_a_choice(
        self, deltas: tuple[wire.ChatDelta, ...]
    ) -> None:
        shown = chunks(START, wire.TextDelta(text="a"), *deltas)

        assert len(shown) == 3
        assert [chunk for chunk in shown if "usage" in chunk] == [shown[-1]]
        assert shown[-1]["choices"] == [{"index": 0, "delta": {}, "finish_reason": "stop"}]
        assert shown[-1]["usage"]["total_tokens"] == 3

    def test_tells_it_once_when_there_are_several_choices(self) -> None:
        other = wire.Finish(reason=FinishReason.LENGTH, choice=1)

        shown = chunks(START, STOP, wire.TextDelta(text="b", choice=1), USAGE, other)

        ends = [chunk for chunk in shown if chunk["choices"][0]["finish_reason"]]
        assert ["usage" in chunk for chunk in ends] == [False, True]

    def test_ends_with_the_marker(self) -> None:
        assert stream(START, STOP).endswith(b'"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
        assert stream(START).endswith(b"data: [DONE]\n\n")

    def test_shows_fragments_of_calls_without_index_and_type(self) -> None:
        shown = chunks(
            START,
            wire.ToolCallStart(index=0, id="a", name="f"),
            wire.ToolCallDelta(index=0, arguments="{"),
            wire.ToolCallStart(index=1, id="b", name="g"),
            wire.ToolCallDelta(index=1, arguments="{}"),
            wire.ToolCallDelta(index=0, arguments="}"),
        )

        calls = [chunk["choices"][0]["delta"]["tool_calls"][0] for chunk in shown[1:]]
        assert calls == [
            {"id": "a", "function": {"name": "f", "arguments": ""}},
            {"id": "", "function": {"name": "", "arguments": "{"}},
            {"id": "b", "function": {"name": "g", "arguments": ""}},
            {"id": "", "function": {"name": "", "arguments": "{}"}},
            {"id": "a", "function": {"name": "", "arguments": "}"}},
        ]

    def test_says_a_refusal_as_text(self) -> None:
        shown = chunks(
            START, wire.RefusalDelta(text="no"), wire.Finish(reason=FinishReason.REFUSAL)
        )

        assert shown[1]["choices"][0]["delta"] == {"content": "no"}
        assert shown[2]["choices"][0]["finish_reason"] == "stop"

    def test_ends_with_the_error_and_nothing_after_it(self) -> None:
        failure = wire.StreamFailure(error=errors.ProviderOverloadedError("busy"))

        shown = stream(START, STOP, failure)

        assert b'"finish_reason":"stop"' in shown
        assert shown.endswith(b'data: {"error":{"code":"ServiceUnavailable","message":"busy"}}\n\n')


@pytest.mark.needs_shared
class TestSpecification:
    """What is rendered is what the official description and the official client expect."""

    @FEW
    @given(reply=replies(outbound.NAME))
    def test_describes_replies(self, shared_dir: Path, reply: wire.ChatReply) -> None:
        shown = json.loads(inbound.render_reply(reply, CALL))

        azure_validator(shared_dir, "ChatCompletions").validate(shown)
        typed = ChatCompletions(shown)
        assert typed.usage.total_tokens == shown["usage"]["total_tokens"]
        assert [choice.message.content for choice in typed.choices] == [
            choice["message"]["content"] for choice in shown["choices"]
        ]

    @FEW
    @given(reply=replies(outbound.NAME))
    def test_describes_streams(self, shared_dir: Path, reply: wire.ChatReply) -> None:
        validator = azure_validator(shared_dir, "StreamingChatCompletionsUpdate")

        for chunk in chunks(*deltas_of(reply)):
            validator.validate(chunk)
            typed = StreamingChatCompletionsUpdate(chunk)
            assert typed.choices[0].index == chunk["choices"][0]["index"]
            assert typed.created is not None

    @pytest.mark.parametrize("encoding", ["float", "base64"])
    def test_describes_embeddings(self, shared_dir: Path, encoding: str) -> None:
        reply = wire.EmbeddingReply(model="e", vectors=((0.5,),), usage=wire.Usage(input_tokens=3))
        call = wire.EmbeddingCall(model="m", inputs=("a",), encoding=encoding)

        shown = json.loads(inbound.render_embeddings(reply, call))

        typed = EmbeddingsResult(shown)
        assert typed.usage.prompt_tokens == 3
        assert typed.data[0].embedding == ("AAAAPw==" if encoding == "base64" else [0.5])
        if encoding == "float":
            azure_validator(shared_dir, "EmbeddingsResult").validate(shown)

    @pytest.mark.parametrize(
        "error", [PortalError("m"), errors.ProviderRejectedError("m", param="p")]
    )
    def test_describes_errors(self, shared_dir: Path, error: PortalError) -> None:
        shown = json.loads(inbound.render_error(error, request_id="r").body)

        azure_validator(shared_dir, "ErrorResponse").validate(shown)
