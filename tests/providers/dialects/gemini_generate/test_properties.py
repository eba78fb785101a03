"""What goes through this dialect comes back as it was."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.providers import wire
from apps.providers.collect import collect
from apps.providers.dialects.gemini_generate import inbound, outbound
from tests.providers.dialects.gemini_generate.asking import (
    MODEL,
    OPTIONS,
    call,
    incoming,
    parse_stream,
)
from tests.providers.dialects.gemini_generate.strategies import (
    chat_calls,
    deltas_of,
    replies,
    words,
)


class _Candidate(msgspec.Struct):
    content: msgspec.Raw


class _Shown(msgspec.Struct):
    candidates: list[_Candidate]


class TestCalls:
    @settings(max_examples=150)
    @given(chat_calls())
    def test_canonical_to_wire_and_back(self, asks: wire.ChatCall) -> None:
        request = outbound.build_request(asks, MODEL, OPTIONS)
        verb = request.path.rpartition(":")[2].partition("?")[0]
        back = inbound.decode_request(incoming(request.body, verb))

        assert request.warnings == ()
        assert back == asks

    @given(chat_calls())
    def test_counting_sees_the_same_call(self, asks: wire.ChatCall) -> None:
        request = outbound.build_count(asks, MODEL, OPTIONS)
        back = inbound.decode_count(incoming(request.body, "countTokens"))

        assert back == msgspec.structs.replace(asks, stream=False)

    @given(
        st.lists(words, min_size=1, max_size=3).map(tuple),
        st.sampled_from([None, "query", "document", "text"]),
        st.none() | st.integers(1, 3072),
        st.booleans(),
    )
    def test_embeddings(
        self, inputs: tuple[str, ...], kind: str | None, dimensions: int | None, single: bool
    ) -> None:
        asks = wire.EmbeddingCall(
            model="fast",
            inputs=inputs[:1] if single else inputs,
            kind=kind,
            dimensions=dimensions,
            single=single,
        )
        request = outbound.build_embeddings(asks, MODEL, OPTIONS)
        verb = request.path.rpartition(":")[2]

        assert inbound.decode_embeddings(incoming(request.body, verb)) == asks


class TestReplies:
    @settings(max_examples=150)
    @given(replies())
    def test_canonical_to_wire_and_back(self, reply: wire.ChatReply) -> None:
        assert outbound.parse_reply(inbound.render_reply(reply, call())) == reply

    @settings(max_examples=150)
    @given(replies(), st.integers(1, 9), st.sampled_from([1, 7, 10_000]))
    def test_a_stream_spells_the_same_reply(
        self, reply: wire.ChatReply, pieces: int, size: int
    ) -> None:
        renderer = inbound.stream_renderer(call())
        stream = b"".join(renderer.feed(delta) for delta in deltas_of(reply, pieces))
        stream += renderer.close()
        chunks = [stream[start : start + size] for start in range(0, len(stream), size)]

        assert collect(parse_stream(chunks)) == reply

    @given(replies())
    def test_usage_adds_up(self, reply: wire.ChatReply) -> None:
        body = msgspec.json.decode(inbound.render_reply(reply, call()))
        if reply.usage is not None:
            counts = body["usageMetadata"]
            parts = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
            assert counts["totalTokenCount"] == sum(counts.get(key, 0) for key in parts)

    @given(replies())
    def test_what_the_books_read_is_what_the_reply_says(self, reply: wire.ChatReply) -> None:
        facts = outbound.read_facts("chat", inbound.render_reply(reply, call()))

        assert facts == wire.Facts(
            id=reply.id, model=reply.model, usage=reply.usage, finish=reply.choices[0].finish
        )


class TestHistory:
    @settings(max_examples=100)
    @given(replies())
    def test_what_a_caller_sends_back_is_what_it_was_shown(self, reply: wire.ChatReply) -> None:
        """Signatures of every origin survive a round through the caller's history."""
        shown = msgspec.json.decode(inbound.render_reply(reply, call()), type=_Shown)
        content = shown.candidates[0].content
        body = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}, content]}

        assert inbound.decode_request(incoming(body)).messages[1].parts == reply.choices[0].parts


class TestRobustness:
    @settings(max_examples=200)
    @given(st.binary(max_size=40) | st.text(max_size=40).map(str.encode), st.integers(100, 600))
    def test_errors_are_read_whatever_the_body_is(self, body: bytes, status: int) -> None:
        outbound.parse_error(status, {}, body)
        outbound.read_facts("chat", body)
        outbound.is_usage_event(body)
