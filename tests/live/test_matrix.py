"""Every official SDK against every dialect of provider, through a live portal."""

import json
from typing import Any

import pytest

from tests.live import documents
from tests.live.sdks import PERSON, Sdk

DIALECTS = tuple(documents.ROOTS)
EMBEDDERS = ("openai_chat", "gemini_generate", "azure_inference")
PROMPT = "What is the weather in Oslo?"
PARALLEL = "Use both tools in parallel: the weather in Oslo and the time there."

pairs = pytest.mark.parametrize("provider", DIALECTS)
callers = pytest.mark.parametrize("caller", DIALECTS)

# What upstream failure each SDK sees, as status: the dialect's own. Our own
# credential refused upstream is never the caller's 401.
EXPECTED_STATUS = {
    400: dict.fromkeys(DIALECTS, 400),
    401: dict.fromkeys(DIALECTS, 502),
    404: {**dict.fromkeys(DIALECTS, 404), "openai_responses": 400},
    429: dict.fromkeys(DIALECTS, 429),
    500: dict.fromkeys(DIALECTS, 500),
    503: {**dict.fromkeys(DIALECTS, 503), "anthropic_messages": 529},
    529: {**dict.fromkeys(DIALECTS, 503), "anthropic_messages": 529},
}


@callers
@pairs
class TestChat:
    def test_plain(self, caller: str, provider: str, sdk_at_portal: dict[str, Sdk]) -> None:
        told = sdk_at_portal[caller].ask(f"{provider}/sim-small", "Tell me about fjords.")

        assert "[simulated]" in told.text
        assert "fjords" in told.text
        assert told.finish == "stop"
        assert min(told.usage) > 0

    def test_stream_says_what_plain_says(
        self, caller: str, provider: str, sdk_at_portal: dict[str, Sdk]
    ) -> None:
        sdk = sdk_at_portal[caller]

        plain = sdk.ask(f"{provider}/sim-small", "Tell me about fjords.")
        streamed = sdk.stream(f"{provider}/sim-small", "Tell me about fjords.")

        assert (streamed.text, streamed.finish) == (plain.text, plain.finish)
        assert streamed.usage == plain.usage

    def test_tools(self, caller: str, provider: str, sdk_at_portal: dict[str, Sdk]) -> None:
        told = sdk_at_portal[caller].ask(f"{provider}/sim-small", PROMPT, tools=True)

        assert [name for name, _ in told.tools] == ["get_weather"]
        assert isinstance(told.tools[0][1]["city"], str)
        assert told.finish == "tool_calls"

    def test_parallel_tools_streamed(
        self, caller: str, provider: str, sdk_at_portal: dict[str, Sdk]
    ) -> None:
        sdk = sdk_at_portal[caller]

        plain = sdk.ask(f"{provider}/sim-small", PARALLEL, tools=True)
        streamed = sdk.stream(f"{provider}/sim-small", PARALLEL, tools=True)

        assert [name for name, _ in streamed.tools] == ["get_weather", "get_time"]
        assert streamed.tools == plain.tools
        assert streamed.finish == "tool_calls"

    def test_image_in(self, caller: str, provider: str, sdk_at_portal: dict[str, Sdk]) -> None:
        told = sdk_at_portal[caller].ask(
            f"{provider}/sim-small", "What is in this picture?", image=True
        )

        assert "image/png" in told.text

    def test_json_schema(self, caller: str, provider: str, sdk_at_portal: dict[str, Sdk]) -> None:
        told = sdk_at_portal[caller].ask(f"{provider}/sim-small", "Invent a person.", schema=True)

        person = json.loads(told.text)
        assert set(person) == set(PERSON["properties"])
        assert isinstance(person["age"], int)

    @pytest.mark.parametrize("status", documents.ERRORS)
    def test_error(
        self, caller: str, provider: str, status: int, sdk_at_portal: dict[str, Sdk]
    ) -> None:
        sdk = sdk_at_portal[caller]

        refused = sdk.refused(lambda: sdk.ask(f"{provider}/sim-error-{status}", "Hello."))

        assert refused.status == EXPECTED_STATUS[status][caller]
        assert refused.message


@pytest.mark.parametrize("caller", EMBEDDERS)
@pytest.mark.parametrize("provider", EMBEDDERS)
def test_embeddings(caller: str, provider: str, sdk_at_portal: dict[str, Sdk]) -> None:
    vectors = sdk_at_portal[caller].embed(f"{provider}/sim-embed", ["first", "second"])

    assert len(vectors) == 2
    assert vectors[0] != vectors[1]
    assert all(isinstance(x, float) for vector in vectors for x in vector)


@callers
class TestSameDialect:
    """Through the portal and straight to the provider: the same typed objects."""

    @pytest.mark.parametrize(
        ("prompt", "features"),
        [
            ("Tell me about fjords.", {}),
            (PROMPT, {"tools": True}),
            ("What is in this picture?", {"image": True}),
            ("Invent a person.", {"schema": True}),
        ],
    )
    def test_plain_objects_are_equal(
        self,
        caller: str,
        prompt: str,
        features: dict[str, Any],
        sdk_at_portal: dict[str, Sdk],
        sdk_at_simulator: dict[str, Sdk],
    ) -> None:
        through = sdk_at_portal[caller].ask(f"{caller}/sim-small", prompt, **features)
        straight = sdk_at_simulator[caller].ask("sim-small", prompt, **features)

        assert _typed(through.raw) == _typed(straight.raw)

    @pytest.mark.parametrize("prompt", ["Tell me about fjords.", PARALLEL])
    def test_streams_are_equal(
        self,
        caller: str,
        prompt: str,
        sdk_at_portal: dict[str, Sdk],
        sdk_at_simulator: dict[str, Sdk],
    ) -> None:
        through = sdk_at_portal[caller].stream(f"{caller}/sim-small", prompt, tools=True)
        straight = sdk_at_simulator[caller].stream("sim-small", prompt, tools=True)

        assert (through.text, through.tools, through.finish, through.usage) == (
            straight.text,
            straight.tools,
            straight.finish,
            straight.usage,
        )

    # Not 401, which is ours, and not 503 and 529, which are one thing in each dialect.
    @pytest.mark.parametrize("status", [400, 404, 429, 500])
    def test_errors_are_equal(
        self,
        caller: str,
        status: int,
        sdk_at_portal: dict[str, Sdk],
        sdk_at_simulator: dict[str, Sdk],
    ) -> None:
        at_portal, at_simulator = sdk_at_portal[caller], sdk_at_simulator[caller]

        through = at_portal.refused(lambda: at_portal.ask(f"{caller}/sim-error-{status}", "Hi."))
        straight = at_simulator.refused(lambda: at_simulator.ask(f"sim-error-{status}", "Hi."))

        assert (through.kind, through.status) == (straight.kind, straight.status)


def _typed(raw: Any) -> Any:
    """A comparable form without what differs between any two calls."""
    if hasattr(raw, "model_dump"):
        data = raw.model_dump(exclude={"sdk_http_response", "_request_id"})
    else:
        data = raw.as_dict()
    return _without_volatile(data)


def _without_volatile(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            k: _without_volatile(v)
            for k, v in value.items()
            if k not in ("id", "created", "created_at", "completed_at", "response_id", "store")
        }
    if isinstance(value, list):
        return [_without_volatile(v) for v in value]
    return value
