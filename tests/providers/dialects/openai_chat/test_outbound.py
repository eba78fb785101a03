import base64
import json
from typing import Any

import msgspec
import pytest

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.openai_chat import outbound
from apps.providers.errors import (
    ProviderFaultError,
    ProviderProtocolError,
    ProviderRateLimitError,
    UnsupportedContentError,
)
from apps.providers.wire import FinishReason, Role, ToolMode
from tests.providers.recordings import incoming

MODEL = wire.TargetModel(name="gpt-x")
HELLO = wire.Message(role=Role.USER, parts=(wire.TextPart(text="hi"),))
TOOLS = (wire.Tool(name="f"), wire.Tool(name="g"))


def build(
    *messages: wire.Message, options: outbound.Options | None = None, **fields: Any
) -> tuple[dict[str, Any], tuple[str, ...]]:
    call = wire.ChatCall(model="m", messages=messages or (HELLO,), **fields)
    request = outbound.build_request(call, MODEL, options or outbound.Options())
    return json.loads(request.body), request.warnings


def user(*parts: wire.Part) -> wire.Message:
    return wire.Message(role=Role.USER, parts=parts)


def answer(*parts: wire.Part) -> wire.Message:
    return wire.Message(role=Role.ASSISTANT, parts=parts)


def results(*parts: wire.Part) -> wire.Message:
    return wire.Message(role=Role.TOOL, parts=parts)


class TestBuildRequest:
    def test_says_the_least(self) -> None:
        assert build() == (
            {"model": "gpt-x", "messages": [{"role": "user", "content": "hi"}]},
            (),
        )

    def test_asks_for_the_usage_of_a_stream(self) -> None:
        assert build(stream=True)[0]["stream_options"] == {"include_usage": True}
        assert (
            "stream_options"
            not in build(stream=True, options=outbound.Options(stream_usage=False))[0]
        )

    def test_names_the_cap_as_the_provider_does(self) -> None:
        old = outbound.Options(max_tokens_field="max_tokens")

        assert build(max_output_tokens=5)[0]["max_completion_tokens"] == 5
        assert build(max_output_tokens=5, options=old)[0]["max_tokens"] == 5

    def test_clamps_and_names_what_it_clamps(self) -> None:
        body, warnings = build(temperature=2.5, stop=tuple("abcde"))

        assert (body["temperature"], body["stop"]) == (2.0, list("abcd"))
        assert warnings == ("temperature: clamped to 2", "stop: clamped to 4 sequences")

    def test_drops_and_names_what_only_tunes(self) -> None:
        cached = wire.TextPart(text="a", cache=True)

        body, warnings = build(
            user(cached),
            top_k=4,
            metadata={"a": "b"},
            reasoning=wire.ReasoningRequest(summary=True),
            extras={"safe_prompt": True, "verbosity": "low"},
        )

        assert body["verbosity"] == "low"
        assert warnings == (
            "cache_control: dropped",
            "top_k: dropped",
            "reasoning.summary: dropped",
            "metadata: dropped",
            "safe_prompt: dropped",
        )

    def test_sends_hints_to_providers_that_take_them(self) -> None:
        options = outbound.Options(cache_field="cache_control", top_k=True)

        body, warnings = build(
            user(wire.TextPart(text="a", cache=True)),
            tools=(wire.Tool(name="f", cache=True),),
            top_k=4,
            options=options,
        )

        hint = {"type": "ephemeral"}
        assert body["messages"][0]["content"] == [
            {"type": "text", "text": "a", "cache_control": hint}
        ]
        assert body["tools"][0]["cache_control"] == hint
        assert body["top_k"] == 4
        assert warnings == ()

    @pytest.mark.parametrize(
        ("budget", "effort"), [(0, "none"), (1024, "low"), (8192, "medium"), (30_000, "high")]
    )
    def test_turns_a_budget_into_an_effort(self, budget: int, effort: str) -> None:
        body, warnings = build(reasoning=wire.ReasoningRequest(budget_tokens=budget))

        assert body["reasoning_effort"] == effort
        assert warnings == (f"reasoning.budget_tokens: sent as effort {effort}",)

    def test_leaves_the_effort_to_a_model_that_decides_itself(self) -> None:
        assert "reasoning_effort" not in build(reasoning=wire.ReasoningRequest(budget_tokens=-1))[0]

    @pytest.mark.parametrize(
        ("choice", "said"),
        [
            (wire.ToolChoice(mode=ToolMode.AUTO), "auto"),
            (wire.ToolChoice(mode=ToolMode.NONE), "none"),
            (wire.ToolChoice(mode=ToolMode.REQUIRED), "required"),
            (
                wire.ToolChoice(mode=ToolMode.NAMED, names=("f",)),
                {"type": "function", "function": {"name": "f"}},
            ),
            (
                wire.ToolChoice(mode=ToolMode.NAMED, names=("f", "g")),
                {
                    "type": "allowed_tools",
                    "allowed_tools": {
                        "mode": "required",
                        "tools": [
                            {"type": "function", "function": {"name": name}} for name in "fg"
                        ],
                    },
                },
            ),
        ],
    )
    def test_says_every_tool_choice(self, choice: wire.ToolChoice, said: Any) -> None:
        assert build(tools=TOOLS, tool_choice=choice)[0]["tool_choice"] == said

    def test_gives_a_schema_a_name_that_is_allowed(self) -> None:
        body, _ = build(output_format=wire.OutputFormat(schema={}, name="An odd / name"))

        assert body["response_format"]["json_schema"]["name"] == "An_odd___name"
        unnamed, _ = build(output_format=wire.OutputFormat(schema={}))
        assert unnamed["response_format"]["json_schema"]["name"] == "response"

    def test_addresses_azure_openai(self) -> None:
        options = outbound.Options(api_version="2024-10-21", deployment_in_path=True)
        call = wire.ChatCall(model="m", messages=(HELLO,))

        request = outbound.build_request(call, wire.TargetModel(name="my gpt"), options)

        assert request.path == (
            "/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21"
        )

    def test_refuses_options_that_it_does_not_know(self) -> None:
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"api_versoin": "1"}, outbound.Options)


