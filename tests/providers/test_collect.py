from apps.providers import wire
from apps.providers.collect import Collector, collect
from apps.providers.errors import ProviderConnectionError
from apps.providers.wire import FinishReason

START = wire.StreamStart(id="r1", model="m", created=7)
STOP = wire.Finish(reason=FinishReason.STOP)


class TestCollect:
    def test_joins_the_text_of_a_choice(self) -> None:
        reply = collect([START, wire.TextDelta(text="Hel"), wire.TextDelta(text="lo"), STOP])

        assert reply == wire.ChatReply(
            id="r1",
            model="m",
            created=7,
            choices=(wire.Choice(parts=(wire.TextPart(text="Hello"),)),),
        )

    def test_keeps_choices_apart_and_in_order(self) -> None:
        reply = collect(
            [
                START,
                wire.TextDelta(text="second", choice=1),
                wire.TextDelta(text="first"),
                wire.Finish(reason=FinishReason.LENGTH, choice=1),
                STOP,
            ]
        )

        assert [(choice.index, choice.finish) for choice in reply.choices] == [
            (0, FinishReason.STOP),
            (1, FinishReason.LENGTH),
        ]
        assert reply.choices[1].parts == (wire.TextPart(text="second"),)

    def test_joins_arguments_of_calls_that_interleave(self) -> None:
        reply = collect(
            [
                wire.ToolCallStart(index=0, id="a", name="f", signature="s", origin="o"),
                wire.ToolCallStart(index=1, id="b", name="g"),
                wire.ToolCallDelta(index=0, arguments='{"x"'),
                wire.ToolCallDelta(index=1, arguments="{}"),
                wire.ToolCallDelta(index=0, arguments=":1}"),
                wire.ToolCallEnd(index=0),
                wire.ToolCallEnd(index=1),
            ]
        )

        assert reply.choices[0].parts == (
            wire.ToolCallPart(id="a", name="f", arguments='{"x":1}', signature="s", origin="o"),
            wire.ToolCallPart(id="b", name="g", arguments="{}"),
        )

    def test_gives_a_call_without_arguments_an_empty_object(self) -> None:
        reply = collect([wire.ToolCallStart(index=0, id="a", name="f")])

        assert reply.choices[0].parts == (wire.ToolCallPart(id="a", name="f", arguments="{}"),)

    def test_ignores_arguments_of_a_call_that_never_began(self) -> None:
        assert collect([wire.ToolCallDelta(index=3, arguments="{}")]).choices[0].parts == ()

    def test_closes_thoughts_with_their_signature(self) -> None:
        reply = collect(
            [
                wire.ReasoningDelta(text="so"),
                wire.ReasoningDelta(text=" so"),
                wire.ReasoningEnd(signature="s", origin="anthropic_messages", id="i"),
                wire.TextDelta(text="done"),
            ]
        )

        assert reply.choices[0].parts == (
            wire.ReasoningPart(text="so so", signature="s", origin="anthropic_messages", id="i"),
            wire.TextPart(text="done"),
        )

    def test_keeps_two_blocks_of_thoughts_apart(self) -> None:
        reply = collect(
            [
                wire.ReasoningDelta(text="a"),
                wire.ReasoningEnd(),
                wire.ReasoningEnd(signature="x", redacted=True),
                wire.ReasoningDelta(text="b"),
                wire.ReasoningEnd(),
            ]
        )

        assert reply.choices[0].parts == (
            wire.ReasoningPart(text="a"),
            wire.ReasoningPart(signature="x", redacted=True),
            wire.ReasoningPart(text="b"),
        )

    def test_joins_log_probabilities(self) -> None:
        one, two = (wire.TokenLogprob(token=t, logprob=-0.5) for t in "ab")

        reply = collect(
            [wire.TextDelta(text="a", logprobs=(one,)), wire.TextDelta(text="b", logprobs=(two,))]
        )

        assert reply.choices[0].logprobs == (one, two)

    def test_takes_the_last_usage(self) -> None:
        usages = [wire.Usage(output_tokens=count) for count in (1, 5)]

        reply = collect([wire.UsageReport(usage=usage) for usage in usages])

        assert reply.usage == usages[1]

    def test_calls_a_choice_that_did_not_end_other(self) -> None:
        assert collect([wire.RefusalDelta(text="no")]).choices == (
            wire.Choice(parts=(wire.RefusalPart(text="no"),), finish=FinishReason.OTHER),
        )

    def test_remembers_which_stop_sequence_matched(self) -> None:
        finish = wire.Finish(reason=FinishReason.STOP_SEQUENCE, stop_sequence="END")

        assert collect([finish]).choices[0].stop_sequence == "END"


class TestCollector:
    def test_keeps_the_failure_and_what_came_before_it(self) -> None:
        collector = Collector()
        failure = wire.StreamFailure(error=ProviderConnectionError("gone"))

        for delta in (START, wire.TextDelta(text="half"), failure):
            collector.feed(delta)

        assert collector.failure is failure
        assert collector.reply().choices[0].parts == (wire.TextPart(text="half"),)
