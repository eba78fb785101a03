"""What a caller's chat request means."""

from typing import Any

import msgspec
import pytest

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.gemini_generate import inbound
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import ToolMode
from tests.providers.dialects.gemini_generate.asking import asked, incoming, said, system, user

DECLARED = [{"functionDeclarations": [{"name": "get"}, {"name": "put"}]}]


def param_of(error: pytest.ExceptionInfo[InvalidInputError]) -> str | None:
    return error.value.param


class TestDecodeRequest:
    def test_reads_system_instruction_and_contents(self) -> None:
        call = asked(systemInstruction={"role": "user", "parts": [{"text": "Be brief."}]})

        assert call.messages == (system("Be brief."), user("Hello"))
        assert call.model == "fast"
        assert not call.stream
        assert call.include_usage
        assert call.warnings == ()

    def test_streams_by_the_method(self) -> None:
        call = inbound.decode_request(incoming({"contents": said("Hi")}, "streamGenerateContent"))

        assert call.stream

    def test_takes_snake_case_for_every_key_it_knows(self) -> None:
        call = asked(
            system_instruction={"parts": [{"text": "Be brief."}]},
            generation_config={
                "max_output_tokens": 9,
                "stop_sequences": ["end"],
                "thinking_config": {"include_thoughts": True, "thinking_budget": 5},
                "response_mime_type": "application/json",
                "response_schema": {"any_of": [{"type": "STRING"}], "min_items": "2"},
            },
            tools=[
                {
                    "function_declarations": [
                        {
                            "name": "get",
                            "parameters_json_schema": {"properties": {"file_path": {}}},
                        }
                    ]
                }
            ],
            tool_config={
                "function_calling_config": {"mode": "ANY", "allowed_function_names": ["get"]}
            },
        )

        assert call.messages[0] == system("Be brief.")
        assert (call.max_output_tokens, call.stop) == (9, ("end",))
        assert call.reasoning == wire.ReasoningRequest(budget_tokens=5, summary=True)
        assert call.output_format == wire.OutputFormat(
            schema={"anyOf": [{"type": "string"}], "minItems": 2}
        )
        assert call.tools == (wire.Tool(name="get", parameters={"properties": {"file_path": {}}}),)
        assert call.tool_choice == wire.ToolChoice(mode=ToolMode.REQUIRED)

    def test_ignores_nulls_and_empty_settings(self) -> None:
        call = asked(
            systemInstruction=None,
            generationConfig={"temperature": None, "responseModalities": []},
            tools=None,
            toolConfig=None,
            safetySettings=None,
            cachedContent=None,
            labels=None,
        )

        assert call == asked()

    def test_reads_the_sampling_settings(self) -> None:
        call = asked(
            generationConfig={
                "temperature": 0.5,
                "topP": 0.9,
                "topK": 40.0,
                "maxOutputTokens": "100",
                "stopSequences": ["a", "b"],
                "candidateCount": 2,
                "seed": 7,
                "presencePenalty": 0.1,
                "frequencyPenalty": 0.2,
                "responseLogprobs": True,
                "logprobs": 3,
            }
        )

        assert (call.temperature, call.top_p, call.top_k) == (0.5, 0.9, 40)
        assert (call.max_output_tokens, call.stop, call.n, call.seed) == (100, ("a", "b"), 2, 7)
        assert (call.presence_penalty, call.frequency_penalty) == (0.1, 0.2)
        assert (call.logprobs, call.top_logprobs) == (True, 3)

    @pytest.mark.parametrize(
        ("config", "param"),
        [
            ({"temperature": "hot"}, "generationConfig.temperature"),
            ({"temperature": True}, "generationConfig.temperature"),
            ({"topK": 1.5}, "generationConfig.topK"),
            ({"stopSequences": "end"}, "generationConfig.stopSequences"),
            ({"stopSequences": [1]}, "generationConfig.stopSequences[0]"),
            ({"candidateCount": 0}, "generationConfig.candidateCount"),
            ({"responseJsonSchema": []}, "generationConfig.responseJsonSchema"),
            (
                {"thinkingConfig": {"thinkingBudget": "x"}},
                "generationConfig.thinkingConfig.thinkingBudget",
            ),
            (
                {"thinkingConfig": {"thinkingLevel": "huge"}},
                "generationConfig.thinkingConfig.thinkingLevel",
            ),
        ],
    )
    def test_names_the_wrong_setting(self, config: dict[str, Any], param: str) -> None:
        with pytest.raises(InvalidInputError) as error:
            asked(generationConfig=config)

        assert param_of(error) == param
        assert not isinstance(error.value, UnsupportedContentError)

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"cachedContent": "cachedContents/1"}, "cachedContent"),
            ({"modelArmorConfig": {"promptTemplateName": "p"}}, "modelArmorConfig"),
            ({"tools": [{"googleSearch": {}}]}, "tools[0].googleSearch"),
            ({"tools": [*DECLARED, {"code_execution": {}}]}, "tools[1].codeExecution"),
            ({"tools": [{"urlContext": {}}]}, "tools[0].urlContext"),
            (
                {"generationConfig": {"responseModalities": ["TEXT", "AUDIO"]}},
                "generationConfig.responseModalities",
            ),
            (
                {"generationConfig": {"responseMimeType": "text/x.enum"}},
                "generationConfig.responseMimeType",
            ),
            (
                {"generationConfig": {"responseFormat": [{"image": {}}]}},
                "generationConfig.responseFormat",
            ),
            (
                {"generationConfig": {"translationConfig": {"targetLanguageCode": "de"}}},
                "generationConfig.translationConfig",
            ),
        ],
    )
    def test_refuses_what_only_gemini_has(self, fields: dict[str, Any], param: str) -> None:
        with pytest.raises(UnsupportedContentError) as error:
            asked(**fields)

        assert error.value.param == param

    def test_keeps_tuning_of_its_own_as_extras(self) -> None:
        safety = [{"category": "HARM_CATEGORY_HATE_SPEECH", "threshold": "BLOCK_NONE"}]
        call = asked(
            safetySettings=safety,
            newThing={"a": 1},
            generationConfig={"mediaResolution": "MEDIA_RESOLUTION_LOW"},
        )

        assert call.extras == {
            "safetySettings": safety,
            "newThing": {"a": 1},
            "generationConfig.mediaResolution": "MEDIA_RESOLUTION_LOW",
        }

    def test_reads_labels_as_metadata_and_user(self) -> None:
        call = asked(labels={"team": "a", "user": "u1"})

        assert (call.metadata, call.user) == ({"team": "a"}, "u1")

    def test_needs_contents(self) -> None:
        empty: list[dict[str, Any]] = [{}, {"contents": None}, {"contents": []}]
        for body in empty:
            with pytest.raises(InvalidInputError) as error:
                inbound.decode_request(incoming(body))
            assert param_of(error) == "contents"

    def test_takes_text_only_as_system_instruction(self) -> None:
        with pytest.raises(UnsupportedContentError) as error:
            asked(
                systemInstruction={
                    "parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]
                }
            )

        assert param_of(error) == "systemInstruction.parts[0]"


