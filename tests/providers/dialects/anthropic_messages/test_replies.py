from typing import Any

import msgspec
import pytest

from apps.providers import wire
from apps.providers.dialects.anthropic_messages import outbound
from apps.providers.errors import ProviderOverloadedError, ProviderProtocolError
from apps.providers.wire import FinishReason


def parsed(**fields: Any) -> wire.ChatReply:
    body = {"type": "message", "id": "msg_1", "model": "m", "stop_reason": "end_turn", **fields}
    return outbound.parse_reply(msgspec.json.encode(body))


class TestParseReply:
    def test_reads_text_thoughts_and_calls(self) -> None:
        reply = parsed(
            content=[
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "redacted_thinking", "data": "d"},
                {"type": "text", "text": "Hi", "citations": None},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1.0}},
            ],
            stop_reason="tool_use",
        )

        origin = "anthropic_messages"
        assert reply.choices == (
            wire.Choice(
                parts=(
                    wire.ReasoningPart(text="hm", signature="s", origin=origin),
                    wire.ReasoningPart(signature="d", origin=origin, redacted=True),
                    wire.TextPart(text="Hi"),
                    wire.ToolCallPart(id="toolu_1", name="f", arguments='{"a":1.0}'),
                ),
                finish=FinishReason.TOOL_CALLS,
            ),
        )

    def test_says_which_stop_sequence_was_hit(self) -> None:
        choice = parsed(content=[], stop_reason="stop_sequence", stop_sequence="END").choices[0]

        assert (choice.finish, choice.stop_sequence) == (FinishReason.STOP_SEQUENCE, "END")

    def test_passes_over_blocks_that_have_no_canonical_form(self) -> None:
        content = [
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
            {"type": "web_search_tool_result", "content": [{"url": "u"}]},
            {"type": "of_tomorrow", "content": 5},
        ]

        assert parsed(content=content).choices[0].parts == ()

    @pytest.mark.parametrize("content", [None, []])
    def test_takes_an_empty_message(self, content: object) -> None:
        reply = parsed(content=content, usage=None, model=None, id=None, stop_reason="refusal")

        assert reply.choices[0] == wire.Choice(parts=(), finish=FinishReason.CONTENT_FILTER)
        assert reply.usage is None

    def test_takes_nulls_and_gaps_inside_blocks(self) -> None:
        content = [{"type": "text", "text": None}, {"type": "tool_use", "input": None}, {}]

        assert parsed(content=content).choices[0].parts == (
            wire.TextPart(text=""),
            wire.ToolCallPart(id="", name=""),
        )

    def test_raises_the_error_that_came_as_a_success(self) -> None:
        with pytest.raises(ProviderOverloadedError) as caught:
            outbound.parse_reply(b'{"type":"error","error":{"type":"overloaded_error"}}')

        assert caught.value.kind == "overloaded"

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>",
            b"[]",
            b"{}",
            b'{"content": 5}',
            b'{"content": ["x"]}',
            b'{"content":[{"type":"text","text":{}}]}',
            b"\xff\xfe",
            b"[" * 100_000,
        ],
    )
    def test_raises_for_what_is_no_message(self, body: bytes) -> None:
        with pytest.raises(ProviderProtocolError):
            outbound.parse_reply(body)


class TestParseCount:
    def test_reads_the_count(self) -> None:
        assert outbound.parse_count(b'{"input_tokens": 671, "more": 1}') == 671

    @pytest.mark.parametrize("body", [b"{}", b'{"input_tokens": null}', b"x"])
    def test_raises_without_one(self, body: bytes) -> None:
        with pytest.raises(ProviderProtocolError):
            outbound.parse_count(body)


class TestReadFacts:
    def test_reads_what_the_books_need(self) -> None:
        body = (
            b'{"id":"msg_1","model":"m","content":[{"type":"new"}],"stop_reason":"max_tokens",'
            b'"usage":{"input_tokens":2,"cache_read_input_tokens":3,"output_tokens":4}}'
        )

        assert outbound.read_facts("chat", body) == wire.Facts(
            id="msg_1",
            model="m",
            usage=wire.Usage(input_tokens=5, output_tokens=4, cache_read_tokens=3),
            finish=FinishReason.LENGTH,
        )

    @pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"usage": 5}', b"[" * 100_000])
    def test_never_raises(self, body: bytes) -> None:
        assert outbound.read_facts("chat", body) == wire.Facts()
