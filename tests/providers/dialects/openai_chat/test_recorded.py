"""Every recorded exchange of the providers that speak this dialect."""

import json
from typing import Any

import msgspec
import pytest

from apps.providers import errors, wire
from apps.providers.collect import collect
from apps.providers.dialects.openai_chat import inbound, outbound
from apps.providers.errors import UnsupportedContentError
from apps.providers.sse import EventParser
from tests.providers.recordings import Recording, cases

PROVIDERS = ("openai", "azure-openai", "groq", "mistral", "deepseek", "openrouter", "gemini")
CHAT = cases("chat.completions", "openai-compat.chat", providers=PROVIDERS)
EMBEDDINGS = cases("embeddings", providers=PROVIDERS)
ASKED = wire.ChatCall(model="m", messages=(), include_usage=True)
REFUSED = {"web_search_options"}
CLASSES = {
    400: errors.ProviderRejectedError,
    401: errors.ProviderAuthError,
    404: errors.ProviderNotFoundError,
    429: errors.ProviderRateLimitError,
    500: errors.ProviderFaultError,
}
# What these vendors take beyond OpenAI, as a provider's options say it.
OPTIONS = {
    "deepseek": outbound.Options(reasoning_field="reasoning_content"),
    "mistral": outbound.Options(reasoning_field="reasoning_content", max_tokens_field="max_tokens"),
    "openrouter": outbound.Options(cache_field="cache_control"),
}
GOOD = [case for case in CHAT if case.status == 200]
PLAIN = [case for case in GOOD if case.body]
STREAMED = [case for case in GOOD if case.stream]
FAILED = [case for case in (*CHAT, *EMBEDDINGS) if case.status >= 400]


def parse(*pieces: bytes) -> list[wire.ChatDelta]:
    events, parser = EventParser(), outbound.stream_parser()
    deltas: list[wire.ChatDelta] = []
    for piece in pieces:
        for event in events.feed(piece):
            deltas += parser.feed(event)
    for event in events.close():
        deltas += parser.feed(event)
    return [*deltas, *parser.close()]


def normal(request: dict[str, Any]) -> dict[str, Any]:
    """The request without what is said by leaving it out, and in one spelling."""
    plain = {key: value for key, value in request.items() if value not in (None, [], False)}
    plain.pop("provider", None)  # OpenRouter's routing is named as dropped
    if plain.get("n") == 1:
        del plain["n"]
    if plain.get("tool_choice") == "any":
        plain["tool_choice"] = "required"
    if plain.get("reasoning") == {"enabled": True}:
        plain["reasoning_effort"] = "medium"
        del plain["reasoning"]
    if functions := plain.pop("functions", None):
        plain["tools"] = [{"type": "function", "function": function} for function in functions]
        plain["parallel_tool_calls"] = False
    plain["messages"] = [_message(message) for message in plain["messages"]]
    plain["tools"] = [_tool(tool) for tool in plain.get("tools", ())]
    if plain.get("stream"):
        plain["stream_options"] = {"include_usage": True}
    return {key: value for key, value in plain.items() if value not in (False, [])}


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    hint = {"cache_control": {"type": "ephemeral"}} if "cache_control" in tool else {}
    return {"type": "function", "function": tool["function"], **hint}


def _message(message: dict[str, Any]) -> dict[str, Any]:
    plain = {key: value for key, value in message.items() if value not in (None, [], False, "")}
    content = plain.get("content")
    if isinstance(content, list):
        thoughts = [part for part in content if part["type"] == "thinking"]
        if thoughts:
            plain["reasoning_content"] = "".join(
                text["text"] for part in thoughts for text in part["thinking"]
            )
        content = [_part(part) for part in content if part["type"] != "thinking"]
        single = len(content) == 1 and set(content[0]) == {"type", "text"}
        plain["content"] = content[0]["text"] if single else content
    if "tool_calls" in plain:
        plain["tool_calls"] = [
            {"id": c["id"], "type": "function", "function": c["function"]}
            for c in plain["tool_calls"]
        ]
    return plain


def _part(part: dict[str, Any]) -> dict[str, Any]:
    return {**part, "cache_control": {"type": "ephemeral"}} if "cache_control" in part else part


