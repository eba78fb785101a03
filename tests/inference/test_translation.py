"""Which way a request is said to a target, and what comes back."""

import json
from typing import Any

import msgspec
import pytest

from apps.core.errors import InvalidInputError
from apps.gateway.body import read_fields
from apps.inference.call import Call
from apps.inference.translation import CannotCountError, Translation, Translator
from apps.providers.dialects import DIALECTS
from apps.providers.errors import UnsupportedContentError
from tests.inference.calls import CHAT_REPLY, make_call, make_target

EVERYTHING = frozenset({"chat", "embeddings", "count_tokens", "rerank", "moderations"})


def said(call: Call, dialect: str, **target: Any) -> Translation:
    translator = Translator(call.incoming, call.source, created=1_700_000_000)
    return translator.say_to(make_target(1, dialect, **{"operations": EVERYTHING} | target))


class TestSayTo:
    @pytest.mark.parametrize("dialect", DIALECTS)
    def test_the_same_dialect_passes_unread(self, dialect: str) -> None:
        call = make_call(dialect)
        odd = b'{"kept": [1.0e0, "\\u00e4"]}'
        body = call.incoming.body[:-1] + b', "unheard_of": ' + odd + b"}"
        incoming = msgspec.structs.replace(call.incoming, body=body, fields=read_fields(body))

        how = Translator(incoming, call.source, created=1).say_to(make_target(1, dialect))

        assert how.relays
        assert odd in how.request.body
        assert how.render(json.dumps(CHAT_REPLY).encode())[0] == json.dumps(CHAT_REPLY).encode()

    @pytest.mark.parametrize("source", DIALECTS)
    @pytest.mark.parametrize("target", DIALECTS)
    def test_every_dialect_says_a_chat_to_every_other(self, source: str, target: str) -> None:
        how = said(make_call(source), target)

        assert how.relays == (source == target)
        assert b"Hello there, portal." in how.request.body

    def test_what_is_not_offered_is_refused(self) -> None:
        with pytest.raises(UnsupportedContentError, match="does not offer chat"):
            said(make_call(), "openai_chat", operations=frozenset({"embeddings"}))

    def test_one_familys_operation_passes_whatever_dialect_brought_it(self) -> None:
        call = make_call(operation="rerank", body={"query": "q", "documents": ["d"]})

        assert said(call, "openai_chat").relays
        with pytest.raises(UnsupportedContentError, match="do not offer rerank"):
            said(call, "anthropic_messages")

    def test_embeddings_cross(self) -> None:
        call = make_call(operation="embeddings", body={"input": ["a", "b"]})

        how = said(call, "gemini_generate")
        body, facts = how.render(b'{"embeddings": [{"values": [1.0]}, {"values": [2.0]}]}')

        assert not how.relays
        assert [item["embedding"] for item in json.loads(body)["data"]] == [[1.0], [2.0]]
        assert facts.usage is not None
        assert facts.usage.estimated
        assert facts.usage.input_tokens > 0

    def test_a_count_crosses_where_the_provider_can_count(self) -> None:
        call = make_call("gemini_generate", operation="count_tokens")

        body, facts = said(call, "anthropic_messages").render(b'{"input_tokens": 12}')

        assert json.loads(body)["totalTokens"] == 12
        assert facts.usage is not None
        assert facts.usage.total_tokens == 0

    def test_a_count_that_no_provider_makes_is_said_to_be_impossible(self) -> None:
        call = make_call("anthropic_messages", operation="count_tokens")

        with pytest.raises(CannotCountError):
            said(call, "openai_chat")

    def test_a_request_is_decoded_once_for_all_targets(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        call = make_call()
        translator = Translator(call.incoming, call.source, created=1)

        assert translator.chat_call() is translator.chat_call()
        first = translator.say_to(make_target(1, "anthropic_messages"))
        second = translator.say_to(make_target(2, "gemini_generate"))
        assert first.request.body != second.request.body

    def test_a_wrong_request_says_where(self) -> None:
        call = make_call(body={"messages": [{"role": "user", "content": 5}]})

        with pytest.raises(InvalidInputError) as caught:
            said(call, "anthropic_messages")

        assert (caught.value.param or "").startswith("messages[0].content")


class TestRender:
    def test_an_answer_that_does_not_tell_the_time_gets_the_calls(self) -> None:
        reply = {
            "candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}],
            "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2},
        }

        body, facts = said(make_call(), "gemini_generate").render(json.dumps(reply).encode())

        assert json.loads(body)["created"] == 1_700_000_000
        assert facts.usage is not None
        assert (facts.usage.input_tokens, facts.usage.output_tokens) == (3, 2)
        assert facts.finish == "stop"

    def test_warnings_of_both_halves_are_told(self) -> None:
        body = {"messages": [{"role": "user", "content": "Hi"}], "seed": 1, "temperature": 2.0}

        warnings = said(make_call(body=body), "anthropic_messages").warnings

        assert any(w.startswith("seed") for w in warnings)
        assert any(w.startswith("temperature") for w in warnings)

    @pytest.mark.parametrize("operation", ["embeddings", "count_tokens"])
    def test_what_is_never_streamed_has_no_renderer(self, operation: str) -> None:
        body = {"input": ["a"]} if operation == "embeddings" else None
        source = "openai_chat" if operation == "embeddings" else "gemini_generate"
        target = "gemini_generate" if operation == "embeddings" else "anthropic_messages"
        how = said(make_call(source, operation=operation, body=body), target)

        with pytest.raises(NotImplementedError):
            how.stream_renderer()
