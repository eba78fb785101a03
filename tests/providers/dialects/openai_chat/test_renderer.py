import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types import CreateEmbeddingResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from apps.core.errors import PortalError
from apps.providers import errors, wire
from apps.providers.dialects.chat_family.embeddings import unpack_floats
from apps.providers.dialects.openai_chat import inbound, outbound
from apps.providers.sse import EventParser
from apps.providers.wire import FinishReason
from tests.providers.dialects.chat_family.specs import openai_validator
from tests.providers.dialects.chat_family.strategies import deltas_of, replies

CALL = wire.ChatCall(model="m", messages=())
ASKED = wire.ChatCall(model="m", messages=(), include_usage=True)
START = wire.StreamStart(id="r", model="m", created=7)
FEW = settings(max_examples=40)


def stream(*deltas: wire.ChatDelta, call: wire.ChatCall = CALL) -> bytes:
    renderer = inbound.stream_renderer(call)
    return b"".join(renderer.feed(delta) for delta in deltas) + renderer.close()


def chunks(*deltas: wire.ChatDelta, call: wire.ChatCall = CALL) -> list[dict[str, Any]]:
    parser = EventParser()
    data = [event.data for event in parser.feed(stream(*deltas, call=call))]
    return [json.loads(item) for item in data if item and item != b"[DONE]"]


