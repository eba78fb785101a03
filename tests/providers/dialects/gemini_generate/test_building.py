"""What is sent to the provider for a call."""

from typing import Any

import msgspec
import pytest

from apps.providers import wire
from apps.providers.dialects.gemini_generate import outbound
from apps.providers.dialects.gemini_generate.signing import NO_SIGNATURE
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import ToolMode
from tests.providers.dialects.gemini_generate.asking import (
    MODEL,
    OPTIONS,
    OWN,
    VERTEX,
    assistant,
    built,
    call,
    results,
    system,
    user,
)

TOOL = wire.Tool(name="get", description="Get.", parameters={"type": "object"})


def parts_of(body: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    return [(content["role"], content["parts"]) for content in body["contents"]]


def answer(call_id: str, *content: Any, **fields: Any) -> wire.ToolResultPart:
    whole = tuple(wire.TextPart(text=one) if isinstance(one, str) else one for one in content)
    return wire.ToolResultPart(call_id=call_id, content=whole, **fields)


IMAGE = wire.ImagePart(media=wire.Media(media_type="image/png", data="iVBORw0KGgo="))


class TestPath:
    def test_names_method_and_model(self) -> None:
        request = outbound.build_request(call(), MODEL, OPTIONS)

        assert request.path == "/v1beta/models/compatible-model:generateContent"
        assert request.method == "POST"

    def test_asks_for_events(self) -> None:
        request = outbound.build_request(call(stream=True), MODEL, OPTIONS)

        assert request.path.endswith(":streamGenerateContent?alt=sse")

    def test_follows_options(self) -> None:
        model = wire.TargetModel(name="gemini-3-flash")
        v1 = outbound.build_request(call(), model, outbound.Options(api_version="v1"))
        vertex = outbound.build_request(call(), model, VERTEX)

        assert v1.path == "/v1/models/gemini-3-flash:generateContent"
        assert vertex.path == (
            "/v1/projects/p/locations/l/publishers/google/models/gemini-3-flash:generateContent"
        )

    def test_quotes_names_and_keeps_resource_names(self) -> None:
        for name, path in {
            "a b?": "models/a%20b%3F",
            "models/x": "models/x",
            "tunedModels/y": "tunedModels/y",
        }.items():
            request = outbound.build_request(call(), wire.TargetModel(name=name), OPTIONS)
            assert request.path == f"/v1beta/{path}:generateContent"


class TestMessages:
    def test_merges_what_one_role_says(self) -> None:
        body, warnings = built(
            call(system("A"), system("B"), user("1"), user("2"), assistant("3"), user("4"))
        )

        assert body["systemInstruction"] == {"parts": [{"text": "A"}, {"text": "B"}]}
        assert parts_of(body) == [
            ("user", [{"text": "1"}, {"text": "2"}]),
            ("model", [{"text": "3"}]),
            ("user", [{"text": "4"}]),
        ]
        assert warnings == ()

    def test_moves_later_system_messages_and_says_so(self) -> None:
        body, warnings = built(call(user("1"), system("A"), user("2")))

        assert body["systemInstruction"] == {"parts": [{"text": "A"}]}
        assert parts_of(body) == [("user", [{"text": "1"}, {"text": "2"}])]
        assert warnings == ("messages[1]: system message moved to the start",)

    def test_always_has_contents(self) -> None:
        body, _ = built(call(system("A")))

        assert parts_of(body) == [("user", [{"text": ""}])]

    def test_writes_media(self) -> None:
        body, warnings = built(
            call(
                user(
                    IMAGE,
                    wire.ImagePart(media=wire.Media(data="/9j/AA==")),
                    wire.ImagePart(media=wire.Media(url="https://e.org/a.webp"), detail="high"),
                    wire.DocumentPart(
                        media=wire.Media(media_type="application/pdf", data="JVBERi0="), name="a"
                    ),
                    wire.AudioPart(media=wire.Media(media_type="audio/mpeg", data="AAAA")),
                )
            )
        )

        assert parts_of(body)[0][1] == [
            {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
            {"inlineData": {"mimeType": "image/jpeg", "data": "/9j/AA=="}},
            {"fileData": {"mimeType": "image/webp", "fileUri": "https://e.org/a.webp"}},
            {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0="}},
            {"inlineData": {"mimeType": "audio/mpeg", "data": "AAAA"}},
        ]
        assert warnings == (
            "messages[0].content[2].detail: dropped",
            "messages[0].content[3].name: dropped",
        )

    def test_refuses_files_of_other_providers(self) -> None:
        with pytest.raises(UnsupportedContentError) as error:
            built(call(user("Look:", wire.ImagePart(media=wire.Media(file_id="file_1")))))

        assert error.value.param == "messages[0].content[1]"

    def test_names_lost_hints_once(self) -> None:
        cached = wire.TextPart(text="a", cache=True)
        named = wire.Message(role=wire.Role.USER, parts=(cached, cached), name="Ada")
        _, warnings = built(call(named))

        assert warnings == ("messages[0].name: dropped", "cache_control: dropped")

    def test_says_refusals_as_text(self) -> None:
        body, _ = built(call(user("1"), assistant(wire.RefusalPart(text="No."))))

        assert parts_of(body)[1] == ("model", [{"text": "No."}])


class TestThoughts:
    def test_puts_own_signatures_back_on_their_parts(self) -> None:
        body, warnings = built(
            call(
                user("1"),
                assistant(
                    wire.ReasoningPart(text="Hm", origin=OWN),
                    wire.ReasoningPart(signature="c2ln", origin=OWN),
                    "Yes.",
                    wire.ToolCallPart(id="a", name="get", signature="Y2Fs", origin=OWN),
                    wire.ReasoningPart(signature="ZW5k", origin=OWN),
                ),
            )
        )

        assert parts_of(body)[1][1] == [
            {"text": "Hm", "thought": True},
            {"text": "Yes.", "thoughtSignature": "c2ln"},
            {
                "functionCall": {"id": "a", "name": "get", "args": {}},
                "thoughtSignature": "Y2Fs",
            },
            {"text": "", "thoughtSignature": "ZW5k"},
        ]
        assert warnings == ()

    def test_a_signature_moved_by_another_dialect_finds_its_text_again(self) -> None:
        moved = wire.ReasoningPart(signature="c2ln", origin=OWN, redacted=True)
        body, _ = built(call(user("1"), assistant(moved, "Yes.")))

        assert parts_of(body)[1][1] == [{"text": "Yes.", "thoughtSignature": "c2ln"}]

    def test_drops_thoughts_of_others_and_says_so(self) -> None:
        foreign = wire.ReasoningPart(text="Hm", signature="x", origin="anthropic_messages")
        body, warnings = built(call(user("1"), assistant(foreign, "Yes.")))

        assert parts_of(body)[1][1] == [{"text": "Yes."}]
        assert warnings == ("reasoning: dropped",)

    def test_strips_foreign_signatures_of_calls(self) -> None:
        part = wire.ToolCallPart(id="a", name="get", signature="x", origin="openai_chat")
        body, _ = built(call(user("1"), assistant(part)))

        assert "thoughtSignature" not in parts_of(body)[1][1][0]

    def test_newer_models_get_the_stand_in_on_the_first_call(self) -> None:
        calls = [wire.ToolCallPart(id=one, name="get") for one in "ab"]
        body, _ = built(call(user("1"), assistant(*calls)), model="gemini-3.6-flash")

        first, second = parts_of(body)[1][1]
        assert first["thoughtSignature"] == NO_SIGNATURE
        assert "thoughtSignature" not in second


class TestCalls:
    def test_writes_calls_and_results(self) -> None:
        body, _ = built(
            call(
                user("1"),
                assistant(
                    wire.ToolCallPart(id="a", name="get", arguments='{"x": 1.50}'),
                    wire.ToolCallPart(id="b", name="put", arguments="oops"),
                ),
                results(answer("b", "done")),
                results(answer("a", '{"t": 1}'), answer("a", "bad", is_error=True)),
                user("Go on."),
            )
        )

        assert parts_of(body)[1:] == [
            (
                "model",
                [
                    {"functionCall": {"id": "a", "name": "get", "args": {"x": 1.5}}},
                    {"functionCall": {"id": "b", "name": "put", "args": {"_raw": "oops"}}},
                ],
            ),
            (
                "user",
                [
                    {
                        "functionResponse": {
                            "id": "b",
                            "name": "put",
                            "response": {"result": "done"},
                        }
                    },
                    {"functionResponse": {"id": "a", "name": "get", "response": {"t": 1}}},
                    {"functionResponse": {"id": "a", "name": "get", "response": {"error": "bad"}}},
                ],
            ),
            ("user", [{"text": "Go on."}]),
        ]

    def test_puts_media_into_the_response(self) -> None:
        body, warnings = built(
            call(
                user("1"),
                assistant(wire.ToolCallPart(id="a", name="get")),
                results(answer("a", IMAGE)),
            )
        )

        response = parts_of(body)[2][1][0]["functionResponse"]
        assert response["response"] == {}
        assert [list(part) for part in response["parts"]] == [["inlineData"]]
        assert warnings == ()

    def test_puts_media_after_all_results_for_older_models(self) -> None:
        body, warnings = built(
            call(
                user("1"),
                assistant(
                    wire.ToolCallPart(id="a", name="get"), wire.ToolCallPart(id="b", name="put")
                ),
                results(answer("a", "see", IMAGE)),
                results(answer("b", "ok")),
            ),
            model="gemini-2.5-flash",
        )

        role, parts = parts_of(body)[2]
        assert [list(part) for part in parts] == [["functionResponse"], ["functionResponse"]]
        assert [list(part) for part in parts_of(body)[3][1]] == [["text"], ["inlineData"]]
        assert role == "user"
        assert warnings == ("messages[2].content[0]: media moved after the tool results",)

    def test_needs_the_name_of_a_function(self) -> None:
        with pytest.raises(UnsupportedContentError) as error:
            built(call(results(answer("a", "x"))))

        assert error.value.param == "messages[0].content[0]"
        body, _ = built(call(results(answer("a", "x", name="get"))))
        assert parts_of(body)[0][1][0]["functionResponse"]["name"] == "get"


class TestTools:
    def test_declares_functions_with_json_schema(self) -> None:
        strict = wire.Tool(name="b", strict=True, cache=True)
        body, warnings = built(call(tools=(TOOL, strict), parallel_tool_calls=False))

        assert body["tools"] == [
            {
                "functionDeclarations": [
                    {
                        "name": "get",
                        "description": "Get.",
                        "parametersJsonSchema": {"type": "object"},
                    },
                    {"name": "b"},
                ]
            }
        ]
        assert warnings == (
            "tools.strict: dropped",
            "cache_control: dropped",
            "parallel_tool_calls: dropped",
        )

    @pytest.mark.parametrize(
        ("choice", "config"),
        [
            (wire.ToolChoice(mode=ToolMode.AUTO), {"mode": "AUTO"}),
            (wire.ToolChoice(mode=ToolMode.NONE), {"mode": "NONE"}),
            (wire.ToolChoice(mode=ToolMode.REQUIRED), {"mode": "ANY"}),
            (
                wire.ToolChoice(mode=ToolMode.NAMED, names=("get",)),
                {"mode": "ANY", "allowedFunctionNames": ["get"]},
            ),
        ],
    )
    def test_writes_the_choice(self, choice: wire.ToolChoice, config: dict[str, Any]) -> None:
        body, _ = built(call(tools=(TOOL,), tool_choice=choice))

        assert body["toolConfig"] == {"functionCallingConfig": config}


class TestSettings:
    def test_writes_the_config(self) -> None:
        body, warnings = built(
            call(
                temperature=0.5,
                top_p=0.9,
                top_k=4,
                max_output_tokens=10,
                frequency_penalty=0.1,
                presence_penalty=0.2,
                seed=7,
                stop=("a",),
                n=2,
                logprobs=True,
                top_logprobs=0,
                output_format=wire.OutputFormat(schema={"type": "object"}, description="D"),
            )
        )

        assert body["generationConfig"] == {
            "temperature": 0.5,
            "topP": 0.9,
            "topK": 4,
            "maxOutputTokens": 10,
            "presencePenalty": 0.2,
            "frequencyPenalty": 0.1,
            "seed": 7,
            "stopSequences": ["a"],
            "candidateCount": 2,
            "responseLogprobs": True,
            "logprobs": 0,
            "responseMimeType": "application/json",
            "responseJsonSchema": {"type": "object", "description": "D"},
        }
        assert warnings == ()

    def test_sends_no_empty_config(self) -> None:
        body, warnings = built(call())

        assert list(body) == ["contents"]
        assert warnings == ()

    def test_clamps_and_drops_what_tunes_and_says_so(self) -> None:
        body, warnings = built(
            call(
                temperature=3.0,
                seed=2**40,
                stop=tuple("abcdef"),
                logit_bias={"1": 2.0},
                logprobs=True,
                top_logprobs=30,
                user="u",
                metadata={"a": "b"},
                extras={"prompt_cache_key": "k", "store": False, "verbosity": None},
            )
        )

        assert body["generationConfig"] == {
            "temperature": 2.0,
            "stopSequences": list("abcde"),
            "responseLogprobs": True,
            "logprobs": 20,
        }
        assert set(warnings) == {
            "temperature: clamped to 2",
            "seed: dropped",
            "stop: clamped to 5",
            "top_logprobs: clamped to 20",
            "logit_bias: dropped",
            "user: dropped",
            "metadata: dropped",
            "prompt_cache_key: dropped",
        }

    def test_refuses_too_many_candidates(self) -> None:
        with pytest.raises(UnsupportedContentError) as error:
            built(call(n=9))

        assert error.value.param == "n"

    def test_puts_its_own_extras_back(self) -> None:
        body, warnings = built(
            call(extras={"safetySettings": [], "generationConfig.mediaResolution": "LOW"})
        )

        assert body["safetySettings"] == []
        assert body["generationConfig"] == {"mediaResolution": "LOW"}
        assert warnings == ()

    def test_writes_labels_for_vertex(self) -> None:
        body, warnings = built(
            call(user="u-1", metadata={"team": "a", "Bad Key": "b"}), options=VERTEX
        )

        assert body["labels"] == {"user": "u-1", "team": "a"}
        assert warnings == ("metadata: dropped",)


class TestBuildCount:
    def test_counts_the_whole_request(self) -> None:
        request = outbound.build_count(call(system("A"), user("B")), MODEL, OPTIONS)

        assert request.path == "/v1beta/models/compatible-model:countTokens"
        assert msgspec.json.decode(request.body) == {
            "generateContentRequest": {
                "model": "models/compatible-model",
                "contents": [{"role": "user", "parts": [{"text": "B"}]}],
                "systemInstruction": {"parts": [{"text": "A"}]},
            }
        }

    def test_is_flat_for_vertex(self) -> None:
        request = outbound.build_count(call(user("B")), MODEL, VERTEX)

        assert list(msgspec.json.decode(request.body)) == ["contents"]
