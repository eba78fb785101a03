from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from apps.providers import wire
from apps.providers.collect import collect
from apps.providers.dialects.azure_inference import inbound, outbound
from apps.providers.sse import EventParser
from tests.providers.dialects.chat_family import strategies as some
from tests.providers.recordings import split_at

NAME = outbound.NAME
CALL = wire.ChatCall(model="m", messages=())


@st.composite
def calls(draw: DrawFn) -> wire.ChatCall:
    tools = draw(some.tools(strict=False))
    logprobs = draw(st.booleans())
    return wire.ChatCall(
        model=draw(some.names),
        messages=draw(
            some.histories(
                some.image_parts,
                some.audio_by_value,
                some.audio_by_url,
                participants=False,
                one_text=True,
            )
        ),
        tools=tools,
        tool_choice=draw(some.choices_among(tools, most=1)),
        parallel_tool_calls=draw(st.sampled_from([None, True, False])) if tools else None,
        max_output_tokens=draw(st.none() | some.counts),
        temperature=draw(st.none() | st.floats(0, 1)),
        top_p=draw(some.numbers),
        top_k=draw(st.none() | some.counts),
        frequency_penalty=draw(some.numbers),
        presence_penalty=draw(some.numbers),
        seed=draw(st.none() | some.counts),
        stop=draw(st.lists(some.texts, max_size=6).map(tuple)),
        n=draw(st.integers(1, 3)),
        logprobs=logprobs,
        top_logprobs=draw(st.none() | st.integers(0, 20)) if logprobs else None,
        output_format=draw(some.formats),
        reasoning=draw(st.none() | st.just(wire.ReasoningRequest(effort="low"))),
        stream=draw(st.booleans()),
    )


def parse_stream(*chunks: bytes) -> list[wire.ChatDelta]:
    events, parser = EventParser(), outbound.stream_parser()
    deltas: list[wire.ChatDelta] = []
    for chunk in chunks:
        for event in events.feed(chunk):
            deltas += parser.feed(event)
    return [*deltas, *parser.close()]


def render_stream(deltas: list[wire.ChatDelta]) -> bytes:
    renderer = inbound.stream_renderer(CALL)
    return b"".join(renderer.feed(delta) for delta in deltas) + renderer.close()


class TestCalls:
    @given(calls())
    def test_come_back_as_they_were(self, call: wire.ChatCall) -> None:
        request = outbound.build_request(
            call, wire.TargetModel(name=call.model), outbound.Options()
        )

        back = wire.Incoming(
            operation="chat", model=call.model, body=request.body, headers=dict(request.headers)
        )
        assert request.warnings == ()
        assert inbound.decode_request(back) == call


class TestReplies:
    @given(some.replies(NAME, refusals=False))
    def test_come_back_as_they_were(self, reply: wire.ChatReply) -> None:
        assert outbound.parse_reply(inbound.render_reply(reply, CALL)) == reply


class TestStreams:
    @given(some.replies(NAME, refusals=False), st.integers(1, 4))
    def test_spell_the_same_reply(self, reply: wire.ChatReply, pieces: int) -> None:
        stream = render_stream(some.deltas_of(reply, pieces=pieces))

        assert collect(parse_stream(stream)) == reply

    @given(some.replies(NAME, refusals=False), st.data())
    def test_say_the_same_however_they_are_split(
        self, reply: wire.ChatReply, data: st.DataObject
    ) -> None:
        stream = render_stream(some.deltas_of(reply))
        cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=6))

        assert parse_stream(*split_at(stream, cuts)) == parse_stream(stream)


class TestEmbeddings:
    @given(
        st.lists(some.texts, min_size=1).map(tuple),
        st.sampled_from([None, "text", "query", "document"]),
        st.sampled_from(["float", "base64"]),
    )
    def test_requests_come_back_as_they_were(
        self, inputs: tuple[str, ...], kind: str | None, encoding: str
    ) -> None:
        call = wire.EmbeddingCall(
            model="m", inputs=inputs, kind=kind, encoding=encoding, dimensions=8
        )

        request = outbound.build_embeddings(call, wire.TargetModel(name="m"), outbound.Options())

        back = wire.Incoming(operation="embeddings", model="m", body=request.body)
        assert inbound.decode_embeddings(back) == call
