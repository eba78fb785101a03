import json
from typing import Any

import pytest

from tests.providers.simulator.cases import NOTHING, PARALLEL, PERSON, PNG, QUESTION, WEATHER
from tests.providers.simulator.client import Client, Specs

PATH = "/openai/v1/chat/completions"


def tool(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": schema}}


def asked(text: str, **fields: Any) -> dict[str, Any]:
    return {"model": "sim-small", "messages": [{"role": "user", "content": text}], **fields}


TOOLS = [tool("get_weather", WEATHER), tool("get_time", NOTHING)]
CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {"id": "call_1", "type": "function", "function": {"name": "get_time", "arguments": "{}"}}
    ],
}
ANSWERED = [
    {"role": "user", "content": "What time is it?"},
    CALLED,
    {"role": "tool", "tool_call_id": "call_1", "content": "half past nine"},
]
IMAGE = [
    {"type": "text", "text": "What is this?"},
    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
]
SCHEMA = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON}}
CASES: dict[str, dict[str, Any]] = {
    "plain": asked(QUESTION),
    "system": {
        "model": "sim-small",
        "messages": [
            {"role": "developer", "content": "Be short."},
            {"role": "user", "content": QUESTION},
        ],
    },
    "tools": asked("Weather in Oslo?", tools=TOOLS),
    "parallel": asked(PARALLEL, tools=TOOLS),
    "no arguments": asked("Call get_time", tools=TOOLS),
    "tool result": {"model": "sim-small", "messages": ANSWERED, "tools": TOOLS},
    "image": asked("", messages=[{"role": "user", "content": IMAGE}]),
    "schema": asked("Invent a person", response_format=SCHEMA),
    "json object": asked("Invent a person", response_format={"type": "json_object"}),
    "reasoning": asked(QUESTION, reasoning_effort="high"),
    "refusal": asked("Please refuse this."),
    "length": asked("count to 100", max_completion_tokens=9),
    "stop": asked("count to 10", stop=["5"]),
    "several": asked(QUESTION, n=3),
    "logprobs": asked(QUESTION, logprobs=True, top_logprobs=2),
    "cached": asked("This long prefix is cached."),
}