class TestOutputFormat:
    def test_json_mode_without_schema(self) -> None:
        call = asked(generationConfig={"responseMimeType": "application/json"})

        assert call.output_format == wire.OutputFormat()

    def test_plain_text_is_no_format(self) -> None:
        assert asked(generationConfig={"responseMimeType": "text/plain"}).output_format is None

    def test_reads_json_schema_as_it_is(self) -> None:
        schema = {"type": "object", "properties": {"any_of": {"$ref": "#/$defs/a"}}}
        call = asked(
            generationConfig={
                "responseMimeType": "application/json",
                "responseJsonSchema": schema,
            }
        )

        assert call.output_format == wire.OutputFormat(schema=schema)

    def test_reads_the_newer_response_format(self) -> None:
        text = {"mimeType": "application/json", "schema": {"type": "object"}}
        call = asked(generationConfig={"responseFormat": [{"text": text}]})

        assert call.output_format == wire.OutputFormat(schema={"type": "object"})


class TestTools:
    def test_reads_both_kinds_of_parameters(self) -> None:
        declared = [
            {
                "name": "a",
                "description": "A.",
                "parameters": {
                    "type": "OBJECT",
                    "properties": {"type": {"type": "STRING", "nullable": True}},
                },
            },
            {"name": "b", "parametersJsonSchema": {"type": "object"}},
            {"name": "c"},
        ]
        call = asked(
            tools=[{"functionDeclarations": declared[:2]}, {"functionDeclarations": declared[2:]}]
        )

        assert call.tools == (
            wire.Tool(
                name="a",
                description="A.",
                parameters={
                    "type": "object",
                    "properties": {"type": {"type": ["string", "null"]}},
                },
            ),
            wire.Tool(name="b", parameters={"type": "object"}),
            wire.Tool(name="c"),
        )

    def test_names_what_a_declaration_loses(self) -> None:
        one = {"name": "a", "response": {"type": "OBJECT"}, "behavior": "NON_BLOCKING"}
        call = asked(tools=[{"functionDeclarations": [one]}])

        at = "tools[0].functionDeclarations[0]"
        assert call.warnings == (f"{at}.response: dropped", f"{at}.behavior: dropped")

    def test_names_the_wrong_declaration(self) -> None:
        with pytest.raises(InvalidInputError) as error:
            asked(tools=[{"functionDeclarations": [{"description": "nameless"}]}])

        assert param_of(error) == "tools[0].functionDeclarations[0]"


