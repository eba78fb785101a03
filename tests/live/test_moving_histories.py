"""A conversation that one provider began goes on at any other, with the SDK's own objects.

The simulator refuses signatures that it did not make, as the services do.
"""

from typing import Any

import anthropic
import openai
import pytest

from tests.live import documents
from tests.live.portal import LivePortal
from tests.live.sdks import TOOLS

pytestmark = pytest.mark.verify

DIALECTS = tuple(documents.ROOTS)
PROMPT = "Use get_weather and get_time in parallel for Oslo."
THINKING: Any = {"type": "enabled", "budget_tokens": 2000}


@pytest.mark.parametrize("first", DIALECTS)
class TestHistories:
    def test_of_messages(self, live_portal: LivePortal, first: str) -> None:
        tools: Any = [{"name": name, "input_schema": schema} for name, schema in TOOLS.items()]
        asked: Any = {"max_tokens": 4000, "thinking": THINKING, "tools": tools}
        history: list[Any] = [{"role": "user", "content": PROMPT}]

        with anthropic.Anthropic(
            base_url=live_portal.base_url, api_key=live_portal.key, max_retries=0
        ) as client:
            begun = client.messages.create(model=_model(first), messages=history, **asked)
            calls = [block.id for block in begun.content if block.type == "tool_use"]
            results = [{"type": "tool_result", "tool_use_id": c, "content": "ok"} for c in calls]
            history += [
                {"role": "assistant", "content": begun.content},
                {"role": "user", "content": results},
            ]
            texts = [
                client.messages.create(model=_model(name), messages=history, **asked).content[-1]
                for name in DIALECTS
            ]

        assert len(calls) == 2
        assert all(text.type == "text" and "get_weather" in text.text for text in texts)

    def test_of_responses(self, live_portal: LivePortal, first: str) -> None:
        tools: Any = [
            {"type": "function", "name": name, "parameters": schema, "strict": True}
            for name, schema in TOOLS.items()
        ]
        asked: Any = {
            "tools": tools,
            "reasoning": {"effort": "high", "summary": "auto"},
            "include": ["reasoning.encrypted_content"],
            "store": False,
        }
        history: list[Any] = [{"role": "user", "content": PROMPT}]

        with openai.OpenAI(
            base_url=f"{live_portal.base_url}/v1", api_key=live_portal.key, max_retries=0
        ) as client:
            begun = client.responses.create(model=_model(first), input=history, **asked)
            calls = [item.call_id for item in begun.output if item.type == "function_call"]
            history += begun.output
            history += [
                {"type": "function_call_output", "call_id": call, "output": "ok"} for call in calls
            ]
            texts = [
                client.responses.create(model=_model(name), input=history, **asked).output_text
                for name in DIALECTS
            ]

        assert len(calls) == 2
        assert all("get_weather" in text for text in texts)

    def test_of_chats(self, live_portal: LivePortal, first: str) -> None:
        tools: Any = [
            {"type": "function", "function": {"name": name, "parameters": schema}}
            for name, schema in TOOLS.items()
        ]
        asked: Any = {"tools": tools, "reasoning_effort": "high"}
        history: list[Any] = [{"role": "user", "content": PROMPT}]

        with openai.OpenAI(
            base_url=f"{live_portal.base_url}/v1", api_key=live_portal.key, max_retries=0
        ) as client:
            create = client.chat.completions.create
            begun = create(model=_model(first), messages=history, **asked).choices[0].message
            calls = [call.id for call in begun.tool_calls or []]
            history.append(begun)
            history += [{"role": "tool", "tool_call_id": call, "content": "ok"} for call in calls]
            texts = [
                create(model=_model(name), messages=history, **asked).choices[0].message.content
                for name in DIALECTS
            ]

        assert len(calls) == 2
        assert all("get_weather" in (text or "") for text in texts)


def _model(dialect: str) -> str:
    return f"{dialect}/sim-small"
