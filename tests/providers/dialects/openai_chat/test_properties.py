from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from apps.providers import wire
from apps.providers.collect import collect
from apps.providers.dialects.openai_chat import inbound, outbound
from apps.providers.sse import EventParser
from tests.providers.dialects.chat_family import strategies as some
from tests.providers.recordings import split_at

NAME = outbound.NAME
PLAIN_CALL = wire.ChatCall(model="m", messages=(), include_usage=True)


@st.composite
def calls(draw: DrawFn) -> wire.ChatCall:
    tools = draw(some.tools(strict=True))
    stream = draw(st.booleans())
    logprobs = draw(st.booleans())
    return wire.ChatCall(
        model=draw(some.names),
        messages=draw(
            some.histories(
                some.image_parts,
                some.document_parts,
                some.audio_by_value,
                participants=True,
                one_text=False,
            )
        ),
        tools=tools,
        tool_choice=draw(some.choices_among(tools, most=2)),
        parallel_tool_calls=draw(st.sampled_from([None, True, False])) if tools else None,
        max_output_tokens=draw(st.none() | some.counts),
        temperature=draw(st.none() | st.floats(0, 2)),
        top_p=draw(some.numbers),
        frequency_penalty=draw(some.numbers),
        presence_penalty=draw(some.numbers),
        seed=draw(st.none() | some.counts),
        logit_bias=draw(st.none() | st.just({"50256": -100.0})),
        stop=draw(st.lists(some.texts, max_size=4).map(tuple)),
        n=draw(st.integers(1, 3)),
        logprobs=logprobs,
        top_logprobs=draw(st.none() | st.integers(0, 20)) if logprobs else None,
        output_format=draw(some.formats),
        reasoning=draw(st.none() | st.just(wire.ReasoningRequest(effort="low"))),
        user=draw(st.none() | some.names),
        stream=stream,
        include_usage=stream,
        extras=draw(st.sampled_from([{}, {"verbosity": "low", "prompt_cache_key": "k"}])),
    )


def incoming(body: bytes, call: wire.ChatCall) -> wire.Incoming:
    return wire.Incoming(operation="chat", model=call.model, body=body)


def parse_stream(*chunks: bytes) -> list[wire.ChatDelta]:
    events = EventParser()
    parser = outbound.stream_parser()
    deltas: list[wire.ChatDelta] = []
    for chunk in chunks:
        for event in events.feed(chunk):
            deltas += parser.feed(event)
    return [*deltas, *parser.close()]


def render_stream(deltas: list[wire.ChatDelta], call: wire.ChatCall = PLAIN_CALL) -> bytes:
    renderer = inbound.stream_renderer(call)
    return b"".join(renderer.feed(delta) for delta in deltas) + renderer.close()


class TestCalls:
    @given(calls())
    def test_come_back_as_they_were(self, call: wire.ChatCall) -> None:
        request = outbound.build_request(
            call, wire.TargetModel(name=call.model), outbound.Options()
        )

        assert request.warnings == ()
        assert inbound.decode_request(incoming(request.body, call)) == call

    @given(some.signed(some.call_parts, NAME), st.data())
    def test_keep_signatures_of_their_own_dialect_alone(
        self, part: wire.ToolCallPart, data: st.DataObject
    ) -> None:
        thought = data.draw(some.signed(st.builds(wire.ReasoningPart, text=some.texts), NAME))
        assert isinstance(thought, wire.ReasoningPart)
        message = wire.Message(role=wire.Role.ASSISTANT, parts=(thought, part))
        call = wire.ChatCall(model="m", messages=(message,))

        request = outbound.build_request(
            call,
            wire.TargetModel(name="m"),
            outbound.Options(reasoning_field="reasoning_details"),
        )

        back = inbound.decode_request(incoming(request.body, call)).messages[0].parts
        if thought.origin != NAME:
            thought = wire.ReasoningPart(text=thought.text)
        assert back[0] == thought
        kept = part.signature if part.origin == NAME else None
        assert back[1] == msgspec.structs.replace(part, signature=kept, origin=NAME if kept else "")


class TestReplies:
    @given(some.replies(NAME))
    def test_come_back_as_they_were(self, reply: wire.ChatReply) -> None:
        body = inbound.render_reply(reply, PLAIN_CALL)

        assert outbound.parse_reply(body) == reply

    @given(some.replies(NAME))
    def test_tell_the_books_the_same_unread(self, reply: wire.ChatReply) -> None:
        facts = outbound.read_facts("chat", inbound.render_reply(reply, PLAIN_CALL))

        assert facts == wire.Facts(
            id=reply.id, model=reply.model, usage=reply.usage, finish=reply.choices[0].finish
        )


class TestStreams:
    @given(some.replies(NAME), st.integers(1, 4))
    def test_spell_the_same_reply(self, reply: wire.ChatReply, pieces: int) -> None:
        stream = render_stream(some.deltas_of(reply, pieces=pieces))

        assert collect(parse_stream(stream)) == reply

    @given(some.replies(NAME), st.data())
    def test_say_the_same_however_they_are_split(
        self, reply: wire.ChatReply, data: st.DataObject
    ) -> None:
        stream = render_stream(some.deltas_of(reply))
        cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=6))

        assert parse_stream(*split_at(stream, cuts)) == parse_stream(stream)


class TestEmbeddings:
    @given(
        st.lists(st.lists(st.floats(width=32, allow_nan=False), max_size=5).map(tuple)).map(tuple),
        st.sampled_from(["float", "base64"]),
    )
    def test_come_back_as_they_were(
        self, vectors: tuple[tuple[float, ...], ...], encoding: str
    ) -> None:
        reply = wire.EmbeddingReply(model="m", vectors=vectors, usage=wire.Usage(input_tokens=3))
        call = wire.EmbeddingCall(model="m", inputs=("a",), encoding=encoding)
        finite = all(abs(value) != float("inf") for vector in vectors for value in vector)

        if finite or encoding == "base64":
            assert outbound.parse_embeddings(inbound.render_embeddings(reply, call)) == reply

    @given(
        st.one_of(
            st.tuples(st.tuples(some.texts), st.just(True)),
            st.tuples(st.lists(some.texts, min_size=1).map(tuple), st.just(False)),
            st.tuples(
                st.lists(st.lists(some.counts, min_size=1).map(tuple), min_size=1, max_size=3).map(
                    tuple
                ),
                st.just(False),
            ),
        ),
        st.sampled_from(["float", "base64"]),
    )
    def test_requests_come_back_as_they_were(self, given_inputs: Any, encoding: str) -> None:
        inputs, single = given_inputs
        call = wire.EmbeddingCall(
            model="m", inputs=inputs, single=single, encoding=encoding, dimensions=8, user="u"
        )

        request = outbound.build_embeddings(call, wire.TargetModel(name="m"), outbound.Options())

        back = wire.Incoming(operation="embeddings", model="m", body=request.body)
        assert inbound.decode_embeddings(back) == call
