import json
from typing import Any

import pytest

from apps.core.errors import (
    AuthenticationError,
    InvalidInputError,
    MethodNotAllowedError,
    NotFoundError,
    PortalError,
    QuotaExceededError,
    UnavailableError,
)
from apps.providers import errors, wire
from apps.providers.dialects.chat_family.read_request import FunctionsCall
from apps.providers.dialects.openai_chat import inbound
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import FinishReason, Role, ToolMode
from tests.providers.recordings import incoming

USER = {"role": "user", "content": "hi"}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


def decode(**fields: Any) -> wire.ChatCall:
    return inbound.decode_request(incoming({"model": "m", "messages": [USER], **fields}))


def messages(*given: dict[str, Any]) -> tuple[wire.Message, ...]:
    return decode(messages=list(given)).messages


def parts(*content: dict[str, Any], role: str = "user") -> tuple[wire.Part, ...]:
    return messages({"role": role, "content": list(content)})[0].parts


class TestDecodeRequest:
    def test_reads_the_least(self) -> None:
        assert decode() == wire.ChatCall(
            model="m",
            messages=(wire.Message(role=Role.USER, parts=(wire.TextPart(text="hi"),)),),
        )

    def test_reads_every_parameter(self) -> None:
        call = decode(
            max_completion_tokens=9,
            max_tokens=5,
            temperature=0.5,
            top_p=0.9,
            top_k=4,
            frequency_penalty=0.1,
            presence_penalty=0.2,
            seed=7,
            logit_bias={"5": -1},
            stop="END",
            n=2,
            logprobs=True,
            top_logprobs=3,
            reasoning_effort="high",
            user="u",
            metadata={"a": "b"},
            parallel_tool_calls=False,
            stream=True,
            stream_options={"include_usage": True},
        )

        assert call == wire.ChatCall(
            model="m",
            messages=call.messages,
            max_output_tokens=9,
            temperature=0.5,
            top_p=0.9,
            top_k=4,
            frequency_penalty=0.1,
            presence_penalty=0.2,
            seed=7,
            logit_bias={"5": -1.0},
            stop=("END",),
            n=2,
            logprobs=True,
            top_logprobs=3,
            reasoning=wire.ReasoningRequest(effort="high"),
            user="u",
            metadata={"a": "b"},
            parallel_tool_calls=False,
            stream=True,
            include_usage=True,
        )

    def test_takes_null_for_absence(self) -> None:
        nulls = dict.fromkeys(
            ["tools", "tool_choice", "stop", "n", "response_format", "stream", "stream_options"]
        )

        assert decode(**nulls, store=None, audio=None, modalities=None) == decode()

    def test_says_nothing_of_defaults(self) -> None:
        call = decode(
            store=False, service_tier="auto", verbosity="medium", modalities=["text"], n=1
        )

        assert call == decode()

    def test_keeps_what_has_no_canonical_meaning(self) -> None:
        assert decode(prompt_cache_key="k", x_vendor=[1]).extras == {
            "prompt_cache_key": "k",
            "x_vendor": [1],
        }

    def test_takes_the_safety_identifier_for_the_user(self) -> None:
        assert decode(safety_identifier="s").user == "s"
        assert decode(safety_identifier="s", user="u").extras == {"safety_identifier": "s"}

    def test_reads_openrouters_reasoning(self) -> None:
        assert decode(reasoning={"max_tokens": 5, "exclude": True}).reasoning == (
            wire.ReasoningRequest(budget_tokens=5, summary=False)
        )
        assert decode(reasoning={"enabled": True}).reasoning == (
            wire.ReasoningRequest(effort="medium")
        )

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"messages": []}, "messages"),
            ({"messages": [{"content": "a"}]}, "messages[0]"),
            ({"messages": [{"role": "king", "content": "a"}]}, "messages[0].role"),
            ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
            (
                {"messages": [USER, {"role": "user", "content": [{"type": "text"}]}]},
                "messages[1].content[0].text",
            ),
            ({"messages": [{"role": "user", "content": [{}]}]}, "messages[0].content[0].type"),
            ({"messages": [{"role": "tool", "content": "a"}]}, "messages[0].tool_call_id"),
            (
                {"messages": [{"role": "assistant", "tool_calls": [{"id": "a"}]}]},
                "messages[0].tool_calls[0].function",
            ),
            ({"temperature": "hot"}, "temperature"),
            ({"n": 0}, "n"),
            ({"tools": [{"type": "function"}]}, "tools[0].function"),
            ({"tools": [TOOL], "tool_choice": "perhaps"}, "tool_choice"),
            ({"tools": [TOOL], "tool_choice": {"type": "function"}}, "tool_choice"),
            ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
            ({"reasoning_effort": "heroic"}, "reasoning_effort"),
            ({"metadata": {"a": 1}}, "metadata[...]"),
        ],
    )
    def test_names_the_field_that_is_wrong(self, fields: dict[str, Any], param: str) -> None:
        with pytest.raises(InvalidInputError) as caught:
            decode(**fields)

        assert type(caught.value) is InvalidInputError
        assert caught.value.param == param

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"modalities": ["text", "audio"]}, "modalities"),
            ({"audio": {"voice": "alloy", "format": "wav"}}, "audio"),
            ({"web_search_options": {"search_context_size": "low"}}, "web_search_options"),
            ({"store": True}, "store"),
            ({"moderation": {"model": "m"}}, "moderation"),
            ({"previous_response_id": "r"}, "previous_response_id"),
            ({"tools": [{"type": "custom", "custom": {"name": "f"}}]}, "tools[0].type"),
            (
                {"tools": [TOOL], "tool_choice": {"type": "custom", "custom": {"name": "f"}}},
                "tool_choice.type",
            ),
            ({"response_format": {"type": "grammar"}}, "response_format.type"),
            (
                {"messages": [{"role": "user", "content": [{"type": "video_url"}]}]},
                "messages[0].content[0].type",
            ),
            (
                {"messages": [{"role": "assistant", "audio": {"id": "a"}}, USER]},
                "messages[0].audio",
            ),
            (
                {"messages": [{"role": "assistant", "tool_calls": [{"type": "custom"}]}, USER]},
                "messages[0].tool_calls[0].type",
            ),
        ],
    )
    def test_refuses_what_only_one_provider_could_do(
        self, fields: dict[str, Any], param: str
    ) -> None:
        with pytest.raises(UnsupportedContentError) as caught:
            decode(**fields)

        assert caught.value.param == param

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b'{"model":"\\ud800"}'])
    def test_refuses_what_is_no_object(self, body: bytes) -> None:
        with pytest.raises(InvalidInputError):
            inbound.decode_request(wire.Incoming(operation="chat", model="m", body=body))


