import base64
from typing import Any

import pytest

from apps.providers import wire
from apps.providers.dialects.anthropic_messages.prompt import Prompt
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import Media, Role
from tests.providers.dialects.anthropic_messages.examples import (
    assistant,
    results,
    system,
    user,
)

PNG = "iVBORw0KGgoAAAANSUhEUg=="


def blocks_of(part: wire.Part) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = Prompt([user(part)]).turns[0]["content"]
    return blocks


class TestSystem:
    def test_goes_apart(self) -> None:
        prompt = Prompt([system("Be brief."), user("Hi")])

        assert prompt.system == [{"type": "text", "text": "Be brief."}]
        assert [turn["role"] for turn in prompt.turns] == ["user"]
        assert prompt.warnings == []

    def test_is_moved_from_the_middle_and_named(self) -> None:
        prompt = Prompt([user("Hi"), system("Be brief."), user("Go on")])

        assert prompt.system == [{"type": "text", "text": "Be brief."}]
        assert prompt.warnings == ["messages[1]: system message moved to the start"]
        assert len(prompt.turns) == 1

    def test_refuses_what_is_no_text(self) -> None:
        with pytest.raises(UnsupportedContentError) as caught:
            Prompt([system(wire.ImagePart(media=Media(data=PNG)))])

        assert caught.value.param == "messages[0].content[0]"


class TestTurns:
    def test_merge_when_one_role_speaks_twice(self) -> None:
        prompt = Prompt([user("a"), user("b"), assistant("c"), assistant("d")])

        assert [(t["role"], len(t["content"])) for t in prompt.turns] == [
            ("user", 2),
            ("assistant", 2),
        ]

    def test_put_tool_results_first(self) -> None:
        result = wire.ToolResultPart(call_id="c1", content=(wire.TextPart(text="4"),))

        prompt = Prompt([user("Well?", result), results(result)])

        assert [b["type"] for b in prompt.turns[0]["content"]] == [
            "tool_result",
            "tool_result",
            "text",
        ]

    def test_leave_out_messages_without_content(self) -> None:
        prompt = Prompt([user("a"), assistant(""), user("b")])

        assert len(prompt.turns) == 1
        assert prompt.warnings == []

    def test_name_blank_text_and_participants_that_are_lost(self) -> None:
        named = wire.Message(role=Role.USER, parts=(wire.TextPart(text="a"),), name="Ann")

        prompt = Prompt([named, user(" \n")])

        assert prompt.warnings == [
            "messages[0].name: dropped",
            "messages[1].content[0]: blank text dropped",
        ]


class TestAssistantParts:
    def test_a_call_has_an_object_as_input(self) -> None:
        call = wire.ToolCallPart(id="call:1", name="f", arguments='{"a":1}')

        prompt = Prompt([assistant(call), results(wire.ToolResultPart(call_id="call:1"))])

        use = prompt.turns[0]["content"][0]
        assert (use["type"], use["name"], bytes(use["input"])) == ("tool_use", "f", b'{"a":1}')
        assert use["id"] == prompt.turns[1]["content"][0]["tool_use_id"]

    def test_own_thoughts_go_back(self) -> None:
        thought = wire.ReasoningPart(text="hm", signature="s", origin="anthropic_messages")
        hidden = wire.ReasoningPart(signature="d", origin="anthropic_messages", redacted=True)

        prompt = Prompt([user("Hi"), assistant(thought, hidden)])

        assert prompt.turns[1]["content"] == [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "redacted_thinking", "data": "d"},
        ]

    @pytest.mark.parametrize(
        "thought",
        [
            wire.ReasoningPart(text="hm"),
            wire.ReasoningPart(text="hm", signature="s", origin="gemini_generate"),
            wire.ReasoningPart(signature="s", origin="openai_responses", redacted=True),
        ],
    )
    def test_other_thoughts_are_dropped_by_name(self, thought: wire.ReasoningPart) -> None:
        prompt = Prompt([user("Hi"), assistant(thought, "Yes")])

        assert prompt.turns[1]["content"] == [{"type": "text", "text": "Yes"}]
        assert prompt.warnings == ["reasoning: dropped"]

    def test_a_refusal_goes_back_as_text(self) -> None:
        prompt = Prompt([user("Hi"), assistant(wire.RefusalPart(text="No"))])

        assert prompt.turns[1]["content"] == [{"type": "text", "text": "No"}]
        assert prompt.warnings == ["messages[1].content[0]: refusal sent as text"]

    def test_an_image_is_refused(self) -> None:
        with pytest.raises(UnsupportedContentError):
            Prompt([assistant(wire.ImagePart(media=Media(data=PNG)))])


