from typing import Any

import msgspec
import pytest

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.anthropic_messages import inbound
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import ReasoningRequest, ToolChoice, ToolMode
from tests.providers.dialects.anthropic_messages.examples import decoded, incoming, user

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}}


class TestDecode:
    def test_reads_a_small_request(self) -> None:
        call = decoded(
            stop_sequences=["END"],
            temperature=0.5,
            top_p=0.9,
            top_k=3,
            stream=True,
            metadata={"user_id": "u"},
        )

        assert call == wire.ChatCall(
            model="claude",
            messages=(user("Hi"),),
            max_output_tokens=100,
            stop=("END",),
            temperature=0.5,
            top_p=0.9,
            top_k=3,
            stream=True,
            include_usage=True,
            user="u",
        )

    def test_takes_nulls_for_absence(self) -> None:
        nulls = dict.fromkeys(
            (
                "system",
                "stop_sequences",
                "stream",
                "temperature",
                "top_p",
                "top_k",
                "tools",
                "tool_choice",
                "thinking",
                "output_config",
                "output_format",
                "metadata",
                "container",
            )
        )

        assert decoded(**nulls) == decoded()

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"max_tokens": None}, "max_tokens"),
            ({"max_tokens": 0}, "max_tokens"),
            ({"max_tokens": "5"}, "max_tokens"),
            ({"messages": []}, "messages"),
            ({"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role"),
            ({"messages": [{"role": "user"}]}, "messages[0].content"),
            ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
            (
                {"messages": [{"role": "user", "content": [{"text": "x"}]}]},
                "messages[0].content[0]",
            ),
            ({"temperature": "hot"}, "temperature"),
            ({"tools": [{"input_schema": {}}]}, "tools[0].name"),
            ({"tools": [{"name": "f"}]}, "tools[0].input_schema"),
            ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
            ({"tool_choice": {"type": "some"}}, "tool_choice.type"),
            ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
            ({"thinking": {"type": "deep"}}, "thinking.type"),
            (
                {"output_config": {"format": {"type": "json_schema"}}},
                "output_config.format.schema",
            ),
            ({"metadata": {"user_id": 5}}, "metadata.user_id"),
        ],
    )
    def test_names_the_wrong_field(self, fields: dict[str, Any], param: str) -> None:
        with pytest.raises(InvalidInputError) as caught:
            decoded(**fields)

        assert caught.value.param == param
        assert not isinstance(caught.value, UnsupportedContentError)

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000])
    def test_refuses_what_is_no_request(self, body: bytes) -> None:
        with pytest.raises(InvalidInputError):
            inbound.decode_request(wire.Incoming(operation="chat", model="m", body=body))

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"container": "c_1"}, "container"),
            ({"mcp_servers": [{"url": "u"}]}, "mcp_servers"),
            ({"context_management": {"edits": [{}]}}, "context_management"),
            ({"tools": [{"type": "web_search_20250305", "name": "w"}]}, "tools[0].type"),
            (
                {
                    "tools": [
                        {"name": "f", "input_schema": {}, "allowed_callers": ["code_execution"]}
                    ]
                },
                "tools[0].allowed_callers",
            ),
            ({"output_config": {"format": {"type": "grammar"}}}, "output_config.format.type"),
        ],
    )
    def test_refuses_what_only_the_provider_itself_has(
        self, fields: dict[str, Any], param: str
    ) -> None:
        with pytest.raises(UnsupportedContentError) as caught:
            decoded(**fields)

        assert caught.value.param == param

    def test_keeps_unknown_fields_as_extras(self) -> None:
        call = decoded(service_tier="auto", inference_geo="us", of_tomorrow={"a": [1]})

        assert call.extras == {
            "service_tier": "auto",
            "inference_geo": "us",
            "of_tomorrow": {"a": [1]},
        }

    def test_names_metadata_that_is_lost(self) -> None:
        assert decoded(metadata={"user_id": "u", "team": "t"}).warnings == (
            "metadata.team: dropped",
        )