class TestDecodeMessages:
    def test_reads_the_roles(self) -> None:
        roles = [
            message.role
            for message in messages(
                {"role": "system", "content": "a"}, {"role": "developer", "content": "b"}, USER
            )
        ]

        assert roles == [Role.SYSTEM, Role.SYSTEM, Role.USER]

    def test_keeps_the_name_of_who_speaks(self) -> None:
        assert messages({**USER, "name": "bob"})[0].name == "bob"

    def test_reads_content_of_every_kind(self) -> None:
        assert parts(
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
            {"type": "image_url", "image_url": {"url": "https://x.test/a", "detail": "low"}},
            {"type": "image_url", "image_url": "data:image/png;base64,AAAA"},
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
            {"type": "audio_url", "audio_url": {"url": "https://x.test/b"}},
            {
                "type": "file",
                "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERA=="},
            },
            {"type": "file", "file": {"file_data": "JVBERA=="}},
            {"type": "file", "file": {"file_id": "file-1"}},
        ) == (
            wire.TextPart(text="a", cache=True),
            wire.ImagePart(media=wire.Media(url="https://x.test/a"), detail="low"),
            wire.ImagePart(media=wire.Media(media_type="image/png", data="AAAA")),
            wire.AudioPart(media=wire.Media(media_type="audio/mpeg", data="AAAA")),
            wire.AudioPart(media=wire.Media(url="https://x.test/b")),
            wire.DocumentPart(
                media=wire.Media(media_type="application/pdf", data="JVBERA=="), name="a.pdf"
            ),
            wire.DocumentPart(media=wire.Media(media_type="application/pdf", data="JVBERA==")),
            wire.DocumentPart(media=wire.Media(file_id="file-1")),
        )

    def test_reads_an_answer_with_all_that_it_may_hold(self) -> None:
        read = messages(
            {
                "role": "assistant",
                "content": [{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "no"}],
                "reasoning_content": "hm",
                "refusal": "never",
                "tool_calls": [
                    {
                        "id": "t1",
                        "type": "function",
                        "function": {"name": "f", "arguments": '{"x":1}'},
                        "extra_content": {"google": {"thought_signature": "s"}},
                    },
                    {"id": "t2", "function": {"name": "g", "arguments": {"y": 2}}},
                ],
            }
        )

        assert read[0].parts == (
            wire.ReasoningPart(text="hm"),
            wire.TextPart(text="a"),
            wire.RefusalPart(text="no"),
            wire.RefusalPart(text="never"),
            wire.ToolCallPart(
                id="t1", name="f", arguments='{"x":1}', signature="s", origin="openai_chat"
            ),
            wire.ToolCallPart(id="t2", name="g", arguments='{"y":2}'),
        )

    def test_gathers_the_results_of_parallel_calls(self) -> None:
        calls = [{"id": name, "function": {"name": name}} for name in ("f", "g")]

        read = messages(
            {"role": "assistant", "content": "", "tool_calls": calls},
            {"role": "tool", "tool_call_id": "g", "content": [{"type": "text", "text": "2"}]},
            {"role": "tool", "tool_call_id": "f", "content": "1"},
            USER,
        )

        assert [message.role for message in read] == [Role.ASSISTANT, Role.TOOL, Role.USER]
        assert read[1].parts == (
            wire.ToolResultPart(call_id="g", name="g", content=(wire.TextPart(text="2"),)),
            wire.ToolResultPart(call_id="f", name="f", content=(wire.TextPart(text="1"),)),
        )

    def test_names_fields_that_it_does_not_understand(self) -> None:
        part = {"type": "text", "text": "a", "citations": [1]}

        call = decode(
            messages=[{"role": "user", "content": [part], "mood": "bright", "prefix": False}],
            tools=[{**TOOL, "priority": 1}],
        )

        assert call.warnings == (
            "messages[0].mood: dropped",
            "messages[0].content[0].citations: dropped",
            "tools[0].priority: dropped",
        )