def deltas_in(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [choice["delta"] for chunk in shown for choice in chunk["choices"]]


class TestStreamRenderer:
    def test_renders_the_order_of_the_dialect(self) -> None:
        shown = stream(
            START,
            wire.TextDelta(text="a"),
            wire.Finish(reason=FinishReason.STOP),
            wire.UsageReport(usage=wire.Usage(input_tokens=1, output_tokens=2)),
        ).decode()

        head = '{"id":"r","object":"chat.completion.chunk","created":7,"model":"m","choices":['
        assert shown.split("\n\n") == [
            f'data: {head}{{"index":0,"delta":{{"role":"assistant","content":""}},'
            '"logprobs":null,"finish_reason":null}]}',
            f'data: {head}{{"index":0,"delta":{{"content":"a"}},'
            '"logprobs":null,"finish_reason":null}]}',
            f'data: {head}{{"index":0,"delta":{{}},"logprobs":null,"finish_reason":"stop"}}]}}',
            "data: [DONE]",
            "",
        ]

    def test_tells_the_usage_to_who_asked(self) -> None:
        usage = wire.UsageReport(usage=wire.Usage(input_tokens=1, output_tokens=2))

        shown = chunks(START, wire.Finish(reason=FinishReason.STOP), usage, call=ASKED)

        assert [chunk["usage"] for chunk in shown[:-1]] == [None, None]
        assert shown[-1]["choices"] == []
        assert shown[-1]["usage"]["total_tokens"] == 3

    def test_invents_no_usage(self) -> None:
        assert all(chunk["usage"] is None for chunk in chunks(START, call=ASKED))

    def test_gives_every_choice_its_role(self) -> None:
        shown = chunks(START, wire.TextDelta(text="b", choice=1))

        assert [chunk["choices"][0]["index"] for chunk in shown] == [0, 1, 1]
        assert shown[1]["choices"][0]["delta"]["role"] == "assistant"

    def test_shows_parallel_calls_by_index(self) -> None:
        shown = deltas_in(
            chunks(
                START,
                wire.ToolCallStart(index=0, id="a", name="f"),
                wire.ToolCallStart(index=1, id="b", name="g", signature="s", origin="gemini"),
                wire.ToolCallDelta(index=0, arguments="{}"),
                wire.ToolCallEnd(index=0),
            )
        )

        assert [delta["tool_calls"][0] for delta in shown[1:]] == [
            {
                "index": 0,
                "id": "a",
                "type": "function",
                "function": {"name": "f", "arguments": ""},
            },
            {
                "index": 1,
                "id": "b",
                "type": "function",
                "function": {"name": "g", "arguments": ""},
                "extra_content": {"google": {"thought_signature": "portal:gemini:s"}},
            },
            {"index": 0, "function": {"arguments": "{}"}},
        ]

    def test_tells_signed_thoughts_once_more_whole(self) -> None:
        shown = deltas_in(
            chunks(
                START,
                wire.ReasoningDelta(text="h"),
                wire.ReasoningDelta(text="m"),
                wire.ReasoningEnd(signature="s", origin="anthropic_messages"),
                wire.ReasoningEnd(signature="d", origin="anthropic_messages", redacted=True),
            )
        )

        assert shown[1:3] == [{"reasoning_content": "h"}, {"reasoning_content": "m"}]
        assert [delta["reasoning_details"][0] for delta in shown[3:]] == [
            {
                "index": 0,
                "type": "reasoning.text",
                "text": "hm",
                "signature": "portal:anthropic_messages:s",
            },
            {"index": 1, "type": "reasoning.encrypted", "data": "portal:anthropic_messages:d"},
        ]

    def test_hides_thoughts_from_who_wants_none(self) -> None:
        call = wire.ChatCall(model="m", messages=(), reasoning=wire.ReasoningRequest(summary=False))
        end = wire.ReasoningEnd(signature="s", origin="anthropic_messages")

        assert len(chunks(START, wire.ReasoningDelta(text="h"), end, call=call)) == 1

    def test_ends_with_the_error_and_nothing_after_it(self) -> None:
        failure = wire.StreamFailure(error=errors.ProviderOverloadedError("busy"))

        shown = stream(START, failure, call=ASKED)

        assert shown.endswith(b'"param":null,"code":"server_is_overloaded"}}\n\n')
        assert b"[DONE]" not in shown

    def test_renders_a_stream_that_never_started(self) -> None:
        assert chunks(wire.TextDelta(text="a"))[0]["model"] == "m"


def _call(shown: dict[str, Any]) -> dict[str, Any]:
    """A tool call without what the client itself adds."""
    function = {key: shown["function"][key] for key in ("name", "arguments")}
    rest = {key: value for key, value in shown.items() if key not in ("index", "function")}
    return {**rest, "function": function}


@pytest.mark.needs_shared
class TestSpecification:
    """What is rendered is what the official description and the official client expect."""

    @FEW
    @given(reply=replies(outbound.NAME))
    def test_describes_replies(self, shared_dir: Path, reply: wire.ChatReply) -> None:
        shown = json.loads(inbound.render_reply(reply, CALL))

        openai_validator(shared_dir, "CreateChatCompletionResponse").validate(shown)
        typed = ChatCompletion.model_validate(shown)
        assert typed.to_dict(mode="json") == shown

    @FEW
    @given(reply=replies(outbound.NAME))
    def test_describes_streams(self, shared_dir: Path, reply: wire.ChatReply) -> None:
        validator = openai_validator(shared_dir, "CreateChatCompletionStreamResponse")

        for chunk in chunks(*deltas_of(reply), call=ASKED):
            validator.validate(chunk)

    @FEW
    @given(reply=replies(outbound.NAME))
    def test_lets_the_official_client_gather_streams(self, reply: wire.ChatReply) -> None:
        state = ChatCompletionStreamState()
        for chunk in chunks(*deltas_of(reply), call=ASKED):
            state.handle_chunk(ChatCompletionChunk.model_validate(chunk))
        gathered = state.current_completion_snapshot

        whole = ChatCompletion.model_validate_json(inbound.render_reply(reply, CALL))
        assert gathered.usage == whole.usage
        for mine, theirs in zip(gathered.choices, whole.choices, strict=True):
            assert mine.finish_reason == theirs.finish_reason
            assert (mine.message.content or None) == (theirs.message.content or None)
            assert mine.message.refusal == theirs.message.refusal
            assert [_call(call.to_dict()) for call in mine.message.tool_calls or ()] == [
                _call(call.to_dict()) for call in theirs.message.tool_calls or ()
            ]
            for field in ("reasoning_content", "reasoning_details"):
                assert getattr(mine.message, field, None) == getattr(theirs.message, field, None)

    @pytest.mark.parametrize("encoding", ["float", "base64"])
    def test_describes_embeddings(self, shared_dir: Path, encoding: str) -> None:
        reply = wire.EmbeddingReply(
            model="e", vectors=((0.5, 1.0),), usage=wire.Usage(input_tokens=3)
        )
        call = wire.EmbeddingCall(model="m", inputs=("a",), encoding=encoding)

        shown = json.loads(inbound.render_embeddings(reply, call))

        # The description knows lists alone; the official client reads both.
        if encoding == "base64":
            shown["data"][0]["embedding"] = unpack_floats(shown["data"][0]["embedding"])
            shown = json.loads(json.dumps(shown))
        openai_validator(shared_dir, "CreateEmbeddingResponse").validate(shown)
        assert CreateEmbeddingResponse.model_validate(shown).data[0].embedding == [0.5, 1.0]

    @pytest.mark.parametrize(
        "error", [PortalError("m"), errors.ProviderRejectedError("m", param="p")]
    )
    def test_describes_errors(self, shared_dir: Path, error: PortalError) -> None:
        shown = json.loads(inbound.render_error(error, request_id="r").body)

        openai_validator(shared_dir, "ErrorResponse").validate(shown)
