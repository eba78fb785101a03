import json
from typing import Any

import pytest

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.openai_responses import inbound
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import Role, TextPart, ToolMode
from tests.providers.dialects.openai_responses.helpers import (
    assistant,
    call_of,
    incoming,
    results,
    system,
    user,
)

PNG = "data:image/png;base64,iVBORw0KGgo="
WEATHER: dict[str, Any] = {
    "type": "function",
    "name": "weather",
    "description": "Tell the weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": True,
}


def decode(**body: Any) -> wire.ChatCall:
    return inbound.decode_request(incoming({"model": "fast", "input": "Hello", **body}))


def decode_input(*items: Any) -> tuple[wire.Message, ...]:
    return decode(input=list(items)).messages


class TestDecodeRequest:
    def test_reads_a_bare_text(self) -> None:
        call = decode()

        assert call.messages == (user("Hello"),)
        assert call.model == "fast"
        assert call.warnings == ()

    def test_puts_the_instructions_first(self) -> None:
        assert decode(instructions="Be brief.").messages == (system("Be brief."), user("Hello"))

    def test_reads_settings(self) -> None:
        call = decode(
            max_output_tokens=100,
            temperature=0.5,
            top_p=0.9,
            parallel_tool_calls=False,
            metadata={"a": "b"},
            user="u1",
            stream=True,
            include=["message.output_text.logprobs", "reasoning.encrypted_content"],
            top_logprobs=3,
            stream_options={"include_obfuscation": False},
            truncation="disabled",
            service_tier="auto",
            store=False,
            background=False,
        )

        assert (call.max_output_tokens, call.temperature, call.top_p) == (100, 0.5, 0.9)
        assert call.parallel_tool_calls is False
        assert call.metadata == {"a": "b"}
        assert call.user == "u1"
        assert call.stream
        assert call.logprobs
        assert call.top_logprobs == 3
        assert call.extras == {}
        assert call.warnings == ()

    def test_takes_null_for_what_was_not_said(self) -> None:
        names = (
            "instructions tools tool_choice parallel_tool_calls max_output_tokens temperature "
            "top_p top_logprobs include text reasoning user safety_identifier metadata stream "
            "stream_options background store previous_response_id conversation prompt "
            "prompt_cache_key service_tier truncation moderation context_management"
        )

        call = decode(**dict.fromkeys(names.split()))

        assert call == decode()

    def test_keeps_hints_for_the_family_under_their_names(self) -> None:
        call = decode(
            prompt_cache_key="k",
            service_tier="flex",
            truncation="auto",
            text={"verbosity": "low"},
            user="u",
            safety_identifier="s",
            unheard_of={"a": 1},
        )

        assert call.extras == {
            "prompt_cache_key": "k",
            "service_tier": "flex",
            "truncation": "auto",
            "verbosity": "low",
            "safety_identifier": "s",
            "unheard_of": {"a": 1},
        }

    def test_takes_the_safety_identifier_as_user(self) -> None:
        call = decode(safety_identifier="s")

        assert call.user == "s"
        assert call.extras == {}

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ({"format": {"type": "text"}}, None),
            ({"format": {"type": "json_object"}}, wire.OutputFormat()),
            (
                {
                    "format": {
                        "type": "json_schema",
                        "name": "n",
                        "schema": {"type": "object"},
                        "strict": True,
                    }
                },
                wire.OutputFormat(schema={"type": "object"}, name="n", strict=True),
            ),
        ],
    )
    def test_reads_the_output_format(
        self, text: dict[str, Any], expected: wire.OutputFormat | None
    ) -> None:
        assert decode(text=text).output_format == expected

    def test_reads_reasoning(self) -> None:
        call = decode(reasoning={"effort": "high", "summary": "detailed", "context": "all_turns"})

        assert call.reasoning == wire.ReasoningRequest(effort="high", summary=True)
        assert call.warnings == ("reasoning.context: dropped",)

    def test_asks_for_no_reasoning_when_only_defaults_are_given(self) -> None:
        call = decode(reasoning={"effort": None, "summary": None, "context": "auto"})

        assert call.reasoning is None
        assert call.warnings == ()

    def test_reads_function_tools(self) -> None:
        call = decode(tools=[WEATHER])

        assert call.tools == (
            wire.Tool(
                name="weather",
                description="Tell the weather.",
                parameters=WEATHER["parameters"],
                strict=True,
            ),
        )

    @pytest.mark.parametrize(
        ("choice", "expected"),
        [
            ("auto", wire.ToolChoice(mode=ToolMode.AUTO)),
            ("none", wire.ToolChoice(mode=ToolMode.NONE)),
            ("required", wire.ToolChoice(mode=ToolMode.REQUIRED)),
            (
                {"type": "function", "name": "weather"},
                wire.ToolChoice(mode=ToolMode.NAMED, names=("weather",)),
            ),
            (
                {
                    "type": "allowed_tools",
                    "mode": "required",
                    "tools": [{"type": "function", "name": "weather"}],
                },
                wire.ToolChoice(mode=ToolMode.NAMED, names=("weather",)),
            ),
        ],
    )
    def test_reads_the_tool_choice(self, choice: Any, expected: wire.ToolChoice) -> None:
        assert decode(tools=[WEATHER], tool_choice=choice).tool_choice == expected

    def test_leaves_out_tools_that_the_choice_does_not_allow(self) -> None:
        allowed = {"type": "function", "name": "clock"}
        clock = {**WEATHER, "name": "clock"}

        call = decode(
            tools=[WEATHER, clock],
            tool_choice={"type": "allowed_tools", "mode": "auto", "tools": [allowed]},
        )

        assert [tool.name for tool in call.tools] == ["clock"]
        assert call.tool_choice == wire.ToolChoice(mode=ToolMode.AUTO)

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
            ({"tools": [WEATHER, {"type": "custom", "name": "sql"}]}, "tools[1].type"),
            ({"tools": [{"type": "mcp", "server_label": "x"}]}, "tools[0].type"),
            ({"tool_choice": {"type": "file_search"}}, "tool_choice.type"),
            ({"text": {"format": {"type": "grammar"}}}, "text.format.type"),
            ({"context_management": [{"type": "compaction"}]}, "context_management"),
            ({"moderation": {"model": "omni"}}, "moderation"),
            ({"previous_response_id": "resp_1"}, "previous_response_id"),
            ({"store": True}, "store"),
            ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]"),
            ({"input": [{"id": "msg_1"}]}, "input[0]"),
            ({"input": [{"type": "custom_tool_call", "input": "x"}]}, "input[0]"),
            ({"input": [{"type": "compaction", "encrypted_content": "x"}]}, "input[0]"),
            ({"input": [{"type": "computer_call_output", "output": {"a": 1}}]}, "input[0]"),
            ({"input": [{"type": "tool_search_call", "arguments": {"a": 1}}]}, "input[0]"),
            (
                {"input": [{"role": "user", "content": [{"type": "input_video"}]}]},
                "input[0].content[0]",
            ),
        ],
    )
    def test_refuses_what_another_provider_cannot_do(
        self, fields: dict[str, Any], param: str
    ) -> None:
        with pytest.raises(UnsupportedContentError) as caught:
            decode(**fields)

        assert caught.value.param == param

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"input": None}, "input"),
            ({"input": []}, "input"),
            ({"input": 5}, "input"),
            ({"temperature": "warm"}, "temperature"),
            ({"metadata": {"a": 1}}, "metadata[...]"),
            ({"tools": [{"type": "function"}]}, "tools[0].name"),
            ({"tools": [{"name": "x"}]}, "tools[0]"),
            ({"tool_choice": "sometimes"}, "tool_choice"),
            ({"tool_choice": {"type": "function"}}, "tool_choice.name"),
            (
                {
                    "tool_choice": {
                        "type": "allowed_tools",
                        "mode": "auto",
                        "tools": [{"type": "function", "name": "nobody"}],
                    }
                },
                "tool_choice.tools[0].name",
            ),
            ({"text": {"format": {"type": "json_schema"}}}, "text.format.schema"),
            ({"input": [{"role": "robot", "content": "x"}]}, "input[0].role"),
            ({"input": [{"content": "x"}]}, "input[0].type"),
            ({"input": [{"role": "user"}]}, "input[0].content"),
            ({"input": [{"role": "user", "content": [{"text": "x"}]}]}, "input[0].content[0].type"),
            (
                {"input": [{"role": "user", "content": [{"type": "input_text"}]}]},
                "input[0].content[0].text",
            ),
            (
                {"input": [{"role": "user", "content": [{"type": "input_text", "text": 1}]}]},
                "input[0].content[0].text",
            ),
            (
                {"input": [{"role": "user", "content": [{"type": "input_image"}]}]},
                "input[0].content[0]",
            ),
            ({"input": [{"type": "function_call", "name": "x"}]}, "input[0].call_id"),
            (
                {"input": [{"type": "function_call", "call_id": "c", "name": "x"}]},
                "input[0].arguments",
            ),
            ({"input": [{"type": "function_call_output", "call_id": "c"}]}, "input[0].output"),
        ],
    )
    def test_names_the_path_of_what_is_wrong(self, fields: dict[str, Any], param: str) -> None:
        with pytest.raises(InvalidInputError) as caught:
            decode(**fields)

        assert caught.value.param == param

    def test_says_so_when_the_body_is_not_json(self) -> None:
        with pytest.raises(InvalidInputError):
            inbound.decode_request(wire.Incoming(operation="chat", model="m", body=b"{"))