class TestContent:
    def test_says_images_audio_and_documents(self) -> None:
        body, warnings = build(
            user(
                wire.ImagePart(media=wire.Media(url="https://x.test/a"), detail="high"),
                wire.ImagePart(media=wire.Media(media_type="image/png", data="AAAA")),
                wire.AudioPart(media=wire.Media(media_type="audio/wav", data="AAAA")),
                wire.DocumentPart(media=wire.Media(media_type="application/pdf", data="JVBE")),
            )
        )

        assert body["messages"][0]["content"] == [
            {"type": "image_url", "image_url": {"url": "https://x.test/a", "detail": "high"}},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
            {
                "type": "file",
                "file": {
                    "filename": "document.pdf",
                    "file_data": "data:application/pdf;base64,JVBE",
                },
            },
        ]
        assert warnings == ()

    def test_says_a_text_document_as_text(self) -> None:
        data = base64.b64encode(b"words").decode()
        part = wire.DocumentPart(media=wire.Media(media_type="text/plain", data=data))

        body, warnings = build(user(part))

        assert body["messages"][0]["content"] == [{"type": "text", "text": "words"}]
        assert warnings == ("messages[0].content[0]: text document sent as text",)

    @pytest.mark.parametrize(
        "part",
        [
            wire.ImagePart(media=wire.Media(file_id="file-1")),
            wire.DocumentPart(media=wire.Media(file_id="file-1")),
            wire.DocumentPart(media=wire.Media(url="https://x.test/a.pdf")),
            wire.AudioPart(media=wire.Media(url="https://x.test/a.wav")),
        ],
    )
    def test_refuses_what_it_cannot_carry(self, part: wire.Part) -> None:
        with pytest.raises(UnsupportedContentError) as caught:
            build(HELLO, user(wire.TextPart(text="a"), part))

        assert caught.value.param == "messages[1].content[1]"

    def test_joins_text_where_the_provider_takes_no_list(self) -> None:
        system = wire.Message(
            role=Role.SYSTEM, parts=(wire.TextPart(text="a"), wire.TextPart(text="b"))
        )

        body, _ = build(system, options=outbound.Options(join_text=True))

        assert body["messages"][0]["content"] == "a\n\nb"