def answer(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    got = client.post(PATH, body)
    assert got.status == 200, got.body
    reply: dict[str, Any] = got.json
    return reply


def streamed(client: Client, body: dict[str, Any]) -> list[dict[str, Any]]:
    options = {"stream": True, "stream_options": {"include_usage": True}}
    return client.post(PATH, {**body, **options}).data


def joined(chunks: list[dict[str, Any]], index: int = 0) -> dict[str, Any]:
    """Put the deltas of one choice together again."""
    message: dict[str, Any] = {"calls": {}}
    for chunk in chunks:
        for choice in chunk["choices"]:
            if choice["index"] != index:
                continue
            for key in ("content", "refusal", "reasoning_content"):
                message[key] = message.get(key, "") + (choice["delta"].get(key) or "")
            for call in choice["delta"].get("tool_calls", []):
                known = message["calls"].setdefault(call["index"], ["", ""])
                known[0] += call["function"].get("name", "")
                known[1] += call["function"]["arguments"]
            message["finish_reason"] = choice["finish_reason"] or message.get("finish_reason")
    return message


@pytest.mark.needs_shared
class TestValidates:
    @pytest.mark.parametrize("name", CASES)
    def test_whole(self, client: Client, specs: Specs, name: str) -> None:
        specs.openai("CreateChatCompletionResponse", answer(client, CASES[name]))

    @pytest.mark.parametrize("name", CASES)
    def test_every_chunk(self, client: Client, specs: Specs, name: str) -> None:
        for chunk in streamed(client, CASES[name]):
            specs.openai("CreateChatCompletionStreamResponse", chunk)

    def test_errors(self, client: Client, specs: Specs) -> None:
        got = client.post(PATH, {"model": "sim-small"})

        specs.openai("ErrorResponse", got.json)


class TestStream:
    @pytest.mark.parametrize("name", CASES)
    def test_says_what_the_whole_answer_says(self, client: Client, name: str) -> None:
        whole, chunks = answer(client, CASES[name]), streamed(client, CASES[name])

        for choice in whole["choices"]:
            message, said = choice["message"], joined(chunks, choice["index"])
            assert said["content"] == (message["content"] or "")
            assert said["refusal"] == (message["refusal"] or "")
            assert said["reasoning_content"] == message.get("reasoning_content", "")
            assert said["finish_reason"] == choice["finish_reason"]
            calls = [call["function"] for call in message.get("tool_calls", [])]
            assert list(said["calls"].values()) == [[c["name"], c["arguments"]] for c in calls]
        assert chunks[-1]["usage"] == whole["usage"]
        assert chunks[-1]["choices"] == []

    def test_ends_with_done_and_gives_no_usage_unasked(self, client: Client) -> None:
        got = client.post(PATH, asked(QUESTION, stream=True))

        assert got.events[-1] == ("", "[DONE]")
        assert not any("usage" in chunk for chunk in got.data)
        assert got.headers["content-type"].startswith("text/event-stream")

    def test_streams_arguments_in_several_fragments(self, client: Client) -> None:
        chunks = streamed(client, CASES["parallel"])

        fragments = [
            call
            for c in chunks
            for ch in c["choices"]
            for call in ch["delta"].get("tool_calls", [])
        ]
        assert [f["index"] for f in fragments] == sorted(f["index"] for f in fragments)
        assert len([f for f in fragments if f["index"] == 0]) > 2

    def test_mixes_the_fragments_when_asked_to_interleave(self, client: Client) -> None:
        chunks = streamed(client, asked("interleave " + PARALLEL, tools=TOOLS))

        order = [
            call["index"]
            for c in chunks
            for ch in c["choices"]
            for call in ch["delta"].get("tool_calls", [])
        ]
        assert order[:4] == [0, 1, 0, 1]


class TestAnswer:
    def test_is_labelled_and_repeatable(self, client: Client) -> None:
        first, second = answer(client, CASES["plain"]), answer(client, CASES["plain"])

        assert first == second
        assert first["choices"][0]["message"]["content"].startswith("[simulated] ")
        assert "capital of France" in first["choices"][0]["message"]["content"]

    def test_counts_input_and_output_into_the_total(self, client: Client) -> None:
        for case in CASES.values():
            usage = answer(client, case)["usage"]
            assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]

    def test_calls_two_tools_in_parallel_with_arguments_from_the_question(
        self, client: Client
    ) -> None:
        calls = answer(client, CASES["parallel"])["choices"][0]["message"]["tool_calls"]

        assert [call["function"]["name"] for call in calls] == ["get_weather", "get_time"]
        assert json.loads(calls[0]["function"]["arguments"])["city"] == "Paris"

    def test_calls_one_tool_twice_when_there_is_only_one(self, client: Client) -> None:
        calls = answer(client, asked(PARALLEL, tools=TOOLS[:1]))["choices"][0]["message"][
            "tool_calls"
        ]

        cities = [json.loads(call["function"]["arguments"])["city"] for call in calls]
        assert cities == ["Paris", "London"]
        assert len({call["id"] for call in calls}) == 2

    def test_obeys_the_tool_choice(self, client: Client) -> None:
        none = answer(client, asked(PARALLEL, tools=TOOLS, tool_choice="none"))
        one = {"type": "function", "function": {"name": "get_time"}}
        named = answer(client, asked("Weather?", tools=TOOLS, tool_choice=one))
        single = answer(client, asked(PARALLEL, tools=TOOLS, parallel_tool_calls=False))

        assert "tool_calls" not in none["choices"][0]["message"]
        assert named["choices"][0]["message"]["tool_calls"][0]["function"]["name"] == "get_time"
        assert len(single["choices"][0]["message"]["tool_calls"]) == 1

    def test_calls_only_what_is_allowed(self, client: Client) -> None:
        allowed = [{"type": "function", "function": {"name": "get_time"}}]
        choice = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": allowed}}

        reply = answer(client, asked("Weather in Oslo?", tools=TOOLS, tool_choice=choice))

        calls = reply["choices"][0]["message"]["tool_calls"]
        assert [call["function"]["name"] for call in calls] == ["get_time"]

    def test_uses_the_result_of_a_tool(self, client: Client) -> None:
        message = answer(client, CASES["tool result"])["choices"][0]["message"]

        assert "The tool get_time answered “half past nine”." in message["content"]

    def test_describes_an_image(self, client: Client) -> None:
        message = answer(client, CASES["image"])["choices"][0]["message"]

        assert "image/png of 70 bytes" in message["content"]

    def test_stops_before_a_stop_sequence_and_at_the_limit(self, client: Client) -> None:
        stopped, cut = answer(client, CASES["stop"]), answer(client, CASES["length"])

        assert stopped["choices"][0]["message"]["content"] == "[simulated] 1 2 3 4 "
        assert cut["choices"][0]["finish_reason"] == "length"
        assert cut["usage"]["completion_tokens"] == 9

    def test_counts_log_probabilities_for_every_token(self, client: Client) -> None:
        choice = answer(client, CASES["logprobs"])["choices"][0]

        tokens = choice["logprobs"]["content"]
        assert "".join(token["token"] for token in tokens) == choice["message"]["content"]
        assert all(len(token["top_logprobs"]) == 2 for token in tokens)

    def test_serves_the_natural_root_and_azure_deployments_too(self, client: Client) -> None:
        body = {"messages": [{"role": "user", "content": QUESTION}]}

        natural = client.post("/v1/chat/completions", CASES["plain"]).json
        deployed = client.post(
            "/openai/deployments/sim-small/chat/completions?api-version=2024-10-21", body
        ).json
        stream = client.post(
            "/openai/deployments/sim-small/chat/completions?api-version=2024-10-21",
            {**body, "stream": True},
        ).data

        assert natural["choices"] == answer(client, CASES["plain"])["choices"]
        assert deployed["choices"][0]["message"] == natural["choices"][0]["message"]
        assert stream[0]["choices"] == []
        assert "prompt_filter_results" in stream[0]
        assert joined(stream)["content"] == natural["choices"][0]["message"]["content"]


