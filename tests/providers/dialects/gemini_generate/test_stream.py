"""Events of the provider."""

from typing import Any

import msgspec
import pytest

from apps.providers import wire
from apps.providers.collect import collect
from apps.providers.dialects.gemini_generate import outbound
from apps.providers.errors import (
    ProviderError,
    ProviderProtocolError,
    ProviderRateLimitError,
)
from apps.providers.wire import FinishReason
from tests.providers.dialects.gemini_generate.asking import (
    OWN,
    chunk,
    parse_stream,
    streamed,
)

START = wire.StreamStart(id="r1", model="m1")


def call_chunk(finish: str | None = None, **fields: Any) -> dict[str, Any]:
    return chunk({"functionCall": fields}, finish=finish)


def calls_of(deltas: list[wire.ChatDelta]) -> list[tuple[str, Any]]:
    parts = collect(deltas).choices[0].parts
    return [
        (part.name, msgspec.json.decode(part.arguments))
        for part in parts
        if isinstance(part, wire.ToolCallPart)
    ]


class TestText:
    def test_reads_text_finish_and_usage(self) -> None:
        counts = {"promptTokenCount": 3, "totalTokenCount": 3}
        last = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}
        deltas = streamed(
            chunk({"text": "Hel"}, usageMetadata=counts),
            chunk({"text": "lo"}, usageMetadata=counts),
            chunk({"text": ""}, finish="STOP", usageMetadata=last),
        )

        assert deltas == [
            START,
            wire.TextDelta(text="Hel"),
            wire.UsageReport(usage=wire.Usage(input_tokens=3)),
            wire.TextDelta(text="lo"),
            wire.Finish(reason=FinishReason.STOP),
            wire.UsageReport(usage=wire.Usage(input_tokens=3, output_tokens=2)),
        ]

    def test_keeps_candidates_apart(self) -> None:
        body = chunk({"text": "a"}, finish="STOP")
        body["candidates"].append(
            {"content": {"parts": [{"text": "b"}]}, "index": 1, "finishReason": "MAX_TOKENS"}
        )

        assert streamed(body)[1:] == [
            wire.TextDelta(text="a"),
            wire.Finish(reason=FinishReason.STOP),
            wire.TextDelta(text="b", choice=1),
            wire.Finish(reason=FinishReason.LENGTH, choice=1),
        ]

    def test_reads_log_probabilities(self) -> None:
        result = {"chosenCandidates": [{"token": "a", "logProbability": -0.5}]}
        body = chunk({"text": "a"}, finish="STOP")
        body["candidates"][0]["logprobsResult"] = result

        assert streamed(body)[1] == wire.TextDelta(
            text="a", logprobs=(wire.TokenLogprob(token="a", logprob=-0.5),)
        )

    def test_a_blocked_prompt_is_finished(self) -> None:
        deltas = streamed({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})

        assert deltas[1:] == [wire.Finish(reason=FinishReason.CONTENT_FILTER)]


class TestThoughts:
    def test_thoughts_end_where_text_begins(self) -> None:
        deltas = streamed(
            chunk({"text": "Hm", "thought": True}),
            chunk({"text": "Yes", "thoughtSignature": "c2ln"}),
            chunk({"text": "."}, finish="STOP"),
        )

        assert deltas[1:] == [
            wire.ReasoningDelta(text="Hm"),
            wire.ReasoningEnd(origin=OWN),
            wire.ReasoningEnd(signature="c2ln", origin=OWN),
            wire.TextDelta(text="Yes"),
            wire.TextDelta(text="."),
            wire.Finish(reason=FinishReason.STOP),
        ]

    def test_a_signature_at_the_end_stands_alone(self) -> None:
        deltas = streamed(
            chunk({"text": "Yes"}), chunk({"text": "", "thoughtSignature": "c2ln"}, finish="STOP")
        )

        assert collect(deltas).choices[0].parts == (
            wire.TextPart(text="Yes"),
            wire.ReasoningPart(signature="c2ln", origin=OWN),
        )

    def test_a_signed_thought_is_closed(self) -> None:
        deltas = streamed(
            chunk({"text": "Hm", "thought": True, "thoughtSignature": "c2ln"}, finish="STOP")
        )

        assert collect(deltas).choices[0].parts == (
            wire.ReasoningPart(text="Hm", signature="c2ln", origin=OWN),
        )


