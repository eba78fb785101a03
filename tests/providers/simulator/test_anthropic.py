import json
from typing import Any

import pytest

from tests.providers.simulator.cases import NOTHING, PARALLEL, PERSON, PNG, QUESTION, WEATHER
from tests.providers.simulator.client import Client, Specs

PATH = "/anthropic/v1/messages"


def asked(text: Any, **fields: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": text}]
    return {"model": "sim-small", "max_tokens": 4096, "messages": messages, **fields}


TOOLS = [
    {"name": "get_weather", "input_schema": WEATHER},
    {"name": "get_time", "input_schema": NOTHING},
]
USE = {"type": "tool_use", "id": "toolu_1", "name": "get_time", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "half past nine"}
THINKING = {"type": "enabled", "budget_tokens": 1024}
CASES: dict[str, dict[str, Any]] = {
    "plain": asked(QUESTION, system="Be short."),
    "tools": asked("Weather in Oslo?", tools=TOOLS),
    "parallel": asked(PARALLEL, tools=TOOLS),
    "no arguments": asked("Call get_time", tools=TOOLS),
    "tool result": asked(
        "",
        tools=TOOLS,
        messages=[
            {"role": "user", "content": "What time is it?"},
            {"role": "assistant", "content": [USE]},
            {"role": "user", "content": [RESULT]},
        ],
    ),
    "image": asked(
        [
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
            {"type": "document", "source": {"type": "text", "data": "hello"}},
            {"type": "text", "text": "What is this?"},
        ]
    ),
    "schema": asked(
        "Invent a person", output_config={"format": {"type": "json_schema", "schema": PERSON}}
    ),
    "thinking": asked(QUESTION, thinking=THINKING),
    "redacted": asked("redacted please", thinking=THINKING),
    "thinking with tools": asked("Weather in Oslo?", thinking=THINKING, tools=TOOLS),
    "refusal": asked("Please refuse this."),
    "length": asked("count to 100", max_tokens=9),
    "stop": asked("count to 10", stop_sequences=["5"]),
    "cached": asked(
        [{"type": "text", "text": "A long prefix", "cache_control": {"type": "ephemeral"}}]
    ),
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
        specs.anthropic("Message", answer(client, CASES[name]))

    @pytest.mark.parametrize("name", CASES)
    def test_every_event(self, client: Client, specs: Specs, name: str) -> None:
        for event in streamed(client, CASES[name]):
            if event["type"] != "ping":
                specs.anthropic("RawMessageStreamEvent", event)

    def test_token_counts(self, client: Client, specs: Specs) -> None:
        got = client.post(f"{PATH}/count_tokens", CASES["plain"])

        specs.anthropic("MessageTokensCount", got.json)
        assert got.json == {"input_tokens": answer(client, CASES["plain"])["usage"]["input_tokens"]}

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 504, 529])
    def test_errors(self, client: Client, specs: Specs, status: int) -> None:
        got = client.post(PATH, asked("x", model=f"sim-error-{status}"))

        specs.anthropic("ErrorResponse", got.json)
        assert got.status == status


class TestStream:
    @pytest.mark.parametrize("name", CASES)
    def test_builds_the_whole_answer(self, client: Client, name: str) -> None:
        events = streamed(client, CASES[name])

        whole = answer(client, CASES[name])
        assert built(events) == whole["content"]
        ending = next(event for event in events if event["type"] == "message_delta")
        assert ending["delta"]["stop_reason"] == whole["stop_reason"]
        assert ending["usage"]["output_tokens"] == whole["usage"]["output_tokens"]

    def test_names_its_events_and_has_no_done(self, client: Client) -> None:
        got = client.post(PATH, {**CASES["plain"], "stream": True})

        names = [name for name, _ in got.events]
        assert names[:3] == ["message_start", "content_block_start", "ping"]
        assert names[-3:] == ["content_block_stop", "message_delta", "message_stop"]
        assert b"[DONE]" not in got.body

    def test_a_call_without_arguments_has_an_empty_fragment_only(self, client: Client) -> None:
        events = streamed(client, CASES["no arguments"])

        fragments = [
            event["delta"]["partial_json"]
            for event in events
            if event.get("delta", {}).get("type") == "input_json_delta"
        ]
        assert fragments == [""]