class TestRequests:
    @pytest.mark.parametrize("case", [case for case in CHAT if case.request], ids=str)
    def test_are_said_again_as_they_were(self, case: Recording) -> None:
        request = case.request or {}
        if REFUSED & request.keys():
            with pytest.raises(UnsupportedContentError):
                inbound.decode_request(case.incoming("chat"))
            return

        call = inbound.decode_request(case.incoming("chat"))
        built = outbound.build_request(
            call,
            wire.TargetModel(name=call.model),
            OPTIONS.get(case.provider, outbound.Options()),
        )

        assert normal(json.loads(built.body)) == normal(request)
        assert set(built.warnings) <= {"provider: dropped"}
        assert call.warnings == ()

    @pytest.mark.parametrize("case", [case for case in CHAT if case.request], ids=str)
    def test_are_forwarded_untouched(self, case: Recording) -> None:
        request = case.request or {}

        forwarded = outbound.forward_request(
            case.incoming("chat"), wire.TargetModel(name="other"), outbound.Options()
        )

        sent = json.loads(forwarded.body)
        if forwarded.hide_usage_event:
            assert sent.pop("stream_options") == {"include_usage": True}
        assert sent == {**request, "model": "other"}

    @pytest.mark.parametrize("case", [case for case in EMBEDDINGS if case.request], ids=str)
    def test_for_embeddings_are_said_again_as_they_were(self, case: Recording) -> None:
        call = inbound.decode_embeddings(case.incoming("embeddings"))

        built = outbound.build_embeddings(
            call, wire.TargetModel(name=call.model), outbound.Options()
        )

        assert json.loads(built.body) == case.request


class TestReplies:
    @pytest.mark.parametrize("case", PLAIN, ids=str)
    def test_are_read_and_said_again(self, case: Recording) -> None:
        reply = outbound.parse_reply(case.body)

        told = json.loads(case.body)
        assert reply.id == told["id"]
        assert reply.usage is not None
        assert reply.usage.total_tokens == told["usage"]["total_tokens"]
        assert reply.usage.input_tokens == told["usage"]["prompt_tokens"]
        assert all(choice.parts for choice in reply.choices)
        assert outbound.parse_reply(inbound.render_reply(reply, ASKED)) == reply

    @pytest.mark.parametrize("case", PLAIN, ids=str)
    def test_tell_the_books_the_same_unread(self, case: Recording) -> None:
        reply = outbound.parse_reply(case.body)

        facts = outbound.read_facts("chat", case.body)

        assert (facts.id, facts.model) == (reply.id, reply.model)
        assert (facts.usage, facts.finish) == (reply.usage, reply.choices[0].finish)

    @pytest.mark.parametrize("case", [case for case in EMBEDDINGS if case.status == 200], ids=str)
    def test_of_embeddings_are_read_and_said_again(self, case: Recording) -> None:
        reply = outbound.parse_embeddings(case.body)
        call = inbound.decode_embeddings(case.incoming("embeddings"))

        assert len(reply.vectors[0]) == 1536
        shown = json.loads(inbound.render_embeddings(reply, call))
        assert shown == json.loads(case.body)


class TestStreams:
    @pytest.mark.parametrize("case", STREAMED, ids=str)
    def test_are_read_and_said_again(self, case: Recording) -> None:
        deltas = parse(case.stream)
        reply = collect(deltas)

        assert not any(isinstance(delta, wire.StreamFailure) for delta in deltas)
        assert all(choice.finish is not wire.FinishReason.OTHER for choice in reply.choices)
        renderer = inbound.stream_renderer(ASKED)
        shown = b"".join(renderer.feed(delta) for delta in deltas) + renderer.close()
        assert collect(parse(shown)) == reply

    @pytest.mark.parametrize("case", STREAMED, ids=str)
    def test_report_usage_that_adds_up(self, case: Recording) -> None:
        reply = collect(parse(case.stream))

        told = [
            json.loads(line.removeprefix(b"data: "))["usage"]
            for line in case.stream.splitlines()
            if b'"total_tokens":' in line
        ]
        assert (reply.usage is None) == (told == [])
        if reply.usage is not None:
            assert reply.usage.total_tokens == told[-1]["total_tokens"]

    @pytest.mark.parametrize("size", [1, 7])
    @pytest.mark.parametrize("case", STREAMED, ids=str)
    def test_say_the_same_however_they_are_split(self, case: Recording, size: int) -> None:
        stream = case.stream

        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]

        assert parse(*pieces) == parse(stream)

    @pytest.mark.parametrize("case", STREAMED, ids=str)
    def test_hold_one_usage_event_at_most(self, case: Recording) -> None:
        events = [event.data for event in EventParser().feed(case.stream) if event.data]

        found = [data for data in events if outbound.is_usage_event(data)]

        assert len(found) <= 1
        for data in found:
            assert msgspec.json.decode(data)["choices"] == []

    @pytest.mark.parametrize("case", STREAMED, ids=str)
    def test_fail_when_they_are_cut(self, case: Recording) -> None:
        events = EventParser().feed(case.stream)
        first = next(n for n, event in enumerate(events) if b'"delta"' in (event.data or b""))

        last = parse(b"".join(event.raw for event in events[: first + 1]))[-1]

        assert isinstance(last, wire.StreamFailure)
        assert isinstance(last.error, errors.ProviderConnectionError)


class TestErrors:
    @pytest.mark.parametrize("case", FAILED, ids=str)
    def test_have_the_right_class(self, case: Recording) -> None:
        error = outbound.parse_error(case.status, case.headers, case.body)

        assert type(error) is CLASSES[case.status]
        assert error.message
        assert error.body == case.body
        if "retry-after" in case.headers:
            assert error.retry_after_s == float(case.headers["retry-after"])