class TestAnswers:
    def test_keep_calls_and_refusals(self) -> None:
        call = wire.ToolCallPart(id="t", name="f", arguments="{}")

        body, _ = build(answer(wire.RefusalPart(text="no")), answer(call))

        assert body["messages"] == [
            {"role": "assistant", "content": None, "refusal": "no"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}
                ],
            },
        ]

    def test_lose_their_thoughts_and_say_so(self) -> None:
        thought = wire.ReasoningPart(text="hm", signature="s", origin="anthropic_messages")

        body, warnings = build(answer(thought, wire.TextPart(text="a")))

        assert body["messages"] == [{"role": "assistant", "content": "a"}]
        assert warnings == ("reasoning: dropped",)

    def test_keep_the_words_of_thoughts_where_the_provider_takes_them(self) -> None:
        options = outbound.Options(reasoning_field="reasoning_content")
        thought = wire.ReasoningPart(text="hm", signature="s", origin="anthropic_messages")
        hidden = wire.ReasoningPart(signature="s", origin="anthropic_messages", redacted=True)

        body, warnings = build(answer(thought, hidden), options=options)

        assert body["messages"][0]["reasoning_content"] == "hm"
        assert warnings == ("reasoning: dropped",)

    def test_give_back_the_signature_of_geminis_compatible_surface(self) -> None:
        part = wire.ReasoningPart(signature="g", origin=outbound.NAME)

        body, warnings = build(answer(part, wire.TextPart(text="a")))

        assert body["messages"][0]["extra_content"] == {"google": {"thought_signature": "g"}}
        assert warnings == ()

    def test_strip_the_signature_of_another_dialects_call(self) -> None:
        own = wire.ToolCallPart(id="a", name="f", signature="s", origin=outbound.NAME)
        other = wire.ToolCallPart(id="b", name="f", signature="s", origin="gemini_generate")

        calls = build(answer(own, other))[0]["messages"][0]["tool_calls"]

        assert "extra_content" in calls[0]
        assert "extra_content" not in calls[1]


class TestToolResults:
    def test_become_a_message_each(self) -> None:
        body, warnings = build(
            results(
                wire.ToolResultPart(call_id="a", content=(wire.TextPart(text="1"),)),
                wire.ToolResultPart(call_id="b"),
            )
        )

        assert body["messages"] == [
            {"role": "tool", "tool_call_id": "a", "content": "1"},
            {"role": "tool", "tool_call_id": "b", "content": ""},
        ]
        assert warnings == ()

    def test_say_in_words_that_they_are_errors(self) -> None:
        body, warnings = build(
            results(
                wire.ToolResultPart(
                    call_id="a", content=(wire.TextPart(text="no file"),), is_error=True
                ),
                wire.ToolResultPart(call_id="b", is_error=True),
            )
        )

        assert [message["content"] for message in body["messages"]] == [
            "Error: no file",
            "Error: the tool failed.",
        ]
        assert warnings == ("tool_result.is_error: sent as a text prefix",)

    def test_move_images_to_a_message_of_the_user(self) -> None:
        image = wire.ImagePart(media=wire.Media(url="https://x.test/a"))

        body, warnings = build(
            results(
                wire.ToolResultPart(call_id="a", content=(wire.TextPart(text="see"), image)),
                wire.ToolResultPart(call_id="b", content=(wire.TextPart(text="2"),)),
            )
        )

        assert [message["role"] for message in body["messages"]] == ["tool", "tool", "user"]
        assert body["messages"][2]["content"] == [
            {"type": "text", "text": "Attached to the result of tool call a:"},
            {"type": "image_url", "image_url": {"url": "https://x.test/a"}},
        ]
        assert warnings == ("messages[0]: media of a tool result moved to a user message",)

    def test_show_text_documents_as_text(self) -> None:
        data = base64.b64encode(b"words").decode()
        part = wire.DocumentPart(media=wire.Media(media_type="text/plain", data=data))

        body, warnings = build(results(wire.ToolResultPart(call_id="a", content=(part,))))

        assert body["messages"][0]["content"] == "words"
        assert warnings == ("tool_result.content: text document sent as text",)

    def test_carry_a_cache_hint_on_their_last_text(self) -> None:
        result = wire.ToolResultPart(call_id="a", content=(wire.TextPart(text="1"),), cache=True)
        options = outbound.Options(cache_field="cache_control")

        assert build(results(result))[1] == ("cache_control: dropped",)
        assert build(results(result), options=options)[0]["messages"][0]["content"] == [
            {"type": "text", "text": "1", "cache_control": {"type": "ephemeral"}}
        ]