def built(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put the blocks together from their deltas."""
    blocks: list[dict[str, Any]] = []
    partial: dict[int, str] = {}
    for event in events:
        if event["type"] == "content_block_start":
            blocks.append(dict(event["content_block"]))
        if event["type"] == "content_block_delta":
            delta, block = dict(event["delta"]), blocks[event["index"]]
            if delta.pop("type") == "input_json_delta":
                index = event["index"]
                partial[index] = partial.get(index, "") + delta["partial_json"]
                continue
            for key, value in delta.items():
                block[key] += value
    for index, text in partial.items():
        blocks[index]["input"] = json.loads(text or "{}")
    return blocks


class TestAnswer:
    def test_counts_cached_input_apart(self, client: Client) -> None:
        usage = answer(client, CASES["cached"])["usage"]

        assert usage["cache_read_input_tokens"] > 0
        assert usage["cache_creation_input_tokens"] > 0
        assert (
            usage["cache_creation"]["ephemeral_5m_input_tokens"]
            == (usage["cache_creation_input_tokens"])
        )

    def test_names_the_stop_sequence(self, client: Client) -> None:
        reply = answer(client, CASES["stop"])

        assert (reply["stop_reason"], reply["stop_sequence"]) == ("stop_sequence", "5")

    def test_takes_its_own_thinking_back(self, client: Client) -> None:
        blocks = answer(client, CASES["thinking with tools"])["content"]
        use = next(block for block in blocks if block["type"] == "tool_use")
        history = [
            {"role": "user", "content": "Weather in Oslo?"},
            {"role": "assistant", "content": blocks},
            {"role": "user", "content": [{**RESULT, "tool_use_id": use["id"]}]},
        ]

        reply = answer(client, asked("", messages=history, tools=TOOLS, thinking=THINKING))

        assert "The tool get_weather answered" in reply["content"][-1]["text"]

    def test_refusal_says_why(self, client: Client) -> None:
        reply = answer(client, CASES["refusal"])

        assert reply["stop_reason"] == "refusal"
        assert reply["stop_details"]["type"] == "refusal"

    def test_obeys_the_tool_choice(self, client: Client) -> None:
        def names(**choice: Any) -> list[str]:
            reply = answer(client, asked(PARALLEL, tools=TOOLS, tool_choice=choice))
            return [block["name"] for block in reply["content"] if block["type"] == "tool_use"]

        assert names(type="none") == []
        assert names(type="auto", disable_parallel_tool_use=True) == ["get_weather"]
        assert names(type="tool", name="get_time") == ["get_time", "get_time"]


class TestRefuses:
    @pytest.mark.parametrize(
        ("body", "said"),
        [
            ({"model": "sim-small", "messages": []}, "max_tokens: Field required"),
            ({"model": "sim-small", "max_tokens": 1}, "messages: Field required"),
            (asked("x", temperature=1.5), "temperature must be"),
            (asked(""), None),
            (asked([{"type": "text", "text": ""}]), "must be non-empty"),
            (asked([RESULT]), "unexpected `tool_use_id`"),
            (
                asked(
                    "",
                    messages=[
                        {"role": "user", "content": "x"},
                        {"role": "assistant", "content": [USE]},
                        {"role": "user", "content": "x"},
                    ],
                ),
                "without `tool_result`",
            ),
            (asked("x", max_tokens=1024, thinking=THINKING), "greater than"),
            (
                asked(
                    "",
                    messages=[
                        {"role": "user", "content": "x"},
                        {
                            "role": "assistant",
                            "content": [{"type": "thinking", "thinking": "x", "signature": "eA=="}],
                        },
                    ],
                ),
                "Invalid `signature`",
            ),
        ],
    )
    def test_bad_bodies(self, client: Client, body: dict[str, Any], said: str | None) -> None:
        got = client.post(PATH, body)

        if said is None:
            assert got.status == 200
            return
        assert got.status == 400
        assert said in got.json["error"]["message"]
        assert got.json["request_id"] == got.headers["request-id"]

    def test_a_missing_key_or_version(self, client: Client) -> None:
        body = CASES["plain"]

        nobody = client.send("POST", PATH, body, {"anthropic-version": "2023-06-01"})
        bad = client.send(
            "POST", PATH, body, {"x-api-key": "bad", "anthropic-version": "2023-06-01"}
        )
        unversioned = client.send("POST", PATH, body, {"x-api-key": "key"})

        assert [got.status for got in (nobody, bad, unversioned)] == [401, 401, 400]
        assert nobody.json["error"]["type"] == "authentication_error"
