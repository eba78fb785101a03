"""Whole replies, read and rendered."""

from typing import Any

import msgspec
import pytest

from apps.providers import wire
from apps.providers.dialects.gemini_generate import inbound, outbound
from apps.providers.dialects.gemini_generate.terms import (
    FINISH_REASONS,
    WireUsage,
    read_usage,
    write_usage,
)
from apps.providers.errors import (
    ProviderError,
    ProviderOverloadedError,
    ProviderProtocolError,
)
from apps.providers.wire import FinishReason
from tests.providers.dialects.gemini_generate.asking import OWN, call, replied


def own(signature: str, text: str = "") -> wire.ReasoningPart:
    return wire.ReasoningPart(text=text, signature=signature, origin=OWN)


def parse(body: Any) -> wire.ChatReply:
    return outbound.parse_reply(body if isinstance(body, bytes) else msgspec.json.encode(body))


class TestParseReply:
    def test_reads_text_usage_and_names(self) -> None:
        reply = replied(
            {"text": "Hi"},
            createTime="2026-07-22T23:37:37.029264Z",
            usageMetadata={
                "promptTokenCount": 5,
                "candidatesTokenCount": 2,
                "thoughtsTokenCount": 3,
                "totalTokenCount": 10,
            },
        )

        assert reply == wire.ChatReply(
            id="r1",
            model="m1",
            created=1784763457,
            choices=(wire.Choice(parts=(wire.TextPart(text="Hi"),)),),
            usage=wire.Usage(input_tokens=5, output_tokens=5, reasoning_tokens=3),
        )

    def test_a_function_call_ends_with_tool_calls(self) -> None:
        reply = replied({"functionCall": {"name": "get", "args": {"a": 1}}})

        (choice,) = reply.choices
        assert choice.finish is FinishReason.TOOL_CALLS
        (part,) = choice.parts
        assert isinstance(part, wire.ToolCallPart)
        assert (part.name, part.arguments) == ("get", '{"a":1}')

    def test_makes_ids_that_differ_within_and_between_replies(self) -> None:
        call_part = {"functionCall": {"name": "get"}}
        first, again, other = (
            [
                part.id
                for part in replied(call_part, call_part, responseId=name).choices[0].parts
                if isinstance(part, wire.ToolCallPart)
            ]
            for name in ("r1", "r1", "r2")
        )

        assert first == again
        assert len({*first, *other}) == 4
        assert all(one.startswith("call_") for one in first)

    def test_keeps_given_ids_and_signatures(self) -> None:
        reply = replied(
            {"text": "Hm", "thought": True},
            {"functionCall": {"id": "x", "name": "get", "args": None}, "thoughtSignature": "c2ln"},
        )

        assert reply.choices[0].parts == (
            wire.ReasoningPart(text="Hm", origin=OWN),
            wire.ToolCallPart(id="x", name="get", signature="c2ln", origin=OWN),
        )

    def test_a_blocked_prompt_has_no_candidates(self) -> None:
        reply = parse({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {}})

        assert reply.choices == (wire.Choice(parts=(), finish=FinishReason.CONTENT_FILTER),)
        assert reply.usage is None

    @pytest.mark.parametrize(
        "candidate",
        [
            {"finishReason": "MAX_TOKENS"},
            {"finishReason": "MAX_TOKENS", "content": None},
            {"finishReason": "MAX_TOKENS", "content": {"role": "model"}},
            {"finishReason": "MAX_TOKENS", "content": {"parts": None}, "index": 0},
            {"finishReason": 2, "content": {}},
        ],
    )
    def test_a_candidate_may_be_empty(self, candidate: dict[str, Any]) -> None:
        reply = parse({"candidates": [candidate]})

        assert reply.choices == (wire.Choice(parts=(), finish=FinishReason.LENGTH),)

    @pytest.mark.parametrize(("name", "finish"), FINISH_REASONS.items())
    def test_reads_finish_reasons(self, name: str, finish: FinishReason) -> None:
        assert replied({"text": "x"}, finish=name).choices[0].finish is finish

    @pytest.mark.parametrize(
        "name", ["OTHER", "LANGUAGE", "NEW_ONE", "", "FINISH_REASON_UNSPECIFIED"]
    )
    def test_unknown_finish_reasons_are_other(self, name: str) -> None:
        assert replied({"text": "x"}, finish=name).choices[0].finish is FinishReason.OTHER

    def test_reads_several_candidates_and_log_probabilities(self) -> None:
        logprobs = {
            "chosenCandidates": [{"token": "a", "tokenId": 1, "logProbability": -0.5}],
            "topCandidates": [{"candidates": [{"token": "b", "logProbability": -1}]}],
        }
        body = {
            "candidates": [
                {
                    "content": {"parts": [{"text": "a"}]},
                    "finishReason": "STOP",
                    "logprobsResult": logprobs,
                },
                {"content": {"parts": [{"text": "b"}]}, "finishReason": "STOP", "index": 1},
            ]
        }

        first, second = parse(body).choices
        top = wire.TokenLogprob(token="b", logprob=-1.0)
        assert first.logprobs == (wire.TokenLogprob(token="a", logprob=-0.5, top=(top,)),)
        assert (first.index, second.index, second.logprobs) == (0, 1, None)

    def test_shows_code_that_was_run_as_text(self) -> None:
        reply = replied(
            {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
            {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
        )

        texts = [part.text for part in reply.choices[0].parts if isinstance(part, wire.TextPart)]
        assert texts == ["```python\nprint(1)\n```\n", "```\n1\n```\n"]

    def test_ignores_what_it_does_not_know(self) -> None:
        reply = replied({"text": "x", "novelty": {"a": []}}, novelty=1, usageMetadata=None)

        assert reply.choices[0].parts == (wire.TextPart(text="x"),)

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>",
            b"[]",
            b"null",
            b"{}",
            b'{"candidates": 1}',
            b'{"candidates": [1]}',
            b"\xff",
        ],
    )
    def test_refuses_what_is_no_answer(self, body: bytes) -> None:
        with pytest.raises(ProviderProtocolError):
            parse(body)

    def test_an_error_with_status_200_is_an_error(self) -> None:
        with pytest.raises(ProviderOverloadedError) as error:
            parse({"error": {"code": 503, "message": "Later.", "status": "UNAVAILABLE"}})

        assert error.value.message == "Later."

    def test_media_that_nobody_asked_for_are_an_error(self) -> None:
        with pytest.raises(ProviderError) as error:
            replied({"inlineData": {"mimeType": "image/png", "data": "AAAA"}})

        assert not error.value.retryable


