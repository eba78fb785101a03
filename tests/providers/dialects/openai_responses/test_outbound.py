import json
from typing import Any

import msgspec
import pytest

from apps.providers import errors, wire
from apps.providers.dialects.openai_responses import outbound
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import FinishReason, TextPart, ToolMode
from tests.providers.dialects.openai_responses.helpers import (
    MODEL,
    OPTIONS,
    assistant,
    built,
    call_of,
    incoming,
    results,
    system,
    user,
)

PNG = wire.Media(media_type="image/png", data="iVBORw0KGgo=")


def warnings_of(call: wire.ChatCall) -> tuple[str, ...]:
    return outbound.build_request(call, MODEL, OPTIONS).warnings


class TestBuildRequest:
    def test_asks_the_provider_to_store_nothing(self) -> None:
        request = outbound.build_request(call_of(), MODEL, OPTIONS)

        assert request.path == "/responses"
        assert json.loads(request.body) == {
            "model": "gpt-5-mini",
            "input": [{"type": "message", "role": "user", "content": "Hello"}],
            "store": False,
        }
        assert request.warnings == ()

    def test_adds_the_api_version_of_azure(self) -> None:
        options = outbound.Options(api_version="preview")

        request = outbound.build_request(call_of(), MODEL, options)

        assert request.path == "/responses?api-version=preview"

    def test_takes_a_leading_system_text_as_instructions(self) -> None:
        body = built(call_of(system("Be brief."), system("Be kind."), user("Hi")))

        assert body["instructions"] == "Be brief."
        assert body["input"][0] == {"type": "message", "role": "system", "content": "Be kind."}

    def test_keeps_system_blocks_and_later_system_messages_as_items(self) -> None:
        body = built(call_of(system("a", "b"), user("Hi"), system("Now in French.")))

        texts = [{"type": "input_text", "text": text} for text in ("a", "b")]
        assert "instructions" not in body
        assert [item["role"] for item in body["input"]] == ["system", "user", "system"]
        assert body["input"][0]["content"] == texts

    def test_sends_settings(self) -> None:
        body = built(
            call_of(
                max_output_tokens=100,
                temperature=0.5,
                top_p=0.9,
                logprobs=True,
                top_logprobs=2,
                parallel_tool_calls=False,
                user="u",
                metadata={"a": "b"},
                stream=True,
            )
        )

        assert body["max_output_tokens"] == 100
        assert body["temperature"] == 0.5
        assert body["top_p"] == 0.9
        assert body["include"] == ["message.output_text.logprobs"]
        assert body["top_logprobs"] == 2
        assert body["parallel_tool_calls"] is False
        assert body["user"] == "u"
        assert body["metadata"] == {"a": "b"}
        assert body["stream"] is True

    def test_names_tuning_that_it_drops_or_clamps(self) -> None:
        call = call_of(
            wire.Message(role=wire.Role.USER, parts=(TextPart(text="x", cache=True),), name="bob"),
            top_k=5,
            frequency_penalty=0.1,
            presence_penalty=0.1,
            seed=0,
            logit_bias={"1": 1.0},
            stop=("END",),
            max_output_tokens=5,
            temperature=2.5,
            extras={"prediction": {}, "service_tier": "standard_only", "a\r\nb: c": 1},
        )

        assert built(call)["max_output_tokens"] == 16
        assert built(call)["temperature"] == 2
        assert warnings_of(call) == (
            "messages[0].name: dropped",
            "cache_control: dropped",
            "max_output_tokens: clamped to 16",
            "temperature: clamped to 2",
            "top_k: dropped",
            "frequency_penalty: dropped",
            "presence_penalty: dropped",
            "seed: dropped",
            "logit_bias: dropped",
            "stop: dropped",
            "prediction: dropped",
            "service_tier: dropped",
            "unknown field: dropped",
        )

    def test_drops_penalties_of_zero_without_a_word(self) -> None:
        assert warnings_of(call_of(frequency_penalty=0.0, presence_penalty=0.0)) == ()

    def test_sends_hints_of_the_family_on(self) -> None:
        extras = {
            "prompt_cache_key": "k",
            "prompt_cache_retention": "24h",
            "safety_identifier": "s",
            "service_tier": "flex",
            "truncation": "auto",
            "verbosity": "low",
        }
        call = call_of(extras=extras)

        body = built(call)

        assert body["text"] == {"verbosity": "low"}
        del extras["verbosity"]
        assert {name: body[name] for name in extras} == extras
        assert warnings_of(call) == ()

    def test_refuses_more_than_one_answer(self) -> None:
        with pytest.raises(UnsupportedContentError) as caught:
            built(call_of(n=2))

        assert caught.value.param == "n"

    def test_says_of_every_tool_whether_it_is_strict(self) -> None:
        tools = (wire.Tool(name="a"), wire.Tool(name="b", parameters={}, strict=True))

        assert built(call_of(tools=tools))["tools"] == [
            {
                "type": "function",
                "name": "a",
                "parameters": {"type": "object", "properties": {}},
                "strict": False,
            },
            {"type": "function", "name": "b", "parameters": {}, "strict": True},
        ]

    @pytest.mark.parametrize(
        ("choice", "expected"),
        [
            (wire.ToolChoice(mode=ToolMode.AUTO), "auto"),
            (wire.ToolChoice(mode=ToolMode.NONE), "none"),
            (wire.ToolChoice(mode=ToolMode.REQUIRED), "required"),
            (
                wire.ToolChoice(mode=ToolMode.NAMED, names=("a",)),
                {"type": "function", "name": "a"},
            ),
            (
                wire.ToolChoice(mode=ToolMode.NAMED, names=("a", "b")),
                {
                    "type": "allowed_tools",
                    "mode": "required",
                    "tools": [{"type": "function", "name": name} for name in ("a", "b")],
                },
            ),
        ],
    )
    def test_sends_the_tool_choice(self, choice: wire.ToolChoice, expected: object) -> None:
        assert built(call_of(tool_choice=choice))["tool_choice"] == expected

    @pytest.mark.parametrize(
        ("output", "expected"),
        [
            (wire.OutputFormat(), {"type": "json_object"}),
            (
                wire.OutputFormat(schema={"type": "object"}),
                {"type": "json_schema", "name": "response", "schema": {"type": "object"}},
            ),
            (
                wire.OutputFormat(schema={}, name="n", description="d", strict=True),
                {
                    "type": "json_schema",
                    "name": "n",
                    "schema": {},
                    "description": "d",
                    "strict": True,
                },
            ),
        ],
    )
    def test_sends_the_output_format(
        self, output: wire.OutputFormat, expected: dict[str, Any]
    ) -> None:
        assert built(call_of(output_format=output))["text"] == {"format": expected}

    @pytest.mark.parametrize(
        ("asked", "reasoning", "encrypted", "warnings"),
        [
            (wire.ReasoningRequest(effort="high"), {"effort": "high"}, True, ()),
            (wire.ReasoningRequest(summary=True), {"summary": "auto"}, True, ()),
            (wire.ReasoningRequest(effort="none", summary=True), {"effort": "none"}, False, ()),
            (wire.ReasoningRequest(budget_tokens=0), {"effort": "none"}, False, ()),
            (wire.ReasoningRequest(budget_tokens=-1), None, True, ()),
            (
                wire.ReasoningRequest(budget_tokens=5000),
                {"effort": "medium"},
                True,
                ("reasoning budget: sent as effort medium",),
            ),
            (
                wire.ReasoningRequest(effort="low", budget_tokens=5000),
                {"effort": "low"},
                True,
                ("reasoning budget: dropped",),
            ),
        ],
    )
    def test_asks_for_reasoning_and_for_its_encrypted_form(
        self,
        asked: wire.ReasoningRequest,
        reasoning: dict[str, Any] | None,
        encrypted: bool,
        warnings: tuple[str, ...],
    ) -> None:
        call = call_of(reasoning=asked)

        body = built(call)

        assert body.get("reasoning") == reasoning
        assert ("reasoning.encrypted_content" in body.get("include", ())) is encrypted
        assert warnings_of(call) == warnings


