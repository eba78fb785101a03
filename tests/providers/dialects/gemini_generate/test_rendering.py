"""Events for callers."""

import msgspec

from apps.providers import wire
from apps.providers.collect import collect
from apps.providers.errors import ProviderOverloadedError
from apps.providers.wire import FinishReason
from tests.providers.dialects.gemini_generate.asking import (
    OWN,
    bodies,
    parse_stream,
    rendered,
)

START = wire.StreamStart(id="r1", model="m1", created=1784763457)
STOP = wire.Finish(reason=FinishReason.STOP)
HEAD = {"modelVersion": "m1", "responseId": "r1", "createTime": "2026-07-22T23:37:37Z"}


def parts_of(stream: bytes) -> list[object]:
    return [
        part
        for body in bodies(stream)
        for candidate in body["candidates"]
        for part in candidate["content"]["parts"]
    ]


class TestReplyStreamRenderer:
    def test_finish_and_usage_stand_on_the_last_event_only(self) -> None:
        usage = wire.Usage(input_tokens=3, output_tokens=2)
        stream = rendered(
            START,
            wire.UsageReport(usage=wire.Usage(input_tokens=3)),
            wire.TextDelta(text="Hel"),
            wire.TextDelta(text="lo"),
            STOP,
            wire.UsageReport(usage=usage),
        )

        first, second, last = bodies(stream)
        assert first == {
            "candidates": [{"content": {"parts": [{"text": "Hel"}], "role": "model"}, "index": 0}],
            **HEAD,
        }
        assert "usageMetadata" not in second
        assert last == {
            "candidates": [
                {
                    "content": {"parts": [{"text": ""}], "role": "model"},
                    "finishReason": "STOP",
                    "index": 0,
                }
            ],
            "usageMetadata": {
                "promptTokenCount": 3,
                "candidatesTokenCount": 2,
                "totalTokenCount": 5,
            },
            **HEAD,
        }
        assert b"[DONE]" not in stream

    def test_holds_a_call_until_it_is_whole(self) -> None:
        stream = rendered(
            START,
            wire.ToolCallStart(index=0, id="a", name="get"),
            wire.ToolCallStart(index=1, id="b", name="put"),
            wire.ToolCallDelta(index=1, arguments='{"x":\n'),
            wire.ToolCallDelta(index=0, arguments=""),
            wire.ToolCallDelta(index=1, arguments="1}"),
            wire.ToolCallEnd(index=0),
            wire.ToolCallEnd(index=1),
            wire.Finish(reason=FinishReason.TOOL_CALLS),
        )

        assert parts_of(stream) == [
            {"functionCall": {"id": "a", "name": "get", "args": {}}},
            {"functionCall": {"id": "b", "name": "put", "args": {"x": 1}}},
            {"text": ""},
        ]
        assert bodies(stream)[-1]["candidates"][0]["finishReason"] == "STOP"

    def test_gives_calls_that_never_ended(self) -> None:
        stream = rendered(
            START,
            wire.ToolCallStart(index=0, id="a", name="get"),
            wire.ToolCallDelta(index=0, arguments='{"x"'),
            wire.Finish(reason=FinishReason.LENGTH),
        )

        assert parts_of(stream)[0] == {
            "functionCall": {"id": "a", "name": "get", "args": {"_raw": '{"x"'}}
        }

    def test_puts_signatures_on_their_parts(self) -> None:
        stream = rendered(
            START,
            wire.ReasoningDelta(text="Hm"),
            wire.ReasoningEnd(signature="c2ln", origin=OWN),
            wire.ReasoningEnd(signature="dGV4dA==", origin=OWN),
            wire.TextDelta(text="Yes"),
            wire.ReasoningEnd(signature="ZW5k", origin=OWN),
            STOP,
        )

        assert parts_of(stream) == [
            {"text": "Hm", "thought": True},
            {"text": "", "thought": True, "thoughtSignature": "c2ln"},
            {"text": "Yes", "thoughtSignature": "dGV4dA=="},
            {"text": "", "thoughtSignature": "ZW5k"},
            {"text": ""},
        ]

    def test_seals_foreign_signatures(self) -> None:
        stream = rendered(
            START,
            wire.ReasoningDelta(text="Hm"),
            wire.ReasoningEnd(signature="s", origin="anthropic_messages"),
            wire.ReasoningEnd(signature="r", origin="anthropic_messages", redacted=True),
            STOP,
        )

        assert collect(parse_stream([stream])).choices[0].parts == (
            wire.ReasoningPart(text="Hm", signature="s", origin="anthropic_messages"),
            wire.ReasoningPart(signature="r", origin="anthropic_messages", redacted=True),
        )

    def test_says_refusals_as_text(self) -> None:
        stream = rendered(START, wire.RefusalDelta(text="No."), STOP)

        assert parts_of(stream)[0] == {"text": "No."}

    def test_keeps_choices_apart(self) -> None:
        stream = rendered(
            START,
            wire.TextDelta(text="b", choice=1),
            wire.TextDelta(text="a"),
            wire.Finish(reason=FinishReason.LENGTH, choice=1),
            STOP,
        )

        last = bodies(stream)[-1]["candidates"]
        assert [(one["index"], one["finishReason"]) for one in last] == [
            (0, "STOP"),
            (1, "MAX_TOKENS"),
        ]

    def test_a_failure_is_the_last_event(self) -> None:
        failure = wire.StreamFailure(error=ProviderOverloadedError("Later.", status=503))
        stream = rendered(START, wire.TextDelta(text="a"), failure, STOP)

        assert [next(iter(body)) for body in bodies(stream)] == ["candidates", "error"]
        # The official client knows an error by these bytes.
        assert stream.split(b"\r\n\r\n")[1].startswith(b'data: {"error":')

    def test_shows_log_probabilities(self) -> None:
        logprobs = (wire.TokenLogprob(token="a", logprob=-0.5),)
        stream = rendered(START, wire.TextDelta(text="a", logprobs=logprobs), STOP)

        assert collect(parse_stream([stream])).choices[0].logprobs == logprobs

    def test_nothing_said_is_nothing_sent(self) -> None:
        assert rendered() == rendered(START) == b""

    def test_names_the_model_that_was_asked_when_no_other_is_named(self) -> None:
        stream = rendered(wire.StreamStart(id="r", model=""), wire.TextDelta(text="a"), STOP)

        assert {body["modelVersion"] for body in bodies(stream)} == {"fast"}
        assert msgspec.json.encode(bodies(stream)[0])