class TestBuildEmbeddings:
    def test_says_what_was_asked(self) -> None:
        call = wire.EmbeddingCall(
            model="m", inputs=("a",), single=True, dimensions=8, encoding="base64"
        )

        request = outbound.build_embeddings(call, MODEL, outbound.Options())

        assert request.path == "/embeddings"
        assert json.loads(request.body) == {
            "model": "gpt-x",
            "input": "a",
            "dimensions": 8,
            "encoding_format": "base64",
        }

    def test_drops_and_names_what_the_vectors_are_for(self) -> None:
        call = wire.EmbeddingCall(model="m", inputs=("a",), kind="query", extras={"x": 1})

        request = outbound.build_embeddings(call, MODEL, outbound.Options())

        assert request.warnings == ("input_type: dropped", "x: dropped")


class TestForwardRequest:
    def forward(
        self, plain: dict[str, Any], operation: str = "chat", **options: Any
    ) -> wire.UpstreamRequest:
        return outbound.forward_request(
            incoming(plain, operation), MODEL, outbound.Options(**options)
        )

    def test_changes_the_model_and_nothing_else(self) -> None:
        body = b'{"zeta": 1.0, "model": "m",  "messages": [ {"x": 1e2} ], "n": null}'
        given = wire.Incoming(
            operation="chat",
            model="m",
            body=body,
            fields=msgspec.json.decode(body, type=dict[str, msgspec.Raw]),
        )

        request = outbound.forward_request(given, MODEL, outbound.Options())

        assert request.body == b'{"zeta":1.0,"model":"gpt-x","messages":[ {"x": 1e2} ],"n":null}'
        assert not request.hide_usage_event

    def test_passes_the_very_bytes_when_the_model_is_the_same(self) -> None:
        given = incoming({"model": "gpt-x", "messages": []})

        assert outbound.forward_request(given, MODEL, outbound.Options()).body is given.body

    def test_asks_for_usage_on_its_own_account(self) -> None:
        request = self.forward({"model": "m", "stream": True})

        assert json.loads(request.body)["stream_options"] == {"include_usage": True}
        assert request.hide_usage_event

    @pytest.mark.parametrize("given", [None, {"include_usage": False}])
    def test_asks_for_usage_that_the_caller_did_not_want(self, given: Any) -> None:
        request = self.forward({"model": "m", "stream": True, "stream_options": given})

        assert json.loads(request.body)["stream_options"] == {"include_usage": True}
        assert request.hide_usage_event

    def test_keeps_the_callers_other_stream_options(self) -> None:
        given = {"include_obfuscation": False}

        request = self.forward({"model": "m", "stream": True, "stream_options": given})

        assert json.loads(request.body)["stream_options"] == {**given, "include_usage": True}

    def test_hides_nothing_from_a_caller_who_asked(self) -> None:
        request = self.forward(
            {"model": "m", "stream": True, "stream_options": {"include_usage": True}}
        )

        assert not request.hide_usage_event

    def test_never_asks_vendors_who_refuse_to_be_asked(self) -> None:
        request = self.forward({"model": "m", "stream": True}, stream_usage=False)

        assert "stream_options" not in json.loads(request.body)

    @pytest.mark.parametrize(
        ("operation", "path"),
        [
            ("embeddings", "/embeddings"),
            ("moderations", "/moderations"),
            ("images", "/images/generations"),
            ("speech", "/audio/speech"),
            ("rerank", "/rerank"),
        ],
    )
    def test_knows_the_path_of_every_operation(self, operation: str, path: str) -> None:
        assert self.forward({"model": "m"}, operation).path == path

    def test_forwards_an_upload(self) -> None:
        body = (
            b'--B\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n'
            b'--B\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
            b"\x00\xff\r\n--B--\r\n"
        )
        kind = "multipart/form-data; boundary=B"
        given = wire.Incoming(
            operation="transcriptions", model="m", body=body, headers={"content-type": kind}
        )

        request = outbound.forward_request(given, MODEL, outbound.Options())

        assert request.body == body.replace(b"\r\n\r\nm\r\n", b"\r\n\r\ngpt-x\r\n")
        assert request.headers == (("content-type", kind),)

    def test_refuses_a_body_that_is_nothing_of_both(self) -> None:
        given = wire.Incoming(operation="chat", model="m", body=b"{}")

        with pytest.raises(InvalidInputError):
            outbound.forward_request(given, MODEL, outbound.Options())


