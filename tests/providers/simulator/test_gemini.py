import json
from typing import Any

import pytest

from tests.providers.simulator.cases import NOTHING, PARALLEL, PERSON, PNG, QUESTION, WEATHER
from tests.providers.simulator.client import Client, Specs

ROOT = "/gemini/v1beta/models"


def path(verb: str, model: str = "sim-small") -> str:
    return f"{ROOT}/{model}:{verb}"


def asked(*parts: Any, **fields: Any) -> dict[str, Any]:
    shown = [{"text": part} if isinstance(part, str) else part for part in parts]
    return {"contents": [{"role": "user", "parts": shown}], **fields}


TOOLS = [
    {
        "functionDeclarations": [
            {"name": "get_weather", "parametersJsonSchema": WEATHER},
            {"name": "get_time", "parameters": {**NOTHING, "type": "OBJECT"}},
        ]
    }
]
CALL = {"functionCall": {"name": "get_time", "args": {}}}
RESPONSE = {"functionResponse": {"name": "get_time", "response": {"result": "half past nine"}}}
ANSWERED = [
    {"role": "user", "parts": [{"text": "What time is it?"}]},
    {"role": "model", "parts": [CALL]},
    {"role": "user", "parts": [RESPONSE]},
]
THOUGHTS = {"thinkingConfig": {"includeThoughts": True}}
JSON = {"responseMimeType": "application/json"}
CASES: dict[str, dict[str, Any]] = {
    "plain": asked(QUESTION, systemInstruction={"parts": [{"text": "Be short."}]}),
    "tools": asked("Weather in Oslo?", tools=TOOLS),
    "parallel": asked(PARALLEL, tools=TOOLS),
    "tool result": {"contents": ANSWERED, "tools": TOOLS},
    "image": asked("What is this?", {"inlineData": {"mimeType": "image/png", "data": PNG}}),
    "schema": asked("Invent", generationConfig={**JSON, "responseJsonSchema": PERSON}),
    "json object": asked("Invent a person", generationConfig=JSON),
    "thoughts": asked(QUESTION, generationConfig=THOUGHTS),
    "thoughts with tools": asked("Weather in Oslo?", generationConfig=THOUGHTS, tools=TOOLS),
    "refusal": asked("Please refuse this."),
    "blocked": asked("block the prompt"),
    "length": asked("count to 100", generationConfig={"maxOutputTokens": 9}),
    "length in thought": asked("x", generationConfig={"maxOutputTokens": 5, **THOUGHTS}),
    "stop": asked("count to 10", generationConfig={"stopSequences": ["5"]}),
    "several": asked(QUESTION, generationConfig={"candidateCount": 2}),
    "logprobs": asked(QUESTION, generationConfig={"responseLogprobs": True, "logprobs": 2}),
    "cached": asked("This long prefix is cached."),
}