class TestTools:
    def test_are_read(self) -> None:
        call = decoded(
            tools=[
                {
                    "type": "custom",
                    "name": "f",
                    "description": "",
                    "input_schema": SCHEMA,
                    "strict": True,
                    "cache_control": {"type": "ephemeral"},
                    "allowed_callers": ["direct"],
                }
            ]
        )

        assert call.tools == (
            wire.Tool(name="f", description="", parameters=SCHEMA, strict=True, cache=True),
        )

    def test_name_their_hints_that_are_lost(self) -> None:
        tool = {"name": "f", "input_schema": {}, "defer_loading": True, "input_examples": [{}]}

        assert decoded(tools=[tool]).warnings == (
            "tools[0].defer_loading: dropped",
            "tools[0].input_examples: dropped",
        )

    @pytest.mark.parametrize(
        ("choice", "expected"),
        [
            ({"type": "auto"}, ToolChoice(mode=ToolMode.AUTO)),
            ({"type": "any"}, ToolChoice(mode=ToolMode.REQUIRED)),
            ({"type": "none"}, ToolChoice(mode=ToolMode.NONE)),
            ({"type": "tool", "name": "f"}, ToolChoice(mode=ToolMode.NAMED, names=("f",))),
        ],
    )
    def test_are_chosen_as_asked(self, choice: dict[str, Any], expected: ToolChoice) -> None:
        call = decoded(tool_choice=choice)

        assert (call.tool_choice, call.parallel_tool_calls) == (expected, None)

    @pytest.mark.parametrize("disabled", [True, False])
    def test_may_be_kept_from_running_side_by_side(self, disabled: bool) -> None:
        call = decoded(tool_choice={"type": "auto", "disable_parallel_tool_use": disabled})

        assert call.parallel_tool_calls is not disabled


class TestThinking:
    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({}, None),
            ({"thinking": {"type": "disabled"}}, ReasoningRequest(effort="none")),
            ({"thinking": {"type": "between_tools"}}, ReasoningRequest(effort="none")),
            (
                {"thinking": {"type": "enabled", "budget_tokens": 2000}},
                ReasoningRequest(budget_tokens=2000),
            ),
            ({"thinking": {"type": "adaptive"}}, ReasoningRequest(budget_tokens=-1)),
            (
                {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}},
                ReasoningRequest(effort="max"),
            ),
            ({"output_config": {"effort": "low"}}, ReasoningRequest(effort="low")),
            (
                {"thinking": {"type": "adaptive", "display": "omitted"}},
                ReasoningRequest(budget_tokens=-1, summary=False),
            ),
            (
                {"thinking": {"type": "enabled", "budget_tokens": 9, "display": "summarized"}},
                ReasoningRequest(budget_tokens=9, summary=True),
            ),
        ],
    )
    def test_is_read(self, fields: dict[str, Any], expected: ReasoningRequest | None) -> None:
        assert decoded(**fields).reasoning == expected

    def test_names_an_effort_that_a_disabled_mind_cannot_make(self) -> None:
        call = decoded(thinking={"type": "disabled"}, output_config={"effort": "low"})

        assert call.warnings == ("output_config.effort: dropped",)


class TestFormat:
    @pytest.mark.parametrize(
        "fields",
        [
            {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
            {"output_format": {"type": "json_schema", "schema": SCHEMA}},
        ],
    )
    def test_is_read_in_its_new_and_its_old_place(self, fields: dict[str, Any]) -> None:
        assert decoded(**fields).output_format == wire.OutputFormat(schema=SCHEMA)


class TestDecodeCount:
    def test_needs_no_maximum(self) -> None:
        body = {"model": "claude", "messages": [{"role": "user", "content": "Hi"}]}

        call = inbound.decode_count(incoming(body, operation="count_tokens"))

        assert call.max_output_tokens is None
        assert call.messages == (user("Hi"),)


class TestRenderCount:
    def test_shows_the_count(self) -> None:
        assert msgspec.json.decode(inbound.render_count(671)) == {"input_tokens": 671}
