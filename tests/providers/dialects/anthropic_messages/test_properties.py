"""What goes into this dialect comes out again: requests, replies, streams."""

from collections.abc import Iterable

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from apps.providers import wire
from apps.providers.collect import collect
from apps.providers.dialects.anthropic_messages import inbound, outbound
from apps.providers.dialects.anthropic_messages.terms import arguments_text
from apps.providers.sse import EventParser
from tests.providers.dialects.anthropic_messages.examples import a_call, incoming
from tests.providers.dialects.anthropic_messages.strategies import (
    bare_thoughts,
    calls,
    deltas_of,
    foreign_thoughts,
    own_thoughts,
    replies,
)

OPTIONS = outbound.Options()


def streamed(deltas: Iterable[wire.ChatDelta], chunk: int = 4096) -> list[wire.ChatDelta]:
    """What a parser makes of the events that the renderer writes, cut into chunks."""
    renderer = inbound.stream_renderer(a_call(stream=True))
    raw = b"".join([*map(renderer.feed, deltas), renderer.close()])
    events, parser = EventParser(), outbound.stream_parser()
    found = [e for i in range(0, len(raw), chunk) for e in events.feed(raw[i : i + chunk])]
    told = [delta for event in [*found, *events.close()] for delta in parser.feed(event)]
    return [*told, *parser.close()]


def unwrapped(reply: wire.ChatReply) -> wire.ChatReply:
    """The reply with arguments that were wrapped into an object as the model gave them."""
    (choice,) = reply.choices
    parts = tuple(
        msgspec.structs.replace(part, arguments=arguments_text(msgspec.Raw(part.arguments)))
        if isinstance(part, wire.ToolCallPart)
        else part
        for part in choice.parts
    )
    return msgspec.structs.replace(reply, choices=(msgspec.structs.replace(choice, parts=parts),))


class TestRequests:
    @given(call=calls())
    def test_come_back_whole(self, call: wire.ChatCall) -> None:
        model = wire.TargetModel(name=call.model)

        request = outbound.build_request(call, model, OPTIONS)

        again = inbound.decode_request(incoming(request.body))
        assert request.warnings == ()
        assert again == call

    @given(call=calls())
    def test_are_counted_without_a_loss(self, call: wire.ChatCall) -> None:
        model = wire.TargetModel(name=call.model)

        request = outbound.build_count(call, model, OPTIONS)

        body = incoming(request.body, operation="count_tokens")
        assert inbound.decode_count(body).messages == call.messages


class TestReplies:
    @given(reply=replies(own_thoughts | bare_thoughts))
    def test_come_back_whole(self, reply: wire.ChatReply) -> None:
        assert outbound.parse_reply(inbound.render_reply(reply, a_call())) == reply

    @given(reply=replies(own_thoughts | bare_thoughts | foreign_thoughts, signed=True))
    def test_come_back_whole_as_the_history_of_the_next_call(self, reply: wire.ChatReply) -> None:
        raw = inbound.render_reply(reply, a_call())
        shown = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        turns = [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": shown["content"]},
        ]

        call = inbound.decode_request(incoming({"model": "m", "max_tokens": 9, "messages": turns}))

        said = tuple(part for message in call.messages[1:] for part in message.parts)
        assert said == reply.choices[0].parts

    @given(reply=replies(own_thoughts))
    def test_tell_the_books_what_they_hold(self, reply: wire.ChatReply) -> None:
        facts = outbound.read_facts("chat", inbound.render_reply(reply, a_call()))

        assert facts == wire.Facts(
            id=reply.id, model=reply.model, usage=reply.usage, finish=reply.choices[0].finish
        )


class TestStreams:
    @given(
        reply=replies(own_thoughts | bare_thoughts),
        size=st.integers(1, 5),
        chunk=st.integers(1, 50),
    )
    def test_spell_the_same_reply(self, reply: wire.ChatReply, size: int, chunk: int) -> None:
        deltas = tuple(deltas_of(reply, size))

        assert collect(deltas) == reply
        assert unwrapped(collect(streamed(deltas, chunk))) == reply

    @given(reply=replies(own_thoughts | bare_thoughts | foreign_thoughts), size=st.integers(1, 5))
    def test_show_what_a_whole_reply_would_show(self, reply: wire.ChatReply, size: int) -> None:
        whole = outbound.parse_reply(inbound.render_reply(reply, a_call()))

        assert unwrapped(collect(streamed(deltas_of(reply, size)))) == whole