class TestDecodeTools:
    def test_reads_functions(self) -> None:
        function = {"name": "f", "description": "d", "parameters": {"a": 1}, "strict": True}
        tool = {"type": "function", "function": function, "cache_control": {"type": "ephemeral"}}

        assert decode(tools=[tool]).tools == (
            wire.Tool(name="f", description="d", parameters={"a": 1}, strict=True, cache=True),
        )

    @pytest.mark.parametrize(
        ("given", "choice"),
        [
            ("auto", wire.ToolChoice(mode=ToolMode.AUTO)),
            ("none", wire.ToolChoice(mode=ToolMode.NONE)),
            ("required", wire.ToolChoice(mode=ToolMode.REQUIRED)),
            ("any", wire.ToolChoice(mode=ToolMode.REQUIRED)),
            (
                {"type": "function", "function": {"name": "f"}},
                wire.ToolChoice(mode=ToolMode.NAMED, names=("f",)),
            ),
            (
                {
                    "type": "allowed_tools",
                    "allowed_tools": {
                        "mode": "required",
                        "tools": [{"type": "function", "function": {"name": "f"}}],
                    },
                },
                wire.ToolChoice(mode=ToolMode.NAMED, names=("f",)),
            ),
        ],
    )
    def test_reads_every_choice(self, given: Any, choice: wire.ToolChoice) -> None:
        assert decode(tools=[TOOL], tool_choice=given).tool_choice == choice

    def test_leaves_only_the_tools_that_a_free_choice_may_use(self) -> None:
        other = {"type": "function", "function": {"name": "g"}}
        allowed = {"mode": "auto", "tools": [{"type": "function", "function": {"name": "g"}}]}

        call = decode(
            tools=[TOOL, other],
            tool_choice={"type": "allowed_tools", "allowed_tools": allowed},
        )

        assert [tool.name for tool in call.tools] == ["g"]
        assert call.tool_choice == wire.ToolChoice(mode=ToolMode.AUTO)

    @pytest.mark.parametrize(
        ("given", "wanted"),
        [
            ({"type": "text"}, None),
            ({"type": "json_object"}, wire.OutputFormat()),
            (
                {
                    "type": "json_schema",
                    "json_schema": {"name": "n", "schema": {"a": 1}, "strict": True},
                },
                wire.OutputFormat(schema={"a": 1}, name="n", strict=True),
            ),
        ],
    )
    def test_reads_the_output_format(
        self, given: dict[str, Any], wanted: wire.OutputFormat | None
    ) -> None:
        assert decode(response_format=given).output_format == wanted