class TestParseReply:
    def parse(self, message: Any, finish: Any = "stop", **more: Any) -> wire.Choice:
        choice = {"index": 0, "message": message, "finish_reason": finish, **more}
        return outbound.parse_reply(json.dumps({"choices": [choice]}).encode()).choices[0]

    def test_reads_calls_in_both_forms(self) -> None:
        calls = [
            {"id": "a", "function": {"name": "f", "arguments": {"x": 1}}},
            {"function": {"name": "g", "arguments": None}},
            {"id": "c"},
        ]

        choice = self.parse({"content": None, "tool_calls": calls, "function_call": {"name": "h"}})

        assert choice.parts == (
            wire.ToolCallPart(id="a", name="f", arguments='{"x":1}'),
            wire.ToolCallPart(id="call_1_g", name="g"),
            wire.ToolCallPart(id="c", name=""),
            wire.ToolCallPart(id="call_3_h", name="h"),
        )
        assert choice.finish is FinishReason.TOOL_CALLS

    def test_reads_content_in_chunks(self) -> None:
        content = [
            {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
            {"type": "text", "text": "a"},
            {"type": "refusal", "refusal": "no"},
            {"type": "reference", "reference_ids": [1]},
        ]

        assert self.parse({"content": content}).parts == (
            wire.ReasoningPart(text="hm"),
            wire.TextPart(text="a"),
            wire.RefusalPart(text="no"),
        )

    def test_takes_an_unknown_reason_for_other(self) -> None:
        assert self.parse({"content": "a"}, "tired").finish is FinishReason.OTHER

    @pytest.mark.parametrize("message", [None, [], {"content": 7, "tool_calls": "x"}])
    def test_takes_odd_messages_for_empty(self, message: Any) -> None:
        assert self.parse(message).parts == ()

    @pytest.mark.parametrize(
        "body", [b"", b"<html>", b"[]", b"{}", b'{"choices":[]}', b'{"choices":[1]}']
    )
    def test_refuses_what_is_no_completion(self, body: bytes) -> None:
        with pytest.raises(ProviderProtocolError):
            outbound.parse_reply(body)

    def test_refuses_log_probabilities_that_are_none(self) -> None:
        with pytest.raises(ProviderProtocolError):
            self.parse({"content": "a"}, logprobs={"content": [{"token": "a", "logprob": "x"}]})

    def test_raises_an_error_that_came_as_success(self) -> None:
        with pytest.raises(ProviderRateLimitError):
            outbound.parse_reply(b'{"error":{"message":"slow","code":429}}')
        with pytest.raises(ProviderFaultError):
            self.parse({"content": ""}, "error", error={"message": "oops"})


class TestReadFacts:
    def test_reads_nothing_from_sound(self) -> None:
        assert outbound.read_facts("speech", b"\xff\xfb\x90") == wire.Facts()

    def test_reads_the_usage_of_images_and_transcriptions(self) -> None:
        body = b'{"usage":{"input_tokens":5,"output_tokens":7,"total_tokens":12}}'

        assert outbound.read_facts("images", body).usage == wire.Usage(
            input_tokens=5, output_tokens=7
        )

    def test_counts_no_seconds_as_tokens(self) -> None:
        body = b'{"text":"a","usage":{"type":"duration","seconds":5}}'

        assert outbound.read_facts("transcriptions", body).usage is None

    def test_reads_a_rerank_that_has_a_total_alone(self) -> None:
        body = b'{"usage":{"total_tokens":9}}'

        assert outbound.read_facts("rerank", body).usage == wire.Usage(input_tokens=9)

    @pytest.mark.parametrize(
        "body", [b'{"choices":7}', b'{"choices":[{"message":3}]}', b"[]", b"{"]
    )
    def test_never_raises(self, body: bytes) -> None:
        assert outbound.read_facts("chat", body) == wire.Facts()


class TestIsUsageEvent:
    def test_knows_an_event_that_holds_nothing_else(self) -> None:
        assert outbound.is_usage_event(b'{"choices":[],"usage":{"prompt_tokens":1}}')

    @pytest.mark.parametrize(
        "data",
        [
            b'{"choices":[{}],"usage":{"prompt_tokens":1}}',
            b'{"choices":[],"usage":null}',
            b'{"choices":[]}',
            b"[DONE]",
            b'{"usage"',
        ],
    )
    def test_lets_every_other_event_pass(self, data: bytes) -> None:
        assert not outbound.is_usage_event(data)


class TestCount:
    def test_is_not_to_be_had(self) -> None:
        call = wire.ChatCall(model="m", messages=(HELLO,))

        assert outbound.build_count(call, MODEL, outbound.Options()) is None
        with pytest.raises(ProviderProtocolError):
            outbound.parse_count(b"{}")
