"""Every recorded exchange of Azure AI Inference (and of Azure OpenAI in its form)."""

import json
from typing import Any

import pytest

from apps.providers import errors, wire
from apps.providers.collect import collect
from apps.providers.dialects.azure_inference import inbound, outbound
from apps.providers.sse import EventParser
from tests.providers.recordings import Recording, cases

CHAT = cases("chat.completions", "aoai.chat.completions", providers=["azure-ai"])
EMBEDDINGS = cases("embeddings", providers=["azure-ai"])
FAILED = [
    case
    for case in cases("chat.completions", "embeddings", "aoai.info", providers=["azure-ai"])
    if case.status >= 400
]
PLAIN = [case for case in CHAT if case.status == 200 and case.body]
STREAMED = [case for case in CHAT if case.stream]
CLASSES = {
    401: errors.ProviderAuthError,
    404: errors.ProviderNotFoundError,
    422: errors.ProviderRejectedError,
}
CALL = wire.ChatCall(model="m", messages=())


def parse(*pieces: bytes) -> list[wire.ChatDelta]:
    events, parser = EventParser(), outbound.stream_parser()
    deltas: list[wire.ChatDelta] = []
    for piece in pieces:
        for event in events.feed(piece):
            deltas += parser.feed(event)
    return [*deltas, *parser.close()]


def normal(request: dict[str, Any]) -> dict[str, Any]:
    """The request without what is said by leaving it out."""
    plain = {key: value for key, value in request.items() if key != "n" or value != 1}
    plain["messages"] = [_message(message) for message in plain["messages"]]
    return plain


def _message(message: dict[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in message.items() if value is not None}
    for call in plain.get("tool_calls", ()):
        call["function"].pop("call_id", None)
    return plain


class TestRequests:
    @pytest.mark.parametrize("case", [case for case in CHAT if case.request], ids=str)
    def test_are_said_again_as_they_were(self, case: Recording) -> None:
        call = inbound.decode_request(case.incoming("chat"))

        built = outbound.build_request(call, wire.TargetModel(name="m"), outbound.Options())

        assert normal(json.loads(built.body)) == {**normal(case.request or {}), "model": "m"}
        assert (call.warnings, built.warnings) == ((), ())

    @pytest.mark.parametrize("case", [case for case in CHAT if case.request], ids=str)
    def test_are_forwarded_untouched(self, case: Recording) -> None:
        sent = outbound.forward_request(
            case.incoming("chat"), wire.TargetModel(name="m"), outbound.Options()
        )

        assert json.loads(sent.body) == {**(case.request or {}), "model": "m"}
        rule = case.request_headers.get("extra-parameters")
        assert dict(sent.headers).get("extra-parameters") == rule

    @pytest.mark.parametrize("case", EMBEDDINGS, ids=str)
    def test_for_embeddings_are_said_again_as_they_were(self, case: Recording) -> None:
        call = inbound.decode_embeddings(case.incoming("embeddings"))

        built = outbound.build_embeddings(call, wire.TargetModel(name="m"), outbound.Options())

        assert json.loads(built.body) == {**(case.request or {}), "model": "m"}


class TestReplies:
    @pytest.mark.parametrize("case", PLAIN, ids=str)
    def test_are_read_and_said_again(self, case: Recording) -> None:
        reply = outbound.parse_reply(case.body)

        assert reply.usage is not None
        assert reply.usage.total_tokens == json.loads(case.body)["usage"]["total_tokens"]
        assert all(choice.parts for choice in reply.choices)
        assert outbound.parse_reply(inbound.render_reply(reply, CALL)) == reply
        assert outbound.read_facts("chat", case.body).usage == reply.usage


class TestStreams:
    @pytest.mark.parametrize("case", STREAMED, ids=str)
    def test_are_read_and_said_again(self, case: Recording) -> None:
        deltas = parse(case.stream)
        reply = collect(deltas)

        assert reply.usage == wire.Usage(input_tokens=19, output_tokens=1720)
        assert [type(part) for part in reply.choices[0].parts] == [
            wire.ReasoningPart,
            wire.TextPart,
        ]
        renderer = inbound.stream_renderer(CALL)
        shown = b"".join(renderer.feed(delta) for delta in deltas) + renderer.close()
        assert collect(parse(shown)) == reply

    @pytest.mark.parametrize("size", [1, 7])
    @pytest.mark.parametrize("case", STREAMED, ids=str)
    def test_say_the_same_however_they_are_split(self, case: Recording, size: int) -> None:
        stream = case.stream

        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]

        assert parse(*pieces) == parse(stream)


class TestErrors:
    @pytest.mark.parametrize("case", FAILED, ids=str)
    def test_have_the_right_class(self, case: Recording) -> None:
        error = outbound.parse_error(case.status, case.headers, case.body)

        assert type(error) is CLASSES[case.status]
        assert error.message
