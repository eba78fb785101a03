from typing import Any

import msgspec
import pytest

from apps.providers import wire
from apps.providers.dialects.anthropic_messages import inbound, sealing
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import FinishReason
from tests.providers.dialects.anthropic_messages.examples import a_call, a_reply, incoming


def shown(reply: wire.ChatReply, call: wire.ChatCall | None = None) -> dict[str, Any]:
    message: dict[str, Any] = msgspec.json.decode(inbound.render_reply(reply, call or a_call()))
    return message


class TestRenderReply:
    def test_writes_a_whole_message(self) -> None:
        usage = wire.Usage(
            input_tokens=30,
            output_tokens=7,
            cache_read_tokens=20,
            cache_write_tokens=5,
            reasoning_tokens=3,
        )

        message = shown(a_reply(wire.TextPart(text="Hi"), usage=usage))

        assert message == {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude-x",
            "content": [{"type": "text", "text": "Hi"}],
            "stop_reason": "end_turn",
            "stop_sequence": None,
            "stop_details": None,
            "usage": {
                "input_tokens": 5,
                "cache_creation_input_tokens": 5,
                "cache_read_input_tokens": 20,
                "output_tokens": 7,
                "output_tokens_details": {"thinking_tokens": 3},
            },
        }

    def test_shows_calls_with_objects(self) -> None:
        message = shown(
            a_reply(
                wire.ToolCallPart(id="c1", name="f", arguments='{"a":1}'),
                wire.ToolCallPart(id="c2", name="g", arguments="oops"),
            )
        )

        assert [block["input"] for block in message["content"]] == [{"a": 1}, {"_raw": "oops"}]
        assert message["stop_reason"] == "tool_use"

    def test_puts_the_signature_of_a_call_before_it(self) -> None:
        part = wire.ToolCallPart(id="c", name="f", signature="sig", origin="gemini_generate")

        first, second = shown(a_reply(part))["content"]

        assert (first["type"], second["type"]) == ("redacted_thinking", "tool_use")
        assert sealing.unseal_call(first["data"]) == ("gemini_generate", "sig")

    def test_seals_the_thoughts_of_others(self) -> None:
        foreign = wire.ReasoningPart(text="hm", signature="s", origin="gemini_generate")
        own = wire.ReasoningPart(text="hm", signature="s", origin="anthropic_messages")
        plain = wire.ReasoningPart(text="hm")

        blocks = shown(a_reply(foreign, own, plain))["content"]

        assert [block["signature"] for block in blocks] == ["portal:gemini_generate:s", "s", ""]

    def test_hides_thoughts_that_the_caller_wants_omitted(self) -> None:
        call = a_call(reasoning=wire.ReasoningRequest(effort="low", summary=False))
        signed = wire.ReasoningPart(text="hm", signature="s", origin="anthropic_messages")

        blocks = shown(a_reply(signed, wire.ReasoningPart(text="hm")), call)["content"]

        assert blocks == [{"type": "thinking", "thinking": "", "signature": "s"}]

    def test_shows_a_refusal_as_text_with_its_stop_reason(self) -> None:
        message = shown(a_reply(wire.RefusalPart(text="No.")))

        assert message["content"] == [{"type": "text", "text": "No."}]
        assert message["stop_reason"] == "refusal"
        assert message["stop_details"] == {
            "type": "refusal",
            "category": None,
            "explanation": None,
        }

    def test_says_which_stop_sequence_was_hit(self) -> None:
        message = shown(a_reply(finish=FinishReason.STOP_SEQUENCE, stop_sequence="END"))

        assert (message["stop_reason"], message["stop_sequence"]) == ("stop_sequence", "END")

    def test_has_an_answer_where_the_provider_gave_none(self) -> None:
        message = shown(wire.ChatReply(id="", model="", choices=()))

        assert message["content"] == []
        assert message["model"] == "claude"
        assert message["usage"]["output_tokens"] == 0

    def test_leaves_out_empty_text_and_names_media_it_cannot_show(self) -> None:
        image = wire.ImagePart(media=wire.Media(media_type="image/png", data="AA"))

        assert shown(a_reply(wire.TextPart(text=""), image))["content"] == [
            {"type": "text", "text": "[media not carried: image/png]"}
        ]


class TestEmbeddings:
    def test_are_refused(self) -> None:
        call = wire.EmbeddingCall(model="m", inputs=("a",))

        with pytest.raises(UnsupportedContentError):
            inbound.decode_embeddings(incoming({}, operation="embeddings"))
        with pytest.raises(UnsupportedContentError):
            inbound.render_embeddings(wire.EmbeddingReply(model="m", vectors=()), call)
