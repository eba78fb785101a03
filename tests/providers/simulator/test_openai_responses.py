import json
from typing import Any

import pytest

from tests.providers.simulator.cases import NOTHING, PARALLEL, PERSON, PNG, QUESTION, WEATHER
from tests.providers.simulator.client import Client, Specs

PATH = "/openai/v1/responses"


def tool(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "function", "name": name, "parameters": schema, "strict": False}


def asked(said: Any, **fields: Any) -> dict[str, Any]:
    return {"model": "sim-small", "input": said, **fields}


TOOLS = [tool("get_weather", WEATHER), tool("get_time", NOTHING)]
ANSWERED = [
    {"role": "user", "content": "What time is it?"},
    {"type": "function_call", "call_id": "call_1", "name": "get_time", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "call_1", "output": "half past nine"},
]
IMAGE = [
    {
        "role": "user",
        "content": [
            {"type": "input_text", "text": "What is this?"},
            {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}", "detail": "low"},
        ],
    }
]
SCHEMA = {"format": {"type": "json_schema", "name": "person", "schema": PERSON, "strict": True}}
ENCRYPTED = ["reasoning.encrypted_content"]
CASES: dict[str, dict[str, Any]] = {
    "plain": asked(QUESTION, instructions="Be short."),
    "tools": asked("Weather in Oslo?", tools=TOOLS),
    "parallel": asked(PARALLEL, tools=TOOLS),
    "no arguments": asked("Call get_time", tools=TOOLS),
    "named tool": asked("Go", tools=TOOLS, tool_choice={"type": "function", "name": "get_time"}),
    "tool result": asked(ANSWERED, tools=TOOLS),
    "image": asked(IMAGE),
    "schema": asked("Invent a person", text=SCHEMA),
    "json object": asked("Invent a person", text={"format": {"type": "json_object"}}),
    "reasoning": asked(
        QUESTION, reasoning={"effort": "high", "summary": "auto"}, include=ENCRYPTED
    ),
    "reasoning unseen": asked(QUESTION, reasoning={"effort": "low"}),
    "refusal": asked("Please refuse this."),
    "length": asked("count to 100", max_output_tokens=16),
    "logprobs": asked(QUESTION, include=["message.output_text.logprobs"], top_logprobs=2),
    "cached": asked("This long prefix is cached."),
}


def answer(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    got = client.post(PATH, body)
    assert got.status == 200, got.body
    reply: dict[str, Any] = got.json
    return reply


def streamed(client: Client, body: dict[str, Any]) -> list[dict[str, Any]]:
    return client.post(PATH, {**body, "stream": True}).data


@pytest.mark.needs_shared
class TestValidates:
    @pytest.mark.parametrize("name", CASES)
    def test_whole(self, client: Client, specs: Specs, name: str) -> None:
        specs.openai("Response", answer(client, CASES[name]))

    @pytest.mark.parametrize("name", CASES)
    def test_every_event(self, client: Client, specs: Specs, name: str) -> None:
        for event in streamed(client, CASES[name]):
            specs.openai("ResponseStreamEvent", event)

    def test_token_counts(self, client: Client, specs: Specs) -> None:
        got = client.post(f"{PATH}/input_tokens", CASES["tools"])

        specs.openai("TokenCountsResource", got.json)
        assert got.json["input_tokens"] == answer(client, CASES["tools"])["usage"]["input_tokens"]


class TestStream:
    @pytest.mark.parametrize("name", CASES)
    def test_ends_with_the_whole_answer(self, client: Client, name: str) -> None:
        last = streamed(client, CASES[name])[-1]

        assert last["response"] == answer(client, CASES[name])
        assert last["type"] == f"response.{last['response']['status']}"

    @pytest.mark.parametrize("name", CASES)
    def test_numbers_and_names_every_event(self, client: Client, name: str) -> None:
        got = client.post(PATH, {**CASES[name], "stream": True})

        assert [event["sequence_number"] for event in got.data] == list(range(len(got.data)))
        assert [name for name, _ in got.events] == [event["type"] for event in got.data]
        assert b"[DONE]" not in got.body

    def test_deltas_make_the_text(self, client: Client) -> None:
        events = streamed(client, CASES["plain"])

        said = "".join(e["delta"] for e in events if e["type"] == "response.output_text.delta")
        assert said == events[-1]["response"]["output"][0]["content"][0]["text"]
        assert [event["type"] for event in events[:4]] == [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
        ]

    def test_log_probabilities_belong_to_their_deltas(self, client: Client) -> None:
        for event in streamed(client, CASES["logprobs"]):
            if event["type"] == "response.output_text.delta":
                assert "".join(token["token"] for token in event["logprobs"]) == event["delta"]

    def test_argument_deltas_make_the_arguments(self, client: Client) -> None:
        events = streamed(client, CASES["parallel"])

        calls = events[-1]["response"]["output"]
        for index, call in enumerate(calls):
            kind = "response.function_call_arguments.delta"
            deltas = [
                e["delta"] for e in events if e["type"] == kind and e["output_index"] == index
            ]
            assert "".join(deltas) == call["arguments"]
        assert len(calls) == 2


class TestAnswer:
    def test_says_the_same_as_chat_completions(self, client: Client) -> None:
        chat = {"model": "sim-small", "messages": [{"role": "user", "content": QUESTION}]}

        said = answer(client, asked(QUESTION))["output"][0]["content"][0]["text"]

        message = client.post("/openai/v1/chat/completions", chat).json["choices"][0]["message"]
        assert said == message["content"]

    def test_gives_reasoning_that_it_takes_back(self, client: Client) -> None:
        item, message = answer(client, CASES["reasoning"])["output"]
        history = [{"role": "user", "content": QUESTION}, item, message]

        again = client.post(PATH, asked([*history, {"role": "user", "content": "And then?"}]))

        assert item["summary"][0]["text"].startswith("[simulated]")
        assert again.status == 200

    def test_refuses_reasoning_of_somebody_else(self, client: Client) -> None:
        item = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "Zm9v"}

        got = client.post(PATH, asked([item, {"role": "user", "content": "x"}]))

        assert (got.status, got.json["error"]["code"]) == (400, "invalid_encrypted_content")

    def test_makes_an_instance_of_the_schema(self, client: Client) -> None:
        text = answer(client, CASES["schema"])["output"][0]["content"][0]["text"]

        assert set(json.loads(text)) == {"name", "age", "tags", "kind"}

    def test_is_incomplete_at_the_limit(self, client: Client) -> None:
        reply = answer(client, CASES["length"])

        assert reply["incomplete_details"] == {"reason": "max_output_tokens"}
        assert reply["usage"]["output_tokens"] == 16


class TestRefuses:
    @pytest.mark.parametrize(
        ("body", "param"),
        [
            (asked("x", previous_response_id="resp_1"), "previous_response_id"),
            (asked("x", background=True), "background"),
            (asked(ANSWERED[:2]), "input"),
            (asked(ANSWERED[2:]), "input"),
            (asked("x", max_output_tokens=1), "max_output_tokens"),
            ({"model": "sim-small"}, "input"),
        ],
    )
    def test_bad_bodies(self, client: Client, body: dict[str, Any], param: str) -> None:
        got = client.post(PATH, body)

        assert (got.status, got.json["error"]["param"]) == (400, param)

    def test_an_unknown_model_with_400(self, client: Client) -> None:
        got = client.post(PATH, asked("x", model="does-not-exist"))

        assert (got.status, got.json["error"]["code"]) == (400, "model_not_found")