class TestBuildInput:
    def test_sends_every_kind_of_content(self) -> None:
        (item,) = built(
            call_of(
                user(
                    "a",
                    wire.ImagePart(media=PNG, detail="low"),
                    wire.ImagePart(media=wire.Media(url="https://x.test/a.png")),
                    wire.ImagePart(media=wire.Media(file_id="file-1")),
                    wire.DocumentPart(media=wire.Media(media_type="application/pdf", data="JVBE")),
                    wire.DocumentPart(media=wire.Media(url="https://x.test/a.pdf"), name="a.pdf"),
                    wire.AudioPart(media=wire.Media(media_type="audio/wav", data="AAAA")),
                )
            )
        )["input"]

        assert item["content"] == [
            {"type": "input_text", "text": "a"},
            {
                "type": "input_image",
                "image_url": "data:image/png;base64,iVBORw0KGgo=",
                "detail": "low",
            },
            {"type": "input_image", "image_url": "https://x.test/a.png", "detail": "auto"},
            {"type": "input_image", "file_id": "file-1", "detail": "auto"},
            {
                "type": "input_file",
                "file_data": "data:application/pdf;base64,JVBE",
                "filename": "document.pdf",
            },
            {"type": "input_file", "file_url": "https://x.test/a.pdf"},
            {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        ]

    @pytest.mark.parametrize(
        "part",
        [
            wire.ImagePart(media=wire.Media(file_id="file_011CNha8iCJcU1wXNR6q4V8w")),
            wire.DocumentPart(media=wire.Media(url="gs://bucket/a.pdf")),
            wire.AudioPart(media=wire.Media(url="https://x.test/a.mp3")),
            wire.AudioPart(media=wire.Media(media_type="audio/flac", data="AAAA")),
        ],
    )
    def test_refuses_media_that_the_provider_cannot_read(self, part: wire.Part) -> None:
        with pytest.raises(UnsupportedContentError) as caught:
            built(call_of(user("x", part)))

        assert caught.value.param == "messages[0].content[1]"

    def test_sends_a_tool_turn(self) -> None:
        items = built(
            call_of(
                user("Weather?"),
                assistant(
                    wire.ReasoningPart(
                        text="hm", signature="sig", origin="openai_responses", id="rs_1"
                    ),
                    "I look.",
                    wire.ToolCallPart(id="c1", name="weather", arguments='{"a":1}'),
                    wire.ToolCallPart(id="c2", name="clock"),
                ),
                results(
                    wire.ToolResultPart(call_id="c1", content=(TextPart(text="sun"),)),
                    wire.ToolResultPart(
                        call_id="c2", content=(TextPart(text="x"), wire.ImagePart(media=PNG))
                    ),
                ),
            )
        )["input"]

        image = {
            "type": "input_image",
            "image_url": "data:image/png;base64,iVBORw0KGgo=",
            "detail": "auto",
        }
        assert items[1:] == [
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": [{"type": "summary_text", "text": "hm"}],
                "encrypted_content": "sig",
            },
            {"type": "message", "role": "assistant", "content": "I look."},
            {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"a":1}'},
            {"type": "function_call", "call_id": "c2", "name": "clock", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "sun"},
            {
                "type": "function_call_output",
                "call_id": "c2",
                "output": [{"type": "input_text", "text": "x"}, image],
            },
        ]

    def test_asks_for_encrypted_thoughts_where_they_came_before(self) -> None:
        part = wire.ReasoningPart(signature="sig", origin="openai_responses", redacted=True)

        body = built(call_of(user("x"), assistant(part, "y"), user("z")))

        assert body["include"] == ["reasoning.encrypted_content"]

    def test_drops_the_thoughts_of_others_and_says_so(self) -> None:
        part = wire.ReasoningPart(text="hm", signature="sig", origin="anthropic_messages")
        call = call_of(user("x"), assistant(part, "y"))

        assert [item["type"] for item in built(call)["input"]] == ["message", "message"]
        assert warnings_of(call) == ("reasoning: dropped",)

    def test_tells_in_the_text_that_a_tool_failed(self) -> None:
        failed = wire.ToolResultPart(
            call_id="c", content=(TextPart(text="no such city"),), is_error=True
        )
        call = call_of(assistant(wire.ToolCallPart(id="c", name="f")), results(failed))

        assert built(call)["input"][1]["output"] == "Error: no such city"
        assert warnings_of(call) == ("messages[1].content[0].is_error: told in the text",)

    def test_sends_refusals_beside_text(self) -> None:
        (item,) = built(call_of(assistant("Well.", wire.RefusalPart(text="No."))))["input"]

        assert item["content"] == [
            {"type": "output_text", "text": "Well.", "annotations": []},
            {"type": "refusal", "refusal": "No."},
        ]


