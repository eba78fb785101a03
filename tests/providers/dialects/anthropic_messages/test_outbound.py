from typing import Any

import msgspec
import pytest

from apps.providers import wire
from apps.providers.dialects.anthropic_messages import outbound
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import ToolChoice, ToolMode
from tests.providers.dialects.anthropic_messages.examples import (
    MODEL,
    OPTIONS,
    a_call,
    built,
    incoming,
    system,
    user,
    warned,
)

F = wire.Tool(name="f", description="Does f", parameters={"type": "object", "properties": {}})
G = wire.Tool(name="g")


class TestBuildRequest:
    def test_writes_a_small_request(self) -> None:
        request = outbound.build_request(
            a_call(system("Be brief."), user("Hi"), stop=("END",), user="u1", stream=True),
            MODEL,
            OPTIONS,
        )

        assert (request.path, request.method) == ("/v1/messages", "POST")
        assert request.headers == (
            ("content-type", "application/json"),
            ("anthropic-version", "2023-06-01"),
        )
        assert msgspec.json.decode(request.body) == {
            "model": MODEL.name,
            "max_tokens": 4096,
            "system": "Be brief.",
            "messages": [{"role": "user", "content": "Hi"}],
            "stop_sequences": ["END"],
            "metadata": {"user_id": "u1"},
            "stream": True,
        }

    def test_asks_for_the_version_and_betas_of_the_options(self) -> None:
        options = outbound.Options(version="2026-10-21", betas=("a", "b"))

        headers = dict(outbound.build_request(a_call(), MODEL, options).headers)

        assert headers["anthropic-version"] == "2026-10-21"
        assert headers["anthropic-beta"] == "a,b"

    def test_keeps_blocks_where_a_cache_hint_needs_them(self) -> None:
        part = wire.TextPart(text="Long", cache=True)

        body = built(a_call(system(part), user(part)))

        marked = [{"type": "text", "text": "Long", "cache_control": {"type": "ephemeral"}}]
        assert body["system"] == body["messages"][0]["content"] == marked

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"n": 2}, "n"),
            ({"logprobs": True}, "logprobs"),
            ({"top_logprobs": 3}, "logprobs"),
        ],
    )
    def test_refuses_contracts_that_it_cannot_keep(
        self, fields: dict[str, Any], param: str
    ) -> None:
        with pytest.raises(UnsupportedContentError) as caught:
            built(a_call(**fields))

        assert caught.value.param == param

    def test_refuses_a_conversation_of_system_messages(self) -> None:
        with pytest.raises(UnsupportedContentError):
            built(a_call(system("Be brief.")))

    @pytest.mark.parametrize(
        ("field", "value", "default"),
        [
            ("seed", 7, None),
            ("frequency_penalty", 0.5, 0.0),
            ("presence_penalty", 0.5, 0.0),
            ("logit_bias", {"5": 1.0}, {}),
            ("metadata", {"a": "b"}, {}),
        ],
    )
    def test_drops_tuning_by_name_and_defaults_without_a_word(
        self, field: str, value: object, default: object
    ) -> None:
        assert warned(a_call(**{field: value})) == (f"{field}: dropped",)
        assert warned(a_call(**{field: default})) == ()

    def test_names_extras_of_others_and_sends_its_own(self) -> None:
        extras = {
            "prompt_cache_key": "k",
            "store": False,
            "verbosity": None,
            "service_tier": "flex",
            "inference_geo": "us",
            "speed": "fast",
        }

        body = built(a_call(extras=extras))

        assert (body["inference_geo"], body["speed"]) == ("us", "fast")
        assert not {"prompt_cache_key", "store", "verbosity", "service_tier"} & set(body)
        assert warned(a_call(extras=extras)) == (
            "prompt_cache_key: dropped",
            "service_tier: dropped",
        )

    def test_names_each_loss_once_in_words_fit_for_a_header(self) -> None:
        image = wire.ImagePart(media=wire.Media(url="https://x/a.png"), detail="high")

        warnings = warned(a_call(user(image, image), seed=1))

        assert warnings == ("image detail: dropped", "seed: dropped")
        assert all(text.isascii() and not set(text) & set(",;\n") for text in warnings)


