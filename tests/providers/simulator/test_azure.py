from typing import Any

import pytest

from tests.providers.simulator.cases import QUESTION
from tests.providers.simulator.client import Client, Got, Specs
from tests.providers.simulator.test_openai_chat import CASES as CHAT_CASES
from tests.providers.simulator.test_openai_chat import TOOLS, asked

VERSION = "api-version=2025-05-01"
PATH = f"/azure/chat/completions?{VERSION}"
# What this dialect has no field for goes through with the header.
EXTRA = ("reasoning_effort", "n", "logprobs", "top_logprobs", "max_completion_tokens")
CASES = {name: body for name, body in CHAT_CASES.items() if name != "logprobs"}


def post(client: Client, body: dict[str, Any], **headers: str) -> Got:
    if any(name in body for name in EXTRA):
        headers.setdefault("extra_parameters", "pass-through")
    return client.post(PATH, body, **headers)


@pytest.mark.needs_shared
class TestValidates:
    @pytest.mark.parametrize("name", CASES)
    def test_whole(self, client: Client, specs: Specs, name: str) -> None:
        got = post(client, CASES[name])

        assert got.status == 200, got.body
        specs.azure("ChatCompletions", got.json)

    @pytest.mark.parametrize("name", CASES)
    def test_every_chunk(self, client: Client, specs: Specs, name: str) -> None:
        for chunk in post(client, {**CASES[name], "stream": True}).data:
            specs.azure("StreamingChatCompletionsUpdate", chunk)

    def test_embeddings_info_and_errors(self, client: Client, specs: Specs) -> None:
        body = {"input": ["a", "b"], "input_type": "query"}

        specs.azure("EmbeddingsResult", client.post(f"/azure/embeddings?{VERSION}", body).json)
        specs.azure("ModelInfo", client.get(f"/azure/info?{VERSION}&model=sim-embed").json)
        specs.azure("ErrorResponse", client.post("/azure/chat/completions", asked("x")).json)


class TestStream:
    def test_gives_the_usage_in_the_last_chunk_with_a_choice(self, client: Client) -> None:
        got = post(client, asked(QUESTION, stream=True))

        assert got.events[-1] == ("", "[DONE]")
        assert [chunk for chunk in got.data if "usage" in chunk] == [got.data[-1]]
        assert got.data[-1]["choices"][0]["finish_reason"] == "stop"
        assert got.data[-1]["usage"] == post(client, asked(QUESTION)).json["usage"]

    def test_gives_calls_without_index_and_type(self, client: Client) -> None:
        chunks = post(client, asked("Weather in Oslo?", tools=TOOLS, stream=True)).data

        deltas = [d for c in chunks for d in c["choices"][0]["delta"].get("tool_calls", [])]
        whole = post(client, asked("Weather in Oslo?", tools=TOOLS)).json
        call = whole["choices"][0]["message"]["tool_calls"][0]
        assert all(set(delta) == {"id", "function"} for delta in deltas)
        assert "".join(delta["id"] for delta in deltas) == call["id"]
        assert "".join(d["function"]["arguments"] for d in deltas) == call["function"]["arguments"]
        assert len(deltas) > 2


class TestExtraParameters:
    def test_an_unknown_field_is_an_error_unless_said_otherwise(self, client: Client) -> None:
        body = asked(QUESTION, n=2)

        refused = client.post(PATH, body)
        dropped = client.post(PATH, body, extra_parameters="drop").json
        passed = client.post(PATH, body, extra_parameters="pass-through").json

        assert (refused.status, refused.json["error"]["target"]) == (400, "n")
        assert len(dropped["choices"]) == 1
        assert len(passed["choices"]) == 2


class TestRefuses:
    def test_a_call_without_version(self, client: Client) -> None:
        got = client.post("/azure/chat/completions", asked(QUESTION))

        assert got.status == 400
        assert got.headers["x-ms-error-code"] == "MissingApiVersionParameter"

    def test_credentials_like_the_real_one(self, client: Client) -> None:
        def status(headers: dict[str, str]) -> int:
            return client.send("POST", PATH, asked(QUESTION), headers).status

        assert status({}) == 401
        assert status({"api-key": "bad"}) == 401
        assert status({"api-key": "one", "authorization": "Bearer another"}) == 401
        assert status({"api-key": "one", "authorization": "Bearer one"}) == 200
        assert status({"api-key": "one"}) == 200

    def test_content_is_filtered(self, client: Client) -> None:
        blocked = post(client, asked("block the prompt"))
        refused = post(client, asked("Please refuse this.")).json

        assert (blocked.status, blocked.json["error"]["code"]) == (400, "content_filter")
        assert refused["choices"][0]["finish_reason"] == "content_filter"

    def test_values_out_of_range(self, client: Client) -> None:
        assert post(client, asked(QUESTION, temperature=1.5)).status == 400
        assert post(client, asked(QUESTION, stop="one")).status == 400


class TestEmbeddings:
    @pytest.mark.parametrize(
        ("encoding", "length"), [("int8", 64), ("uint8", 64), ("binary", 8), ("ubinary", 8)]
    )
    def test_come_in_coarser_forms(self, client: Client, encoding: str, length: int) -> None:
        body = {"input": ["a"], "encoding_format": encoding, "dimensions": 64}

        got = client.post(f"/azure/embeddings?{VERSION}", body)

        values = got.json["data"][0]["embedding"]
        assert len(values) == length
        assert all(isinstance(value, int) for value in values)

    def test_input_must_be_a_list(self, client: Client) -> None:
        assert client.post(f"/azure/embeddings?{VERSION}", {"input": "a"}).status == 400