class TestUsage:
    @pytest.mark.parametrize(
        ("counts", "given", "made"),
        [
            ({"prompt": 5, "total": 5}, 5, 0),
            ({"prompt": 5, "tool_use_prompt": 2, "candidates": 1, "total": 8}, 7, 1),
            ({"candidates": 23, "thoughts": 67}, 0, 90),
            ({"prompt": 5, "thoughts": 3, "total": 10}, 5, 5),
            ({"candidates": 3, "total": 10}, 7, 3),
            ({"prompt": 5, "candidates": 3, "total": 9}, 5, 3),
        ],
    )
    def test_total_is_input_plus_output(
        self, counts: dict[str, int], given: int, made: int
    ) -> None:
        usage = read_usage(WireUsage(**{f"{key}_token_count": n for key, n in counts.items()}))

        assert usage is not None
        assert (usage.input_tokens, usage.output_tokens) == (given, made)
        assert usage.total_tokens == given + made

    def test_no_counts_are_no_usage(self) -> None:
        assert read_usage(None) is None
        assert read_usage(WireUsage()) is None

    def test_is_written_without_thoughts_in_candidates(self) -> None:
        usage = wire.Usage(input_tokens=9, output_tokens=5, reasoning_tokens=2, cache_read_tokens=4)

        assert write_usage(usage) == {
            "promptTokenCount": 9,
            "cachedContentTokenCount": 4,
            "candidatesTokenCount": 3,
            "thoughtsTokenCount": 2,
            "totalTokenCount": 14,
        }