class TestForwardRequest:
    def test_changes_nothing_but_model_and_store(self) -> None:
        text = (
            '{"model": "fast", "unknown" : {"b":1.50,"a":[ 1 ]}, "input":"h\\u00e9", "top_p": 1.0}'
        )
        fields = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        call = wire.Incoming(operation="chat", model="fast", body=text.encode(), fields=fields)

        request = outbound.forward_request(call, MODEL, OPTIONS)

        assert request.path == "/responses"
        assert request.body == (
            b'{"model":"gpt-5-mini","unknown":{"b":1.50,"a":[ 1 ]},'
            b'"input":"h\\u00e9","top_p":1.0,"store":false}'
        )

    @pytest.mark.parametrize("store", [None, False])
    def test_stores_nothing_whatever_the_caller_left_open(self, store: bool | None) -> None:
        body = {"model": "fast", "store": store, "input": "x"}

        request = outbound.forward_request(incoming(body), MODEL, OPTIONS)

        assert list(json.loads(request.body)) == ["model", "store", "input"]
        assert json.loads(request.body)["store"] is False

    @pytest.mark.parametrize("operation", ["chat", "count_tokens"])
    def test_refuses_state(self, operation: str) -> None:
        body = {"model": "fast", "input": "x", "previous_response_id": "resp_1"}

        with pytest.raises(UnsupportedContentError) as caught:
            outbound.forward_request(incoming(body, operation), MODEL, OPTIONS)

        assert caught.value.param == "previous_response_id"

    def test_sends_hosted_tools_and_custom_tools_on(self) -> None:
        body = {"model": "fast", "input": "x", "tools": [{"type": "web_search"}]}

        request = outbound.forward_request(incoming(body), MODEL, OPTIONS)

        assert json.loads(request.body)["tools"] == [{"type": "web_search"}]

    @pytest.mark.parametrize(
        ("operation", "path"),
        [
            ("count_tokens", "/responses/input_tokens"),
            ("moderations", "/moderations"),
            ("images", "/images/generations"),
        ],
    )
    def test_forwards_what_else_the_platform_offers(self, operation: str, path: str) -> None:
        body = {"model": "fast", "input": "x", "store": None}

        request = outbound.forward_request(incoming(body, operation), MODEL, OPTIONS)

        assert request.path == path
        assert json.loads(request.body) == {**body, "model": "gpt-5-mini"}

    def test_forwards_uploads(self) -> None:
        upload = (
            b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nfast\r\n'
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\n'
            b"\x00\r\n--b--\r\n"
        )
        headers = {"content-type": "multipart/form-data; boundary=b"}
        call = wire.Incoming(operation="transcriptions", model="fast", body=upload, headers=headers)

        request = outbound.forward_request(call, MODEL, outbound.Options(api_version="v"))

        assert request.path == "/audio/transcriptions?api-version=v"
        assert request.body == upload.replace(b"fast", b"gpt-5-mini")


