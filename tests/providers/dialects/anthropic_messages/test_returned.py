"""Thoughts of other dialects in the body of a caller who goes on to this one."""

from typing import Any

import msgspec

from apps.providers.dialects.anthropic_messages import outbound
from apps.providers.dialects.signatures import seal
from tests.providers.dialects.anthropic_messages.examples import MODEL, OPTIONS, incoming

OWN = {"type": "thinking", "thinking": "a", "signature": "own"}
SEALED = {
    "type": "thinking",
    "thinking": "b",
    "signature": seal("gemini_generate", "s", dialect="anthropic_messages"),
}
CALL = {"type": "redacted_thinking", "data": "call;portal:gemini_generate:s"}
UNSIGNED = {"type": "thinking", "thinking": "c", "signature": ""}
TOOL = {"type": "tool_use", "id": "t", "name": "f", "input": {"x": 1.0}}
RESULT = {"type": "tool_result", "tool_use_id": "t", "content": "r"}


def forwarded(*blocks: dict[str, Any], **fields: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    messages = [
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": list(blocks)},
        {"role": "user", "content": [RESULT]},
    ]
    body = {"model": "alias", "messages": messages, **fields}
    request = outbound.forward_request(incoming(body), MODEL, OPTIONS)
    return msgspec.json.decode(request.body), request.warnings


class TestWithoutForeignThoughts:
    def test_leaves_own_thoughts_alone(self) -> None:
        body, warnings = forwarded(OWN, TOOL)

        assert body["messages"][1]["content"] == [OWN, TOOL]
        assert warnings == ()

    def test_takes_sealed_and_unsigned_ones_out(self) -> None:
        body, warnings = forwarded(OWN, SEALED, UNSIGNED, CALL, TOOL)

        assert body["messages"][1]["content"] == [OWN, TOOL]
        assert warnings == ("reasoning: dropped",)

    def test_takes_a_turn_of_nothing_else_out(self) -> None:
        body, _ = forwarded(SEALED)

        assert [message["role"] for message in body["messages"]] == ["user", "user"]

    def test_does_not_think_within_a_budget_when_the_thoughts_of_a_loop_are_gone(self) -> None:
        thinking = {"type": "enabled", "budget_tokens": 2048}

        body, warnings = forwarded(SEALED, TOOL, thinking=thinking)
        kept, _ = forwarded(OWN, SEALED, TOOL, thinking=thinking)

        assert "thinking" not in body
        assert warnings == ("reasoning: dropped", "thinking: dropped")
        assert kept["thinking"] == thinking

    def test_goes_by_the_field_and_not_by_the_word(self) -> None:
        text = {"type": "text", "text": 'portal:gemini_generate:s "signature":""'}

        body, warnings = forwarded(text, TOOL)

        assert body["messages"][1]["content"] == [text, TOOL]
        assert warnings == ()
