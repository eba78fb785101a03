"""Signatures of other dialects in the body of a caller who goes on to this family."""

from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.chat_family.returned import without_foreign_thoughts

OWN = {"type": "reasoning.text", "text": "t", "signature": "own"}
SEALED = {"type": "reasoning.text", "text": "t", "signature": "portal:anthropic_messages:s"}
SIGNED = {"google": {"thought_signature": "portal:gemini_generate:s"}}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def sent(message: dict[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    body = msgspec.json.encode({"model": "m", "messages": [message], "future": 1})
    given = wire.Incoming(
        operation="chat",
        model="m",
        body=body,
        fields=msgspec.json.decode(body, type=dict[str, msgspec.Raw]),
    )
    changed, warnings = without_foreign_thoughts(given)
    assert (changed is given) == (not warnings)
    whole = msgspec.json.decode(changed.body)
    assert whole["future"] == 1
    return whole["messages"][0], warnings


class TestWithoutForeignThoughts:
    def test_leaves_own_thoughts_and_plain_words_alone(self) -> None:
        message = {"role": "assistant", "content": "portal:a:b", "reasoning_details": [OWN]}

        assert sent(message) == (message, ())

    def test_takes_sealed_thoughts_out_with_their_text(self) -> None:
        message = {"role": "assistant", "content": "said"}

        kept, warnings = sent({**message, "reasoning_content": "t", "reasoning_details": [SEALED]})

        assert kept == message
        assert warnings == ("reasoning: dropped",)

    def test_takes_sealed_signatures_of_calls_and_answers_out(self) -> None:
        message = {"role": "assistant", "content": None, "tool_calls": [CALL]}
        signed = {**message, "extra_content": SIGNED}
        signed["tool_calls"] = [{**CALL, "extra_content": SIGNED}]

        assert sent(signed) == (message, ("reasoning: dropped",))