class TestDecodeInput:
    def test_reads_roles(self) -> None:
        roles = ("system", "developer", "user", "assistant")

        found = decode_input(*({"role": role, "content": "x"} for role in roles))

        expected = [Role.SYSTEM, Role.SYSTEM, Role.USER, Role.ASSISTANT]
        assert [message.role for message in found] == expected

    def test_reads_every_kind_of_content(self) -> None:
        content = [
            {"type": "input_text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}},
            {"type": "input_image", "image_url": PNG, "detail": "high"},
            {"type": "input_image", "image_url": "https://x.test/a.png", "detail": "auto"},
            {"type": "input_image", "file_id": "file-1"},
            {
                "type": "input_file",
                "filename": "a.pdf",
                "file_data": "data:application/pdf;base64,JVBERi0=",
            },
            {"type": "input_file", "file_url": "https://x.test/a.pdf"},
            {"type": "input_file", "file_data": "JVBERi0="},
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        ]

        (message,) = decode_input({"type": "message", "role": "user", "content": content})

        assert message == user(
            TextPart(text="a", cache=True),
            wire.ImagePart(
                media=wire.Media(media_type="image/png", data="iVBORw0KGgo="), detail="high"
            ),
            wire.ImagePart(media=wire.Media(url="https://x.test/a.png")),
            wire.ImagePart(media=wire.Media(file_id="file-1")),
            wire.DocumentPart(
                media=wire.Media(media_type="application/pdf", data="JVBERi0="), name="a.pdf"
            ),
            wire.DocumentPart(media=wire.Media(url="https://x.test/a.pdf")),
            wire.DocumentPart(media=wire.Media(media_type="application/pdf", data="JVBERi0=")),
            wire.AudioPart(media=wire.Media(media_type="audio/mpeg", data="AAAA")),
        )

    def test_makes_one_message_of_what_one_reply_said(self) -> None:
        found = decode_input(
            {"role": "user", "content": "Weather here and there?"},
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "sig"},
            {
                "type": "message",
                "id": "msg_1",
                "status": "completed",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "I look.", "annotations": []}],
            },
            {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}"},
            {"type": "function_call", "call_id": "c2", "name": "weather", "arguments": ""},
            {"type": "function_call_output", "call_id": "c1", "output": "sun"},
            {
                "type": "function_call_output",
                "call_id": "c2",
                "output": [
                    {"type": "input_text", "text": "rain"},
                    {"type": "input_image", "image_url": PNG},
                ],
            },
        )

        image = wire.ImagePart(media=wire.Media(media_type="image/png", data="iVBORw0KGgo="))
        assert found == (
            user("Weather here and there?"),
            assistant(
                wire.ReasoningPart(
                    signature="sig", origin="openai_responses", redacted=True, id="rs_1"
                ),
                "I look.",
                wire.ToolCallPart(id="c1", name="weather"),
                wire.ToolCallPart(id="c2", name="weather"),
            ),
            results(
                wire.ToolResultPart(call_id="c1", content=(TextPart(text="sun"),), name="weather"),
                wire.ToolResultPart(
                    call_id="c2", content=(TextPart(text="rain"), image), name="weather"
                ),
            ),
        )

    def test_keeps_two_assistant_messages_in_a_row_apart(self) -> None:
        found = decode_input(
            {"role": "assistant", "content": "one"}, {"role": "assistant", "content": "two"}
        )

        assert found == (assistant("one"), assistant("two"))

    def test_reads_refusals(self) -> None:
        content = [{"type": "refusal", "refusal": "No."}]

        assert decode_input({"role": "assistant", "content": content}) == (
            assistant(wire.RefusalPart(text="No.")),
        )

    def test_joins_the_summary_of_thoughts(self) -> None:
        summary = [{"type": "summary_text", "text": text} for text in ("a", "b")]

        ((message),) = decode_input({"type": "reasoning", "id": "rs_1", "summary": summary})

        assert message.parts == (
            wire.ReasoningPart(text="a\n\nb", origin="openai_responses", id="rs_1"),
        )

    def test_reads_thoughts_without_a_summary(self) -> None:
        item = {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [],
            "content": [{"type": "reasoning_text", "text": "hm"}],
        }

        ((message),) = decode_input(item)

        assert message.parts == (
            wire.ReasoningPart(text="hm", origin="openai_responses", id="rs_1"),
        )

    def test_passes_over_thoughts_that_hold_nothing(self) -> None:
        item = {"type": "reasoning", "id": "rs_1", "summary": []}

        assert decode_input(item, {"role": "user", "content": "x"}) == (user("x"),)

    def test_names_what_is_lost(self) -> None:
        citation = {"type": "url_citation", "url": "https://x.test"}
        call = decode(
            include=["web_search_call.results"],
            tools=[{**WEATHER, "defer_loading": True}],
            input=[
                {
                    "role": "assistant",
                    "phase": "commentary",
                    "content": [{"type": "output_text", "text": "x", "annotations": [citation]}],
                }
            ],
        )

        assert call.warnings == (
            "input[0].phase: dropped",
            "input[0].content[0].annotations: dropped",
            "include[0]: dropped",
            "tools[0].defer_loading: dropped",
        )