class TestOldForm:
    history = (
        USER,
        {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "1"},
    )

    def test_is_read_into_tools(self) -> None:
        call = decode(
            functions=[{"name": "f", "parameters": {}}],
            function_call={"name": "f"},
            messages=list(self.history),
        )

        assert isinstance(call, FunctionsCall)
        assert call.tools == (wire.Tool(name="f", parameters={}),)
        assert call.tool_choice == wire.ToolChoice(mode=ToolMode.NAMED, names=("f",))
        assert call.extras == {}
        asked, answered = call.messages[1].parts[0], call.messages[2].parts[0]
        assert isinstance(asked, wire.ToolCallPart)
        assert isinstance(answered, wire.ToolResultPart)
        assert asked.id == answered.call_id

    def test_is_answered_in_the_old_form(self) -> None:
        call = decode(functions=[{"name": "f"}])
        part = wire.ToolCallPart(id="t", name="f", arguments='{"x":1}')
        choice = wire.Choice(parts=(part,), finish=FinishReason.TOOL_CALLS)
        reply = wire.ChatReply(id="r", model="m", choices=(choice,))

        shown = json.loads(inbound.render_reply(reply, call))["choices"][0]

        assert shown["finish_reason"] == "function_call"
        assert shown["message"]["function_call"] == {"name": "f", "arguments": '{"x":1}'}
        assert "tool_calls" not in shown["message"]

    def test_is_streamed_in_the_old_form(self) -> None:
        renderer = inbound.stream_renderer(decode(functions=[{"name": "f"}]))

        shown = renderer.feed(wire.ToolCallStart(index=0, id="t", name="f"))
        more = renderer.feed(wire.ToolCallDelta(index=0, arguments="{}"))
        last = renderer.feed(wire.Finish(reason=FinishReason.TOOL_CALLS))

        assert b'"function_call":{"name":"f","arguments":""}' in shown
        assert b'"function_call":{"arguments":"{}"}' in more
        assert b'"finish_reason":"function_call"' in last


class TestDecodeEmbeddings:
    def decode(self, **fields: Any) -> wire.EmbeddingCall:
        return inbound.decode_embeddings(incoming({"model": "m", **fields}, "embeddings"))

    @pytest.mark.parametrize(
        ("given", "inputs", "single"),
        [
            ("a", ("a",), True),
            (["a", "b"], ("a", "b"), False),
            ([1, 2], ((1, 2),), True),
            ([[1], [2, 3]], ((1,), (2, 3)), False),
        ],
    )
    def test_reads_every_kind_of_input(self, given: Any, inputs: Any, single: bool) -> None:
        call = self.decode(input=given)

        assert (call.inputs, call.single) == (inputs, single)

    def test_reads_the_rest(self) -> None:
        call = self.decode(input="a", encoding_format="base64", dimensions=8, user="u", x=1)

        assert call == wire.EmbeddingCall(
            model="m",
            inputs=("a",),
            single=True,
            encoding="base64",
            dimensions=8,
            user="u",
            extras={"x": 1},
        )

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({}, None),
            ({"input": []}, "input"),
            ({"input": [1, "a"]}, "input[0]"),
            ({"input": {"a": 1}}, "input"),
            ({"input": "a", "encoding_format": "int8"}, "encoding_format"),
            ({"input": "a", "input_type": "poem"}, "input_type"),
        ],
    )
    def test_names_the_field_that_is_wrong(self, fields: dict[str, Any], param: str | None) -> None:
        with pytest.raises(InvalidInputError) as caught:
            self.decode(**fields)

        assert caught.value.param == param


