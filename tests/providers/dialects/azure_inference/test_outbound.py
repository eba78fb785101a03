import json
from typing import Any

import pytest

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.azure_inference import outbound
from apps.providers.errors import ProviderProtocolError, UnsupportedContentError
from apps.providers.wire import Role, ToolMode
from tests.providers.recordings import incoming

MODEL = wire.TargetModel(name="mistral-x")
HELLO = wire.Message(role=Role.USER, parts=(wire.TextPart(text="hi"),))
JSON = ("content-type", "application/json")
PASS = ("extra-parameters", "pass-through")


def request(*messages: wire.Message, **fields: Any) -> wire.UpstreamRequest:
    call = wire.ChatCall(model="m", messages=messages or (HELLO,), **fields)
    return outbound.build_request(call, MODEL, outbound.Options())


def build(*messages: wire.Message, **fields: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    built = request(*messages, **fields)
    return json.loads(built.body), built.warnings


class TestBuildRequest:
    def test_says_the_least(self) -> None:
        built = request(stream=True, max_output_tokens=5)

        assert built.path == "/chat/completions?api-version=2024-05-01-preview"
        assert built.headers == (JSON,)
        assert json.loads(built.body) == {
            "model": "mistral-x",
            "messages": [{"role": "user", "content": "hi"}],
            "max_tokens": 5,
            "stream": True,
        }

    @pytest.mark.parametrize(
        "fields",
        [
            {"n": 2},
            {"logprobs": True},
            {"top_k": 3},
            {"logit_bias": {"1": 1.0}},
            {"reasoning": wire.ReasoningRequest(effort="low")},
            {"tools": (wire.Tool(name="f"),), "parallel_tool_calls": False},
        ],
    )
    def test_announces_parameters_beyond_the_specification(self, fields: dict[str, Any]) -> None:
        assert request(**fields).headers == (JSON, PASS)

    def test_asks_for_usage_where_it_must_be_asked_for(self) -> None:
        call = wire.ChatCall(model="m", messages=(HELLO,), stream=True)

        built = outbound.build_request(call, MODEL, outbound.Options(stream_usage=True))

        assert json.loads(built.body)["stream_options"] == {"include_usage": True}
        assert built.headers == (JSON, PASS)

    def test_clamps_drops_and_names_it(self) -> None:
        body, warnings = build(
            wire.Message(role=Role.USER, parts=(wire.TextPart(text="a", cache=True),), name="bob"),
            wire.Message(role=Role.ASSISTANT, parts=(wire.RefusalPart(text="no"),)),
            temperature=1.5,
            stop=tuple("abcde"),
            tools=(wire.Tool(name="f", strict=True),),
            user="u",
            extras={"prompt_cache_key": "k"},
        )

        assert (body["temperature"], body["stop"]) == (1.0, list("abcde"))
        assert body["messages"] == [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "no"},
        ]
        assert body["tools"] == [{"type": "function", "function": {"name": "f"}}]
        assert warnings == (
            "cache_control: dropped",
            "name: dropped",
            "refusal: sent as text",
            "tools.strict: dropped",
            "temperature: clamped to 1",
            "user: dropped",
            "prompt_cache_key: dropped",
        )

    def test_narrows_the_tools_to_those_that_must_be_called(self) -> None:
        body, _ = build(
            tools=tuple(wire.Tool(name=name) for name in "fgh"),
            tool_choice=wire.ToolChoice(mode=ToolMode.NAMED, names=("f", "h")),
        )

        assert body["tool_choice"] == "required"
        assert [tool["function"]["name"] for tool in body["tools"]] == ["f", "h"]

    def test_joins_the_texts_of_everybody_but_the_user(self) -> None:
        texts = (wire.TextPart(text="a"), wire.TextPart(text="b"))

        body, _ = build(
            wire.Message(role=Role.SYSTEM, parts=texts), wire.Message(role=Role.USER, parts=texts)
        )

        assert body["messages"][0]["content"] == "a\n\nb"
        assert len(body["messages"][1]["content"]) == 2

    def test_sends_audio_by_url(self) -> None:
        part = wire.AudioPart(media=wire.Media(url="https://x.test/a"))

        body, _ = build(wire.Message(role=Role.USER, parts=(part,)))

        assert body["messages"][0]["content"] == [
            {"type": "audio_url", "audio_url": {"url": "https://x.test/a"}}
        ]

    @pytest.mark.parametrize(
        "part",
        [
            wire.DocumentPart(media=wire.Media(media_type="application/pdf", data="JVBE")),
            wire.ImagePart(media=wire.Media(file_id="file-1")),
        ],
    )
    def test_refuses_what_it_cannot_carry(self, part: wire.Part) -> None:
        with pytest.raises(UnsupportedContentError) as caught:
            build(wire.Message(role=Role.USER, parts=(part,)))

        assert caught.value.param == "messages[0].content[0]"


class TestBuildEmbeddings:
    def test_says_what_was_asked(self) -> None:
        call = wire.EmbeddingCall(
            model="m", inputs=("a",), single=True, dimensions=8, kind="query", user="u"
        )

        built = outbound.build_embeddings(call, MODEL, outbound.Options())

        assert built.path == "/embeddings?api-version=2024-05-01-preview"
        assert json.loads(built.body) == {
            "model": "mistral-x",
            "input": ["a"],
            "dimensions": 8,
            "input_type": "query",
        }
        assert built.warnings == ("user: dropped",)

    def test_refuses_token_ids(self) -> None:
        call = wire.EmbeddingCall(model="m", inputs=((1, 2),))

        with pytest.raises(UnsupportedContentError):
            outbound.build_embeddings(call, MODEL, outbound.Options())


class TestForwardRequest:
    def test_changes_the_model_and_keeps_the_callers_rule(self) -> None:
        given = incoming(
            {"messages": [], "n": 1, "model": "m"}, headers={"extra-parameters": "drop"}
        )

        sent = outbound.forward_request(given, MODEL, outbound.Options(api_version="2025-05-01"))

        assert sent.path == "/chat/completions?api-version=2025-05-01"
        assert json.loads(sent.body) == {"messages": [], "n": 1, "model": "mistral-x"}
        assert sent.headers == (JSON, ("extra-parameters", "drop"))

    def test_names_the_model_that_the_caller_left_out(self) -> None:
        sent = outbound.forward_request(
            incoming({"input": ["a"]}, "embeddings"), MODEL, outbound.Options()
        )

        assert json.loads(sent.body) == {"input": ["a"], "model": "mistral-x"}
        assert sent.headers == (JSON,)

    def test_sifts_the_callers_fields_when_its_own_must_pass(self) -> None:
        plain = {"messages": [], "n": 1, "stream": True}
        options = outbound.Options(stream_usage=True)

        sent = outbound.forward_request(
            incoming(plain, headers={"extra-parameters": "drop"}), MODEL, options
        )

        assert json.loads(sent.body) == {
            "messages": [],
            "stream": True,
            "model": "mistral-x",
            "stream_options": {"include_usage": True},
        }
        assert sent.headers == (JSON, PASS)
        assert sent.hide_usage_event
        assert sent.warnings == ("n: dropped",)
        with pytest.raises(InvalidInputError):
            outbound.forward_request(incoming(plain), MODEL, options)


class TestCount:
    def test_is_not_to_be_had(self) -> None:
        call = wire.ChatCall(model="m", messages=(HELLO,))

        assert outbound.build_count(call, MODEL, outbound.Options()) is None
        with pytest.raises(ProviderProtocolError):
            outbound.parse_count(b"{}")