class TestCalls:
    def test_whole_calls(self) -> None:
        deltas = streamed(
            chunk(
                {
                    "functionCall": {"id": "x", "name": "get", "args": {"a": 1}},
                    "thoughtSignature": "c2ln",
                },
                {"functionCall": {"name": "put"}},
            ),
            chunk({"text": ""}, finish="STOP"),
        )

        start = deltas[1]
        assert start == wire.ToolCallStart(
            index=0, id="x", name="get", signature="c2ln", origin=OWN
        )
        assert deltas[2:4] == [
            wire.ToolCallDelta(index=0, arguments='{"a":1}'),
            wire.ToolCallEnd(index=0),
        ]
        assert deltas[-1] == wire.Finish(reason=FinishReason.TOOL_CALLS)
        assert calls_of(deltas) == [("get", {"a": 1}), ("put", {})]

    def test_calls_in_pieces(self) -> None:
        pieces = [
            {"jsonPath": "$.name", "stringValue": "Bo", "willContinue": True},
            {"jsonPath": "$.name", "stringValue": "ston"},
            {"jsonPath": "$.days[0].n", "numberValue": 3},
            {"jsonPath": "$.days[1]['rain']", "boolValue": True},
            {"jsonPath": '$["odd.key"]', "nullValue": "NULL_VALUE"},
        ]
        deltas = streamed(
            call_chunk(name="get", willContinue=True),
            *(call_chunk(partialArgs=[piece], willContinue=True) for piece in pieces),
            call_chunk(finish="STOP"),
        )

        expected = {"name": "Boston", "days": [{"n": 3}, {"rain": True}], "odd.key": None}
        assert calls_of(deltas) == [("get", expected)]

    def test_a_value_said_anew_replaces_the_old_one(self) -> None:
        pieces = [{"jsonPath": "$.a", "stringValue": one} for one in ("x", "y")]
        deltas = streamed(
            call_chunk(name="get", partialArgs=pieces, willContinue=False),
            call_chunk(finish="STOP"),
        )

        assert calls_of(deltas)[0] == ("get", {"a": "y"})

    def test_a_call_in_pieces_ends_with_the_next_call_or_the_answer(self) -> None:
        piece = {"jsonPath": "$.a", "numberValue": 1}
        deltas = streamed(
            call_chunk(name="get", partialArgs=[piece], willContinue=True),
            call_chunk(name="put", args={"b": 2}, willContinue=True),
            chunk({"text": ""}, finish="STOP"),
        )

        assert calls_of(deltas) == [("get", {"a": 1}), ("put", {"b": 2})]

    @pytest.mark.parametrize("path", ["", "$", "a", "$.", "$[0]", "$.a[", "$.a[99999]", "$.a.b"])
    def test_a_path_that_leads_nowhere_is_an_error(self, path: str) -> None:
        pieces = [{"jsonPath": "$.a", "numberValue": 1}, {"jsonPath": path, "numberValue": 1}]

        with pytest.raises(ProviderProtocolError):
            streamed(call_chunk(name="get", partialArgs=pieces, willContinue=True))


class TestEnds:
    def test_a_stream_that_stops_early_has_failed(self) -> None:
        for bodies in ([], [chunk({"text": "a"})], [{"usageMetadata": {"promptTokenCount": 1}}]):
            (failure,) = [
                delta for delta in streamed(*bodies) if isinstance(delta, wire.StreamFailure)
            ]
            assert isinstance(failure.error, ProviderProtocolError)

    def test_an_error_event_is_a_failure_and_the_last_delta(self) -> None:
        error = {"error": {"code": 429, "message": "Slow.", "status": "RESOURCE_EXHAUSTED"}}
        deltas = streamed(chunk({"text": "a"}), error, chunk({"text": "b"}, finish="STOP"))

        assert isinstance(deltas[-1], wire.StreamFailure)
        assert isinstance(deltas[-1].error, ProviderRateLimitError)
        assert [type(delta) for delta in deltas[:-1]] == [wire.StreamStart, wire.TextDelta]

    def test_a_finished_stream_may_still_report_usage(self) -> None:
        deltas = streamed(
            chunk({"text": "a"}, finish="STOP"), {"usageMetadata": {"promptTokenCount": 2}}
        )

        assert isinstance(deltas[-1], wire.UsageReport)

    def test_ignores_comments_and_foreign_end_marks(self) -> None:
        assert parse_stream([b": hello\n\n", b"data: [DONE]\n\n"], close=False) == []

    def test_refuses_what_is_no_event(self) -> None:
        for data in (b"data: {\n\n", b"data: []\n\n", b'data: {"candidates":{}}\n\n'):
            with pytest.raises(ProviderProtocolError):
                parse_stream([data])

    def test_refuses_media(self) -> None:
        with pytest.raises(ProviderError):
            streamed(chunk({"inlineData": {"mimeType": "image/png", "data": "AAAA"}}))


class TestIsUsageEvent:
    def test_knows_one(self) -> None:
        assert outbound.is_usage_event(b'{"usageMetadata":{"promptTokenCount":1}}')
        assert not outbound.is_usage_event(msgspec.json.encode(chunk({"text": "a"})))
        assert not outbound.is_usage_event(b"[DONE]")