class TestRefuses:
    @pytest.mark.parametrize(
        ("body", "param"),
        [
            ({"messages": [{"role": "user", "content": "x"}]}, "model"),
            ({"model": "sim-small"}, "messages"),
            (asked("x", temperature=3), "temperature"),
            (asked("x", messages=[]), "messages"),
            (asked("x", messages=[{"role": "wizard", "content": "x"}]), "messages[0].role"),
            (asked("x", n=0), "n"),
            (asked("x", messages=[{"role": "user", "content": "x"}, CALLED]), "messages"),
            (asked("x", tool_choice="maybe"), "tool_choice"),
        ],
    )
    def test_bad_bodies_with_the_place(
        self, client: Client, body: dict[str, Any], param: str
    ) -> None:
        got = client.post(PATH, body)

        assert got.status == 400
        assert got.json["error"]["type"] == "invalid_request_error"
        assert got.json["error"]["param"] == param

    def test_what_is_not_json(self, client: Client) -> None:
        assert client.post(PATH, b"{nope").status == 400
        assert client.post(PATH, b"[]").status == 400

    def test_credentials_like_the_real_one(self, client: Client) -> None:
        none = client.send("POST", PATH, CASES["plain"], {})
        bad = client.send("POST", PATH, CASES["plain"], {"authorization": "Bearer bad-key"})

        assert (none.status, bad.status) == (401, 401)
        assert bad.json["error"]["code"] == "invalid_api_key"

    def test_a_prompt_that_asks_to_be_blocked(self, client: Client) -> None:
        got = client.post(PATH, asked("block the prompt"))

        assert (got.status, got.json["error"]["code"]) == (400, "content_policy_violation")