class TestTools:
    def test_are_sent_with_an_object_schema(self) -> None:
        strict = wire.Tool(name="h", parameters={"properties": {}}, strict=True, cache=True)

        body = built(a_call(tools=(F, G, strict)))

        assert body["tools"] == [
            {
                "name": "f",
                "description": "Does f",
                "input_schema": {"type": "object", "properties": {}},
            },
            {"name": "g", "input_schema": {"type": "object", "properties": {}}},
            {
                "name": "h",
                "input_schema": {"type": "object", "properties": {}},
                "strict": True,
                "cache_control": {"type": "ephemeral"},
            },
        ]

    @pytest.mark.parametrize(
        ("choice", "sent"),
        [
            (ToolChoice(mode=ToolMode.AUTO), {"type": "auto"}),
            (ToolChoice(mode=ToolMode.NONE), {"type": "none"}),
            (ToolChoice(mode=ToolMode.REQUIRED), {"type": "any"}),
            (ToolChoice(mode=ToolMode.NAMED, names=("f",)), {"type": "tool", "name": "f"}),
        ],
    )
    def test_are_chosen_as_asked(self, choice: ToolChoice, sent: dict[str, Any]) -> None:
        assert built(a_call(tools=(F, G), tool_choice=choice))["tool_choice"] == sent

    def test_are_narrowed_to_the_named_ones(self) -> None:
        choice = ToolChoice(mode=ToolMode.NAMED, names=("f", "h"))
        call = a_call(tools=(F, G, wire.Tool(name="h")), tool_choice=choice)

        body = built(call)

        assert [tool["name"] for tool in body["tools"]] == ["f", "h"]
        assert body["tool_choice"] == {"type": "any"}
        assert warned(call) == ("tools: those that tool_choice excludes are not sent",)

    @pytest.mark.parametrize(("parallel", "disabled"), [(False, True), (True, False)])
    def test_may_be_called_side_by_side_or_not(self, parallel: bool, disabled: bool) -> None:
        body = built(a_call(tools=(F,), parallel_tool_calls=parallel))

        assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": disabled}

    def test_that_are_not_there_leave_no_choice(self) -> None:
        choice = ToolChoice(mode=ToolMode.AUTO)

        assert "tool_choice" not in built(a_call(tool_choice=choice, parallel_tool_calls=False))

    def test_that_may_not_be_called_say_nothing_of_parallel_calls(self) -> None:
        choice = ToolChoice(mode=ToolMode.NONE)

        body = built(a_call(tools=(F,), tool_choice=choice, parallel_tool_calls=False))

        assert body["tool_choice"] == {"type": "none"}


class TestBuildCount:
    def test_asks_with_what_counts_and_nothing_else(self) -> None:
        call = a_call(
            system("S"), user("Hi"), tools=(F,), temperature=0.5, stop=("x",), user="u", stream=True
        )

        request = outbound.build_count(call, MODEL, OPTIONS)

        assert request.path == "/v1/messages/count_tokens"
        assert set(msgspec.json.decode(request.body)) == {"model", "system", "messages", "tools"}


class TestEmbeddings:
    def test_are_refused(self) -> None:
        call = wire.EmbeddingCall(model="m", inputs=("a",))

        with pytest.raises(UnsupportedContentError):
            outbound.build_embeddings(call, MODEL, OPTIONS)
        with pytest.raises(UnsupportedContentError):
            outbound.parse_embeddings(b"{}")


class TestForwardRequest:
    BODY = b'{"future": {"x":  1.0}, "model":"alias", "max_tokens":5,"messages":[ ]}'

    def test_changes_nothing_but_the_model(self) -> None:
        fields = msgspec.json.decode(self.BODY, type=dict[str, msgspec.Raw])
        asked = wire.Incoming(operation="chat", model="alias", body=self.BODY, fields=fields)

        request = outbound.forward_request(asked, MODEL, OPTIONS)

        assert request.path == "/v1/messages"
        assert request.body == (
            b'{"future":{"x":  1.0},"model":"claude-sonnet-4-6","max_tokens":5,"messages":[ ]}'
        )

    def test_takes_the_callers_version_betas_and_query_along(self) -> None:
        asked = incoming(
            {"model": "alias"},
            operation="count_tokens",
            headers={"anthropic-version": "2026-10-21", "anthropic-beta": "b, c"},
            query={"beta": "true", "key": "secret"},
        )

        request = outbound.forward_request(asked, MODEL, outbound.Options(betas=("a", "b")))

        assert request.path == "/v1/messages/count_tokens?beta=true"
        assert dict(request.headers) == {
            "content-type": "application/json",
            "anthropic-version": "2026-10-21",
            "anthropic-beta": "b,c,a",
        }

    def test_falls_back_on_the_options_version(self) -> None:
        request = outbound.forward_request(incoming({"model": "alias"}), MODEL, OPTIONS)

        assert dict(request.headers)["anthropic-version"] == "2023-06-01"


class TestOptions:
    def test_refuse_what_they_do_not_know(self) -> None:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"versoin": "x"}, outbound.Options)


class TestIsUsageEvent:
    def test_is_never_true(self) -> None:
        assert not outbound.is_usage_event(b'{"type":"message_delta","usage":{"output_tokens":1}}')


class TestReadFacts:
    def test_of_a_count_are_none(self) -> None:
        assert outbound.read_facts("count_tokens", b'{"input_tokens":5}') == wire.Facts()