class TestImages:
    def test_by_value(self) -> None:
        image = wire.ImagePart(media=Media(media_type="image/webp", data="AAAA"), cache=True)

        assert blocks_of(image) == [
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/webp", "data": "AAAA"},
                "cache_control": {"type": "ephemeral"},
            }
        ]

    def test_by_url(self) -> None:
        image = wire.ImagePart(media=Media(url="https://example.org/a.png"))

        assert blocks_of(image)[0]["source"] == {"type": "url", "url": "https://example.org/a.png"}

    @pytest.mark.parametrize(
        ("data", "media_type"),
        [
            (PNG, "image/png"),
            ("/9j/4AAQ", "image/jpeg"),
            ("R0lGODlh", "image/gif"),
            ("UklGRiQA", "image/webp"),
        ],
    )
    def test_tell_their_type_by_their_first_bytes(self, data: str, media_type: str) -> None:
        source = blocks_of(wire.ImagePart(media=Media(data=data)))[0]["source"]

        assert source["media_type"] == media_type

    @pytest.mark.parametrize(
        "media", [Media(file_id="file-1"), Media(url="gs://bucket/a.png"), Media(data="AAAA")]
    )
    def test_refuse_what_the_service_cannot_fetch(self, media: Media) -> None:
        with pytest.raises(UnsupportedContentError) as caught:
            blocks_of(wire.ImagePart(media=media))

        assert caught.value.param == "messages[0].content[0]"

    def test_name_a_detail_that_is_lost(self) -> None:
        image = Media(data=PNG)

        low = Prompt([user(wire.ImagePart(media=image, detail="low"))])
        auto = Prompt([user(wire.ImagePart(media=image, detail="auto"))])

        assert (low.warnings, auto.warnings) == (["image detail: dropped"], [])


class TestDocuments:
    def test_a_pdf_by_value(self) -> None:
        part = wire.DocumentPart(media=Media(media_type="application/pdf", data="JVBE"), name="a")

        assert blocks_of(part) == [
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
                "title": "a",
            }
        ]

    def test_a_pdf_by_url(self) -> None:
        part = wire.DocumentPart(media=Media(url="https://example.org/a.pdf"))

        assert blocks_of(part)[0]["source"]["type"] == "url"

    def test_text_as_text(self) -> None:
        data = base64.b64encode("Grüße".encode()).decode()

        block = blocks_of(wire.DocumentPart(media=Media(media_type="text/plain", data=data)))[0]

        assert block["source"] == {"type": "text", "media_type": "text/plain", "data": "Grüße"}

    def test_other_text_as_plain_text_and_says_so(self) -> None:
        part = wire.DocumentPart(media=Media(media_type="text/csv", data="YQ=="))

        assert Prompt([user(part)]).warnings == ["messages[0].content[0]: sent as text/plain"]

    @pytest.mark.parametrize(
        "media",
        [
            Media(media_type="application/msword", data="AAAA"),
            Media(media_type="text/plain", url="https://example.org/a.txt"),
            Media(media_type="text/plain", data="not base64!"),
            Media(media_type="text/plain", data="//79"),
            Media(file_id="file-1"),
        ],
    )
    def test_others_are_refused(self, media: Media) -> None:
        with pytest.raises(UnsupportedContentError):
            blocks_of(wire.DocumentPart(media=media))


class TestAudio:
    def test_is_refused(self) -> None:
        with pytest.raises(UnsupportedContentError) as caught:
            blocks_of(wire.AudioPart(media=Media(media_type="audio/wav", data="AAAA")))

        assert caught.value.param == "messages[0].content[0]"


class TestToolResults:
    def test_hold_plain_text_as_a_string(self) -> None:
        part = wire.ToolResultPart(call_id="c", content=(wire.TextPart(text="4"),))

        assert blocks_of(part) == [{"type": "tool_result", "tool_use_id": "c", "content": "4"}]

    def test_hold_blocks_otherwise_and_say_when_they_failed(self) -> None:
        image = wire.ImagePart(media=Media(data=PNG))
        part = wire.ToolResultPart(
            call_id="c", content=(wire.TextPart(text="4"), image), is_error=True, cache=True
        )

        block = blocks_of(part)[0]

        assert [inner["type"] for inner in block["content"]] == ["text", "image"]
        assert block["is_error"] is True
        assert block["cache_control"] == {"type": "ephemeral"}

    def test_may_be_empty(self) -> None:
        assert blocks_of(wire.ToolResultPart(call_id="c")) == [
            {"type": "tool_result", "tool_use_id": "c"}
        ]