class TestRenderReply:
    def test_repeats_what_was_asked(self) -> None:
        call = decode(
            instructions="Be brief.",
            tools=[WEATHER],
            tool_choice="required",
            temperature=0.5,
            metadata={"a": "b"},
            reasoning={"effort": "low", "summary": "auto"},
            text={"format": {"type": "json_object"}, "verbosity": "low"},
            prompt_cache_key="k",
        )

        body = json.loads(inbound.render_reply(_reply(TextPart(text="Hi")), call))

        assert body["instructions"] == "Be brief."
        assert body["tools"] == [WEATHER]
        assert body["tool_choice"] == "required"
        assert body["temperature"] == 0.5
        assert body["metadata"] == {"a": "b"}
        assert body["reasoning"] == {"effort": "low", "summary": "auto"}
        assert body["text"] == {"format": {"type": "json_object"}, "verbosity": "low"}
        assert body["prompt_cache_key"] == "k"
        assert body["store"] is False

    def test_renders_items_in_order_under_ids_of_the_reply(self) -> None:
        reply = _reply(
            wire.ReasoningPart(text="hm", signature="s", origin="anthropic_messages"),
            TextPart(text="Hi"),
            wire.ToolCallPart(id="call_1", name="weather", arguments='{"a":1}'),
        )

        body = json.loads(inbound.render_reply(reply, call_of()))

        assert body["id"] == "resp_chatcmpl-1"
        assert body["output"] == [
            {
                "id": "rs_chatcmpl-1_0",
                "type": "reasoning",
                "summary": [{"type": "summary_text", "text": "hm"}],
                "encrypted_content": "portal:anthropic_messages:s",
            },
            {
                "id": "msg_chatcmpl-1_1",
                "type": "message",
                "status": "completed",
                "role": "assistant",
                "content": [
                    {"type": "output_text", "annotations": [], "logprobs": [], "text": "Hi"}
                ],
            },
            {
                "id": "fc_chatcmpl-1_2",
                "type": "function_call",
                "status": "completed",
                "arguments": '{"a":1}',
                "call_id": "call_1",
                "name": "weather",
            },
        ]

    def test_carries_the_signature_of_a_call_before_it(self) -> None:
        call = wire.ToolCallPart(id="c", name="f", signature="sig", origin="gemini_generate")

        body = json.loads(inbound.render_reply(_reply(call), call_of()))

        first, second = body["output"]
        assert first["type"] == "reasoning"
        assert second["type"] == "function_call"
        assert decode_input(first, second) == (assistant(call),)

    @pytest.mark.parametrize("redacted", [True, False])
    def test_gets_back_whether_foreign_thoughts_were_redacted(self, redacted: bool) -> None:
        part = wire.ReasoningPart(signature="sig", origin="anthropic_messages", redacted=redacted)

        body = json.loads(inbound.render_reply(_reply(part), call_of()))

        assert decode_input(*body["output"]) == (assistant(part),)

    @pytest.mark.parametrize(
        ("finish", "status", "reason"),
        [
            (wire.FinishReason.STOP, "completed", None),
            (wire.FinishReason.STOP_SEQUENCE, "completed", None),
            (wire.FinishReason.TOOL_CALLS, "completed", None),
            (wire.FinishReason.REFUSAL, "completed", None),
            (wire.FinishReason.PAUSE, "completed", None),
            (wire.FinishReason.OTHER, "completed", None),
            (wire.FinishReason.LENGTH, "incomplete", "max_output_tokens"),
            (wire.FinishReason.CONTEXT_WINDOW, "incomplete", "max_output_tokens"),
            (wire.FinishReason.CONTENT_FILTER, "incomplete", "content_filter"),
            (wire.FinishReason.MALFORMED_CALL, "failed", None),
        ],
    )
    def test_says_why_it_ended(
        self, finish: wire.FinishReason, status: str, reason: str | None
    ) -> None:
        reply = _reply(TextPart(text="Hi"), finish=finish)

        body = json.loads(inbound.render_reply(reply, call_of()))

        assert body["status"] == status
        assert (body["incomplete_details"] or {}).get("reason") == reason
        assert (body["error"] is not None) == (status == "failed")

    def test_renders_usage(self) -> None:
        usage = wire.Usage(
            input_tokens=10,
            output_tokens=5,
            cache_read_tokens=3,
            cache_write_tokens=2,
            reasoning_tokens=1,
        )

        body = json.loads(inbound.render_reply(_reply(usage=usage), call_of()))

        assert body["usage"] == {
            "input_tokens": 10,
            "input_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 2},
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 1},
            "total_tokens": 15,
        }


class TestCount:
    def test_decodes_like_a_request(self) -> None:
        body = {"model": "fast", "input": "Hello"}

        call = inbound.decode_count(incoming(body, "count_tokens"))

        assert call.messages == (user("Hello"),)

    def test_renders_the_number(self) -> None:
        body = json.loads(inbound.render_count(51))

        assert body == {"object": "response.input_tokens", "input_tokens": 51}


class TestEmbeddings:
    def test_are_no_part_of_this_api(self) -> None:
        with pytest.raises(UnsupportedContentError):
            inbound.decode_embeddings(incoming({"model": "m", "input": "x"}, "embeddings"))
        with pytest.raises(UnsupportedContentError):
            inbound.render_embeddings(
                wire.EmbeddingReply(model="m", vectors=()), wire.EmbeddingCall(model="m", inputs=())
            )


def _reply(
    *parts: wire.Part,
    finish: wire.FinishReason = wire.FinishReason.STOP,
    usage: wire.Usage | None = None,
) -> wire.ChatReply:
    choice = wire.Choice(parts=parts, finish=finish)
    return wire.ChatReply(
        id="chatcmpl-1", model="m", choices=(choice,), usage=usage, created=1_700_000_000
    )