class TestRenderError:
    @pytest.mark.parametrize(
        ("error", "status", "kind", "code"),
        [
            (InvalidInputError("m", param="n"), 400, "invalid_request_error", "invalid_input"),
            (UnsupportedContentError("m"), 400, "invalid_request_error", "unsupported_content"),
            (AuthenticationError("m"), 401, "invalid_request_error", "invalid_api_key"),
            (NotFoundError("m"), 404, "invalid_request_error", "not_found"),
            (NotFoundError("m", param="model"), 404, "invalid_request_error", "model_not_found"),
            (MethodNotAllowedError("m"), 405, "invalid_request_error", "method_not_allowed"),
            (QuotaExceededError("m"), 429, "rate_limit_error", "quota_exceeded"),
            (UnavailableError("m"), 503, "server_error", "unavailable"),
            (PortalError("m"), 500, "server_error", "error"),
            (errors.ProviderAuthError("m"), 502, "server_error", "server_error"),
            (errors.ProviderConnectionError("m"), 502, "server_error", "server_error"),
            (errors.ProviderFaultError("m"), 500, "server_error", "server_error"),
            (errors.ProviderOverloadedError("m"), 503, "server_error", "server_is_overloaded"),
            (errors.ProviderTimeoutError("m"), 504, "server_error", "timeout"),
            (errors.ProviderRateLimitError("m"), 429, "rate_limit_error", "rate_limit_exceeded"),
            (errors.ProviderNotFoundError("m"), 404, "invalid_request_error", "model_not_found"),
            (
                errors.ProviderContentFilterError("m"),
                400,
                "invalid_request_error",
                "content_policy_violation",
            ),
        ],
    )
    def test_follows_the_table(self, error: PortalError, status: int, kind: str, code: str) -> None:
        rendered = inbound.render_error(error, request_id="r")

        assert rendered.status == status
        assert json.loads(rendered.body) == {
            "error": {"message": "m", "type": kind, "param": error.param, "code": code}
        }

    def test_keeps_the_providers_own_code(self) -> None:
        error = errors.ProviderRejectedError("m", upstream_code="context_length_exceeded")

        assert b'"context_length_exceeded"' in inbound.render_error(error, request_id="r").body

    def test_never_shows_the_portals_bad_key_as_the_callers(self) -> None:
        error = errors.ProviderAuthError("m", status=401, upstream_code="invalid_api_key")

        assert b"invalid_api_key" not in inbound.render_error(error, request_id="r").body

    @pytest.mark.parametrize(("seconds", "shown"), [(0.2, "1"), (1.5, "2"), (20, "20")])
    def test_says_when_to_come_back(self, seconds: float, shown: str) -> None:
        error = errors.ProviderRateLimitError("m", retry_after_s=seconds)

        assert inbound.render_error(error, request_id="r").headers == (("retry-after", shown),)

    def test_is_an_event_in_a_stream(self) -> None:
        event = inbound.render_stream_error(errors.ProviderFaultError("m"), request_id="r")

        assert event.startswith(b'data: {"error":{"message":"m"')
        assert event.endswith(b"\n\n")


class TestRenderCount:
    def test_names_the_tokens(self) -> None:
        assert json.loads(inbound.render_count(7))["input_tokens"] == 7