class TestEmbeddings:
    def test_are_those_of_the_platform(self) -> None:
        call = wire.EmbeddingCall(model="fast", inputs=("a", "b"), dimensions=8)

        request = outbound.build_embeddings(call, MODEL, OPTIONS)

        assert request.path == "/embeddings"
        assert json.loads(request.body) == {
            "model": "gpt-5-mini",
            "input": ["a", "b"],
            "dimensions": 8,
        }

    def test_are_read_from_its_answer(self) -> None:
        body = {
            "object": "list",
            "model": "m",
            "data": [{"object": "embedding", "index": 0, "embedding": [0.5, 1.0]}],
            "usage": {"prompt_tokens": 3, "total_tokens": 3},
        }
        data = json.dumps(body).encode()

        reply = outbound.parse_embeddings(data)

        assert reply.vectors == ((0.5, 1.0),)
        assert outbound.read_facts("embeddings", data).usage == wire.Usage(input_tokens=3)


class TestCount:
    def test_sends_only_what_is_counted(self) -> None:
        call = call_of(
            system("Be brief."),
            user("Hi"),
            tools=(wire.Tool(name="f"),),
            temperature=0.5,
            max_output_tokens=100,
            reasoning=wire.ReasoningRequest(effort="low"),
        )

        request = outbound.build_count(call, MODEL, OPTIONS)

        assert request.path == "/responses/input_tokens"
        assert set(json.loads(request.body)) == {
            "model",
            "input",
            "instructions",
            "tools",
            "reasoning",
        }

    def test_reads_the_number(self) -> None:
        assert outbound.parse_count(b'{"object":"response.input_tokens","input_tokens":51}') == 51

    def test_calls_anything_else_unreadable(self) -> None:
        with pytest.raises(errors.ProviderProtocolError):
            outbound.parse_count(b'{"error":null}')