def answer(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    got = client.post(path("generateContent"), body)
    assert got.status == 200, got.body
    reply: dict[str, Any] = got.json
    return reply


def streamed(client: Client, body: dict[str, Any]) -> list[dict[str, Any]]:
    return client.post(path("streamGenerateContent") + "?alt=sse", body).data


def parts_of(reply: dict[str, Any], index: int = 0) -> list[dict[str, Any]]:
    candidates = [one for one in reply.get("candidates", []) if one["index"] == index]
    return [part for one in candidates for part in one.get("content", {}).get("parts", [])]


@pytest.mark.needs_shared
class TestValidates:
    @pytest.mark.parametrize("name", CASES)
    def test_whole(self, client: Client, specs: Specs, name: str) -> None:
        specs.gemini("GenerateContentResponse", answer(client, CASES[name]))

    @pytest.mark.parametrize("name", CASES)
    def test_every_event(self, client: Client, specs: Specs, name: str) -> None:
        for event in streamed(client, CASES[name]):
            specs.gemini("GenerateContentResponse", event)

    def test_token_counts(self, client: Client, specs: Specs) -> None:
        specs.gemini("CountTokensResponse", client.post(path("countTokens"), asked("hello")).json)

    def test_embeddings(self, client: Client, specs: Specs) -> None:
        content = {"content": {"parts": [{"text": "hello"}]}, "outputDimensionality": 64}

        one = client.post(path("embedContent", "sim-embed"), content).json
        batch = {"requests": [{"model": "models/sim-embed", **content}] * 2}
        many = client.post(path("batchEmbedContents", "sim-embed"), batch).json

        specs.gemini("EmbedContentResponse", {"embeddings": [one["embedding"]]})
        specs.gemini("EmbedContentResponse", many)
        assert many["embeddings"] == [one["embedding"]] * 2
        assert len(one["embedding"]["values"]) == 64

    def test_models(self, client: Client, specs: Specs) -> None:
        model = client.get(f"{ROOT}/sim-small").json

        assert model in client.get(ROOT).json["models"]
        # The type of the client says actions for what are methods on the wire.
        model["supportedActions"] = model.pop("supportedGenerationMethods")
        specs.gemini("Model", model)


class TestStream:
    @pytest.mark.parametrize("name", CASES)
    def test_says_what_the_whole_answer_says(self, client: Client, name: str) -> None:
        whole, chunks = answer(client, CASES[name]), streamed(client, CASES[name])

        for candidate in whole.get("candidates", []):
            index = candidate["index"]
            pieces = [part for chunk in chunks for part in parts_of(chunk, index)]
            assert texts(pieces) == texts(parts_of(whole, index))
            assert calls(pieces) == calls(parts_of(whole, index))
            last = [one for chunk in chunks for one in chunk["candidates"] if one["index"] == index]
            assert last[-1]["finishReason"] == candidate["finishReason"]
            assert not any("finishReason" in one for one in last[:-1])
        assert chunks[-1]["usageMetadata"] == whole["usageMetadata"]

    def test_is_framed_with_crlf_and_has_no_done(self, client: Client) -> None:
        got = client.post(path("streamGenerateContent") + "?alt=sse", CASES["plain"])

        assert got.body.endswith(b"}\r\n\r\n")
        assert b"\n" not in got.body.replace(b"\r\n", b"")
        assert b"[DONE]" not in got.body

    def test_is_one_array_without_alt(self, client: Client) -> None:
        got = client.post(path("streamGenerateContent"), CASES["plain"])

        assert got.headers["content-type"] == "application/json"
        assert got.json == streamed(client, CASES["plain"])

    def test_breaks_in_the_shape_of_the_array(self, client: Client) -> None:
        got = client.post(path("streamGenerateContent"), CASES["plain"], x_sim_fault="midstream=2")

        assert [("error" in item) for item in got.json] == [False, False, True]


def texts(parts: list[dict[str, Any]]) -> tuple[str, str]:
    thoughts = "".join(part["text"] for part in parts if part.get("thought"))
    return thoughts, "".join(p["text"] for p in parts if "text" in p and not p.get("thought"))


def calls(parts: list[dict[str, Any]]) -> list[Any]:
    return [part for part in parts if "functionCall" in part]


class TestAnswer:
    def test_calls_end_with_stop(self, client: Client) -> None:
        candidate = answer(client, CASES["parallel"])["candidates"][0]

        names = [part["functionCall"]["name"] for part in candidate["content"]["parts"]]
        assert names == ["get_weather", "get_time"]
        assert candidate["finishReason"] == "STOP"

    def test_counts_thoughts_apart(self, client: Client) -> None:
        usage = answer(client, CASES["thoughts"])["usageMetadata"]

        assert usage["totalTokenCount"] == (
            usage["promptTokenCount"] + usage["candidatesTokenCount"] + usage["thoughtsTokenCount"]
        )

    def test_a_limit_within_thought_leaves_no_answer(self, client: Client) -> None:
        reply = answer(client, CASES["length in thought"])

        assert all(part.get("thought") for part in parts_of(reply))
        assert "candidatesTokenCount" not in reply["usageMetadata"]

    def test_a_blocked_prompt_has_no_candidates(self, client: Client) -> None:
        reply = answer(client, CASES["blocked"])

        assert "candidates" not in reply
        assert reply["promptFeedback"]["blockReason"] == "PROHIBITED_CONTENT"

    def test_takes_its_own_signature_back_and_no_other(self, client: Client) -> None:
        call = calls(parts_of(answer(client, CASES["thoughts with tools"])))[0]
        response = {"functionResponse": {"name": "get_weather", "response": {"sky": "blue"}}}

        def reply(part: dict[str, Any]) -> int:
            said = {"role": "model", "parts": [part]}
            contents = [ANSWERED[0], said, {"role": "user", "parts": [response]}]
            return client.post(path("generateContent"), {"contents": contents}).status

        assert reply(call) == 200
        assert reply({**call, "thoughtSignature": "c2tpcF90aG91Z2h0"}) == 400

    def test_reads_snake_case_too(self, client: Client) -> None:
        snake = asked(
            "count to 10",
            generation_config={"stop_sequences": ["5"]},
            system_instruction={"parts": [{"text": "Be short."}]},
        )

        assert parts_of(answer(client, snake))[0]["text"] == "[simulated] 1 2 3 4 "

    def test_makes_an_instance_of_the_schema(self, client: Client) -> None:
        text = parts_of(answer(client, CASES["schema"]))[0]["text"]

        assert set(json.loads(text)) == {"name", "age", "tags", "kind"}


class TestRefuses:
    @pytest.mark.parametrize(
        "body",
        [
            {},
            asked("x", generationConfig={"temperature": 3}),
            asked("x", generationConfig={"responseSchema": PERSON}),
            {"contents": ANSWERED[:1] + ANSWERED[2:]},
            {"contents": [{"role": "wizard", "parts": [{"text": "x"}]}]},
            {"contents": [{"role": "user", "parts": [{}]}]},
        ],
    )
    def test_bad_bodies(self, client: Client, body: dict[str, Any]) -> None:
        got = client.post(path("generateContent"), body)

        assert got.status == 400
        assert got.json["error"]["status"] == "INVALID_ARGUMENT"

    def test_credentials_like_the_real_one(self, client: Client) -> None:
        url, body = path("generateContent"), CASES["plain"]

        nobody = client.send("POST", url, body, {})
        bad = client.send("POST", url, body, {"x-goog-api-key": "bad"})
        asked_by_query = client.send("POST", f"{url}?key=good", body, {})

        assert (nobody.status, nobody.json["error"]["status"]) == (403, "PERMISSION_DENIED")
        assert bad.json["error"]["details"][0]["reason"] == "API_KEY_INVALID"
        assert bad.status == 400
        assert asked_by_query.status == 200
        assert client.log()[-1]["query"] == {"key": "(hidden)"}

    def test_a_limited_call_says_when_to_come_back(self, client: Client) -> None:
        url = path("generateContent", "sim-error-429-after-7")

        got = client.post(url, CASES["plain"])

        assert (got.status, got.headers["retry-after"]) == (429, "7")
        assert got.json["error"]["details"][0]["retryDelay"] == "7s"