class TestRenderReply:
    def test_writes_a_whole_response(self) -> None:
        reply = wire.ChatReply(
            id="r1",
            model="m1",
            created=1784763457,
            choices=(
                wire.Choice(
                    parts=(
                        wire.ReasoningPart(text="Hm", origin=OWN, signature="c2ln"),
                        own("dGV4dA=="),
                        wire.TextPart(text="Yes."),
                        wire.RefusalPart(text="No."),
                        wire.ToolCallPart(id="a", name="get", arguments='{"x": 1}'),
                    ),
                    finish=FinishReason.TOOL_CALLS,
                ),
            ),
            usage=wire.Usage(input_tokens=1, output_tokens=2),
        )

        assert msgspec.json.decode(inbound.render_reply(reply, call())) == {
            "candidates": [
                {
                    "content": {
                        "role": "model",
                        "parts": [
                            {"text": "Hm", "thought": True, "thoughtSignature": "c2ln"},
                            {"text": "Yes.", "thoughtSignature": "dGV4dA=="},
                            {"text": "No."},
                            {"functionCall": {"id": "a", "name": "get", "args": {"x": 1}}},
                        ],
                    },
                    "finishReason": "STOP",
                    "index": 0,
                }
            ],
            "usageMetadata": {
                "promptTokenCount": 1,
                "candidatesTokenCount": 2,
                "totalTokenCount": 3,
            },
            "modelVersion": "m1",
            "responseId": "r1",
            "createTime": "2026-07-22T23:37:37Z",
        }

    def test_seals_what_other_providers_signed(self) -> None:
        foreign = wire.ReasoningPart(text="Hm", signature="s", origin="anthropic_messages")
        reply = wire.ChatReply(id="r", model="m", choices=(wire.Choice(parts=(foreign,)),))

        body = msgspec.json.decode(inbound.render_reply(reply, call()))
        (part,) = body["candidates"][0]["content"]["parts"]
        assert part["thoughtSignature"] != "s"
        assert parse(body).choices[0].parts == (foreign,)

    @pytest.mark.parametrize("finish", FinishReason)
    def test_every_finish_has_a_name(self, finish: FinishReason) -> None:
        choice = wire.Choice(parts=(), finish=finish)
        reply = wire.ChatReply(id="r", model="", choices=(choice,))

        body = msgspec.json.decode(inbound.render_reply(reply, call()))
        assert body["candidates"][0]["finishReason"]
        assert body["modelVersion"] == "fast"


class TestReadFacts:
    def test_tells_the_books(self) -> None:
        body = {
            "candidates": [
                {"content": {"parts": [{"functionCall": {"name": "f"}}]}, "finishReason": "STOP"}
            ],
            "usageMetadata": {"promptTokenCount": 3, "totalTokenCount": 3},
            "responseId": "r",
            "modelVersion": "m",
        }

        facts = outbound.read_facts("chat", msgspec.json.encode(body))

        assert facts == wire.Facts(
            id="r",
            model="m",
            usage=wire.Usage(input_tokens=3),
            finish=FinishReason.TOOL_CALLS,
        )

    def test_reads_usage_of_embeddings(self) -> None:
        body = b'{"embedding":{"values":[1]},"usageMetadata":{"promptTokenCount":3}}'

        assert outbound.read_facts("embeddings", body).usage == wire.Usage(input_tokens=3)
        assert outbound.read_facts("count_tokens", b'{"totalTokens":3}') == wire.Facts()

    @pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b'{"candidates":3}'])
    def test_never_raises(self, body: bytes) -> None:
        assert outbound.read_facts("chat", body) == wire.Facts()


class TestCount:
    def test_goes_both_ways(self) -> None:
        assert outbound.parse_count(inbound.render_count(13)) == 13
        assert msgspec.json.decode(inbound.render_count(13)) == {"totalTokens": 13}

    @pytest.mark.parametrize("body", [b"", b"{}", b'{"totalTokens":"many"}'])
    def test_refuses_what_is_no_count(self, body: bytes) -> None:
        with pytest.raises(ProviderProtocolError):
            outbound.parse_count(body)