def parse(**fields: Any) -> wire.ChatReply:
    body = {"id": "resp_1", "model": "m", "status": "completed", "created_at": 17.0, "output": []}
    return outbound.parse_reply(json.dumps({**body, **fields}).encode())


def message(*contents: dict[str, Any]) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": list(contents)}


class TestParseReply:
    def test_reads_items(self) -> None:
        reply = parse(
            output=[
                {
                    "type": "reasoning",
                    "id": "rs_1",
                    "summary": [{"type": "summary_text", "text": text} for text in ("a", "b")],
                    "encrypted_content": "sig",
                },
                {"type": "web_search_call", "action": {"type": "search"}, "status": "completed"},
                message({"type": "output_text", "text": "Hi", "annotations": []}),
                {"type": "function_call", "call_id": "c", "name": "f", "arguments": '{"a":1}'},
            ]
        )

        (choice,) = reply.choices
        assert (reply.id, reply.model, reply.created) == ("resp_1", "m", 17)
        assert choice.finish is FinishReason.TOOL_CALLS
        assert choice.parts == (
            wire.ReasoningPart(
                text="a\n\nb", signature="sig", origin="openai_responses", id="rs_1"
            ),
            TextPart(text="Hi"),
            wire.ToolCallPart(id="c", name="f", arguments='{"a":1}'),
        )

    @pytest.mark.parametrize(
        ("fields", "finish"),
        [
            ({}, FinishReason.STOP),
            ({"output": [message({"type": "refusal", "refusal": "No"})]}, FinishReason.REFUSAL),
            (
                {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
                FinishReason.LENGTH,
            ),
            (
                {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
                FinishReason.CONTENT_FILTER,
            ),
            ({"status": "incomplete", "incomplete_details": None}, FinishReason.OTHER),
            ({"status": "incomplete", "incomplete_details": {"reason": "new"}}, FinishReason.OTHER),
            ({"status": "in_progress"}, FinishReason.PAUSE),
            ({"status": "queued"}, FinishReason.PAUSE),
            ({"status": "cancelled"}, FinishReason.OTHER),
            ({"status": "never heard of"}, FinishReason.OTHER),
            ({"status": None}, FinishReason.STOP),
        ],
    )
    def test_says_why_it_ended(self, fields: dict[str, Any], finish: FinishReason) -> None:
        assert parse(**fields).choices[0].finish is finish

    def test_reads_logprobs(self) -> None:
        rival = {"token": "Ho", "logprob": -2.5, "bytes": [72, 111]}
        one = {"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": [rival]}
        reply = parse(output=[message({"type": "output_text", "text": "Hi", "logprobs": [one]})])

        assert reply.choices[0].logprobs == (
            wire.TokenLogprob(
                token="Hi",
                logprob=-0.5,
                bytes=(72, 105),
                top=(wire.TokenLogprob(token="Ho", logprob=-2.5, bytes=(72, 111)),),
            ),
        )

    def test_bears_what_other_servers_send(self) -> None:
        reply = parse(
            created_at=None,
            usage={"input_tokens": 3, "output_tokens": None, "input_tokens_details": None},
            output=[
                message({"type": "output_text", "text": None}, {"type": "something_new"}),
                {"type": "message", "content": "bare"},
                {"type": "message", "content": None},
                {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "hm"}]},
                {"type": "function_call", "id": "fc_1", "name": None, "arguments": None},
                {"type": "function_call", "call_id": "c", "name": "f", "arguments": {"a": 1}},
                {"type": None},
            ],
        )

        assert reply.usage == wire.Usage(input_tokens=3)
        assert reply.choices[0].parts == (
            TextPart(text="bare"),
            wire.ReasoningPart(text="hm", origin="openai_responses"),
            wire.ToolCallPart(id="fc_1", name=""),
            wire.ToolCallPart(id="c", name="f", arguments='{"a":1}'),
        )

    @pytest.mark.parametrize(
        "body", [b"", b"<html>", b"[]", b"7", b'{"output": 5}', b'{"id":"x"}', b'"\xff"']
    )
    def test_calls_nonsense_unreadable(self, body: bytes) -> None:
        with pytest.raises(errors.ProviderProtocolError):
            outbound.parse_reply(body)

    @pytest.mark.parametrize(
        ("code", "kind"),
        [
            ("server_error", errors.ProviderFaultError),
            ("rate_limit_exceeded", errors.ProviderRateLimitError),
            ("invalid_prompt", errors.ProviderContentFilterError),
            ("invalid_base64_image", errors.ProviderRejectedError),
            ("something_new", errors.ProviderFaultError),
        ],
    )
    def test_raises_what_a_failed_response_tells(
        self, code: str, kind: type[errors.ProviderError]
    ) -> None:
        with pytest.raises(errors.ProviderError) as caught:
            parse(status="failed", error={"code": code, "message": "Sorry."})

        assert type(caught.value) is kind
        assert caught.value.message == "Sorry."
        assert caught.value.upstream_code == code