class TestToolChoice:
    @pytest.mark.parametrize(
        ("config", "choice"),
        [
            ({"mode": "AUTO"}, wire.ToolChoice(mode=ToolMode.AUTO)),
            ({"mode": "NONE"}, wire.ToolChoice(mode=ToolMode.NONE)),
            ({"mode": "ANY"}, wire.ToolChoice(mode=ToolMode.REQUIRED)),
            ({"mode": "MODE_UNSPECIFIED"}, None),
            ({}, None),
            (
                {"mode": "ANY", "allowedFunctionNames": ["get"]},
                wire.ToolChoice(mode=ToolMode.NAMED, names=("get",)),
            ),
            (
                {"mode": "ANY", "allowedFunctionNames": ["get", "put"]},
                wire.ToolChoice(mode=ToolMode.REQUIRED),
            ),
        ],
    )
    def test_reads_modes(self, config: dict[str, Any], choice: wire.ToolChoice | None) -> None:
        call = asked(tools=DECLARED, toolConfig={"functionCallingConfig": config})

        assert call.tool_choice == choice
        assert call.warnings == ()

    def test_names_what_it_changes(self) -> None:
        call = asked(
            tools=DECLARED,
            toolConfig={
                "functionCallingConfig": {
                    "mode": "VALIDATED",
                    "streamFunctionCallArguments": True,
                },
                "retrievalConfig": {"languageCode": "de"},
            },
        )

        assert call.tool_choice == wire.ToolChoice(mode=ToolMode.AUTO)
        assert call.warnings == (
            "toolConfig.retrievalConfig: dropped",
            "toolConfig.functionCallingConfig.streamFunctionCallArguments: dropped",
            "toolConfig.functionCallingConfig.mode: VALIDATED sent as AUTO",
        )

    def test_refuses_unknown_modes(self) -> None:
        with pytest.raises(InvalidInputError) as error:
            asked(toolConfig={"functionCallingConfig": {"mode": "SOMETIMES"}})

        assert param_of(error) == "toolConfig.functionCallingConfig.mode"


class TestDecodeCount:
    def test_reads_contents(self) -> None:
        call = inbound.decode_count(incoming({"contents": said("Hi")}, "countTokens"))

        assert call.messages == (user("Hi"),)

    @pytest.mark.parametrize("key", ["generateContentRequest", "generate_content_request"])
    def test_reads_a_whole_request(self, key: str) -> None:
        body = {
            key: {
                "model": "models/fast",
                "contents": said("Hi"),
                "systemInstruction": {"parts": [{"text": "Be brief."}]},
            }
        }
        call = inbound.decode_count(incoming(body, "countTokens"))

        assert call.messages == (system("Be brief."), user("Hi"))


class TestLeavesWhatIsTheCallers:
    def test_no_key_of_arguments_results_or_schemas_is_respelt(self) -> None:
        own = {"file_path": {"line_no": 1}}
        body = {
            "system_instruction": {"parts": [{"text": "x"}]},
            "contents": [
                {"role": "model", "parts": [{"function_call": {"name": "f", "args": own}}]},
                {
                    "role": "user",
                    "parts": [{"function_response": {"name": "f", "response": own}}],
                },
            ],
        }
        messages = inbound.decode_request(incoming(body)).messages

        called, answered = messages[1].parts[0], messages[2].parts[0]
        assert isinstance(called, wire.ToolCallPart)
        assert isinstance(answered, wire.ToolResultPart)
        assert msgspec.json.decode(called.arguments) == own
        text = answered.content[0]
        assert isinstance(text, wire.TextPart)
        assert msgspec.json.decode(text.text) == own