class TestReadFacts:
    def test_reads_what_the_books_need(self) -> None:
        usage = {
            "input_tokens": 10,
            "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 3},
            "total_tokens": 15,
        }
        body = {"id": "resp_1", "model": "m", "output": [], "usage": usage}

        assert outbound.read_facts("chat", json.dumps(body).encode()) == wire.Facts(
            id="resp_1",
            model="m",
            finish=FinishReason.STOP,
            usage=wire.Usage(
                input_tokens=10,
                output_tokens=5,
                cache_read_tokens=4,
                cache_write_tokens=2,
                reasoning_tokens=3,
            ),
        )

    @pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"\xff", b'{"usage": 5}'])
    def test_never_raises(self, body: bytes) -> None:
        assert outbound.read_facts("chat", body) == wire.Facts()

    def test_finds_nothing_in_a_count(self) -> None:
        count = b'{"object":"response.input_tokens","input_tokens":51}'

        assert outbound.read_facts("count_tokens", count) == wire.Facts()


class TestIsUsageEvent:
    def test_is_never_one(self) -> None:
        assert not outbound.is_usage_event(b'{"type":"response.completed"}')


class TestASystemMessageAlone:
    def test_is_the_input_because_the_api_wants_some(self) -> None:
        body = built(call_of(system("Be brief.")))

        assert "instructions" not in body
        assert body["input"] == [{"type": "message", "role": "system", "content": "Be brief."}]
