import base64
from typing import Any

import pytest

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.anthropic_messages import sealing
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import Media, Role
from tests.providers.dialects.anthropic_messages.examples import (
    assistant,
    decoded,
    decoded_turns,
    results,
    system,
    user,
)

EPHEMERAL = {"type": "ephemeral"}


def part_of(block: dict[str, Any]) -> wire.Part:
    (message,) = decoded_turns({"role": "user", "content": [block]})
    (part,) = message.parts
    return part


class TestSystem:
    def test_is_text_or_blocks(self) -> None:
        blocks = [{"type": "text", "text": "S", "cache_control": EPHEMERAL}]

        assert decoded(system="S").messages[0] == system("S")
        assert decoded(system=blocks).messages[0] == system(wire.TextPart(text="S", cache=True))

    @pytest.mark.parametrize("nothing", ["", []])
    def test_may_be_empty(self, nothing: object) -> None:
        assert decoded(system=nothing).messages == (user("Hi"),)

    def test_may_stand_among_the_messages(self) -> None:
        turns = decoded_turns(
            {"role": "user", "content": "Hi"}, {"role": "system", "content": "Be brief."}
        )

        assert turns == (user("Hi"), system("Be brief."))

    def test_holds_text_only(self) -> None:
        with pytest.raises(UnsupportedContentError) as caught:
            decoded(system=[{"type": "image", "source": {"type": "url", "url": "u"}}])

        assert caught.value.param == "system[0]"


class TestTurns:
    def test_tool_results_get_messages_of_their_own(self) -> None:
        turns = decoded_turns(
            {"role": "user", "content": "2+2?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "So"},
                    {
                        "type": "tool_use",
                        "id": "t1",
                        "name": "add",
                        "input": {"a": 2.0},
                        "caller": {"type": "direct"},
                    },
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "content": "4"},
                    {"type": "text", "text": "Go on"},
                ],
            },
        )

        call = wire.ToolCallPart(id="t1", name="add", arguments='{"a":2.0}')
        result = wire.ToolResultPart(call_id="t1", name="add", content=(wire.TextPart(text="4"),))
        assert turns == (user("2+2?"), assistant("So", call), results(result), user("Go on"))

    def test_keep_the_order_of_results_among_text(self) -> None:
        turns = decoded_turns(
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "a"},
                    {"type": "tool_result", "tool_use_id": "t1"},
                    {"type": "text", "text": "b"},
                ],
            }
        )

        assert [turn.role for turn in turns] == [Role.USER, Role.TOOL, Role.USER]

    @pytest.mark.parametrize(
        ("role", "block"),
        [
            ("user", {"type": "tool_use", "id": "t", "name": "f", "input": {}}),
            ("user", {"type": "thinking", "thinking": "x", "signature": "s"}),
            ("assistant", {"type": "tool_result", "tool_use_id": "t"}),
            ("system", {"type": "image", "source": {"type": "url", "url": "u"}}),
        ],
    )
    def test_hold_what_their_role_may_say(self, role: str, block: dict[str, Any]) -> None:
        with pytest.raises(InvalidInputError) as caught:
            decoded_turns({"role": role, "content": [block]})

        assert caught.value.param == "messages[0].content[0]"


class TestText:
    def test_marks_the_end_of_a_cached_prefix(self) -> None:
        block = {"type": "text", "text": "a", "cache_control": EPHEMERAL}

        assert part_of(block) == wire.TextPart(text="a", cache=True)
        assert part_of({**block, "cache_control": None}) == wire.TextPart(text="a")

    def test_names_a_lifetime_and_citations_that_are_lost(self) -> None:
        call = decoded(
            messages=[
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "text",
                            "text": "a",
                            "cache_control": {"type": "ephemeral", "ttl": "1h"},
                            "citations": [{"type": "page_location"}],
                        }
                    ],
                }
            ]
        )

        assert call.warnings == (
            "messages[0].content[0].cache_control.ttl: dropped",
            "messages[0].content[0].citations: dropped",
        )


class TestMedia:
    @pytest.mark.parametrize(
        ("block", "part"),
        [
            (
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": "AA"},
                },
                wire.ImagePart(media=Media(media_type="image/png", data="AA")),
            ),
            (
                {"type": "image", "source": {"type": "url", "url": "https://x/a"}},
                wire.ImagePart(media=Media(url="https://x/a")),
            ),
            (
                {"type": "image", "source": {"type": "file", "file_id": "f"}},
                wire.ImagePart(media=Media(file_id="f")),
            ),
            (
                {
                    "type": "document",
                    "title": "T",
                    "citations": {"enabled": False},
                    "source": {"type": "base64", "media_type": "application/pdf", "data": "AA"},
                },
                wire.DocumentPart(media=Media(media_type="application/pdf", data="AA"), name="T"),
            ),
            (
                {"type": "document", "source": {"type": "url", "url": "https://x/a"}},
                wire.DocumentPart(media=Media(media_type="application/pdf", url="https://x/a")),
            ),
            (
                {"type": "document", "source": {"type": "file", "file_id": "f"}},
                wire.DocumentPart(media=Media(file_id="f")),
            ),
        ],
    )
    def test_is_read(self, block: dict[str, Any], part: wire.Part) -> None:
        assert part_of(block) == part

    @pytest.mark.parametrize(
        "source",
        [
            {"type": "text", "media_type": "text/plain", "data": "Grüße"},
            {"type": "content", "content": "Grüße"},
        ],
    )
    def test_that_is_text_becomes_base64_of_it(self, source: dict[str, Any]) -> None:
        part = part_of({"type": "document", "source": source})

        assert isinstance(part, wire.DocumentPart)
        assert part.media.media_type == "text/plain"
        assert base64.b64decode(part.media.data or "").decode() == "Grüße"

    @pytest.mark.parametrize(
        ("block", "param"),
        [
            ({"type": "image"}, "source"),
            ({"type": "image", "source": {"type": "base64"}}, "source.data"),
            ({"type": "image", "source": {"type": "url"}}, "source.url"),
            ({"type": "image", "source": {"data": "AA"}}, "source"),
            ({"type": "document", "source": {"type": "text"}}, "source.data"),
        ],
    )
    def test_names_what_is_missing(self, block: dict[str, Any], param: str) -> None:
        with pytest.raises(InvalidInputError) as caught:
            part_of(block)

        assert caught.value.param == f"messages[0].content[0].{param}"

    def test_names_transformations_that_are_lost(self) -> None:
        image = {"type": "image", "source": {"type": "url", "url": "u"}}
        content = [{**image, "transformations": {"oversized": "crop"}}]

        call = decoded(messages=[{"role": "user", "content": content}])

        assert call.warnings == ("messages[0].content[0].transformations: dropped",)


class TestRefusals:
    URL = {"type": "url", "url": "https://x/a"}

    @pytest.mark.parametrize(
        ("block", "param"),
        [
            ({"type": "search_result", "source": "u", "title": "t", "content": []}, ""),
            ({"type": "container_upload", "file_id": "f"}, ""),
            ({"type": "of_tomorrow"}, ""),
            ({"type": "image", "source": {"type": "cloud"}}, ".source"),
            ({"type": "document", "source": {"type": "content", "content": [{}]}}, ".source"),
            ({"type": "document", "source": URL, "context": "From 1999"}, ".context"),
            ({"type": "document", "source": URL, "citations": {"enabled": True}}, ".citations"),
            (
                {
                    "type": "tool_result",
                    "tool_use_id": "t",
                    "content": [{"type": "tool_reference", "tool_name": "f"}],
                },
                ".content[0]",
            ),
        ],
    )
    def test_name_content_that_cannot_be_carried(self, block: dict[str, Any], param: str) -> None:
        with pytest.raises(UnsupportedContentError) as caught:
            part_of(block)

        assert caught.value.param == f"messages[0].content[0]{param}"

    @pytest.mark.parametrize(
        "block",
        [
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
            {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
            {
                "type": "tool_use",
                "id": "t",
                "name": "f",
                "input": {},
                "caller": {"type": "code_execution_20250825"},
            },
            {"type": "tool_use", "id": "t", "name": "f", "input": {}, "toolset_name": "browser"},
        ],
    )
    def test_cover_hosted_tools_in_the_history(self, block: dict[str, Any]) -> None:
        with pytest.raises(UnsupportedContentError):
            decoded_turns({"role": "assistant", "content": [block]})


class TestToolCalls:
    @pytest.mark.parametrize(
        ("fields", "arguments"),
        [
            ({"input": {}}, "{}"),
            ({"input": None}, "{}"),
            ({}, "{}"),
            ({"input": {"_raw": "[1"}}, "[1"),
        ],
    )
    def test_have_their_arguments_as_text(self, fields: dict[str, Any], arguments: str) -> None:
        block = {"type": "tool_use", "id": "t", "name": "f", **fields}

        (message,) = decoded_turns({"role": "assistant", "content": [block]})

        assert message.parts == (wire.ToolCallPart(id="t", name="f", arguments=arguments),)

    @pytest.mark.parametrize("missing", ["id", "name"])
    def test_need_id_and_name(self, missing: str) -> None:
        block = {"type": "tool_use", "id": "t", "name": "f", missing: None}

        with pytest.raises(InvalidInputError) as caught:
            decoded_turns({"role": "assistant", "content": [block]})

        assert caught.value.param == f"messages[0].content[0].{missing}"


class TestToolResults:
    def test_hold_blocks_and_say_when_they_failed(self) -> None:
        part = part_of(
            {
                "type": "tool_result",
                "tool_use_id": "t",
                "is_error": True,
                "cache_control": EPHEMERAL,
                "content": [
                    {"type": "text", "text": "4"},
                    {"type": "image", "source": {"type": "url", "url": "u"}},
                ],
            }
        )

        assert part == wire.ToolResultPart(
            call_id="t",
            content=(wire.TextPart(text="4"), wire.ImagePart(media=Media(url="u"))),
            is_error=True,
            cache=True,
        )

    @pytest.mark.parametrize("fields", [{}, {"content": None}, {"content": ""}, {"content": []}])
    def test_may_be_empty(self, fields: dict[str, Any]) -> None:
        block = {"type": "tool_result", "tool_use_id": "t", **fields}

        assert part_of(block) == wire.ToolResultPart(call_id="t")

    @pytest.mark.parametrize(
        ("content", "param"), [(5, "content"), ([{"text": "a"}], "content[0]")]
    )
    def test_name_wrong_content(self, content: object, param: str) -> None:
        with pytest.raises(InvalidInputError) as caught:
            part_of({"type": "tool_result", "tool_use_id": "t", "content": content})

        assert caught.value.param == f"messages[0].content[0].{param}"


class TestThoughts:
    def test_of_the_dialect_keep_their_signature(self) -> None:
        (message,) = decoded_turns(
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "s"},
                    {"type": "thinking", "thinking": "so", "signature": ""},
                    {"type": "redacted_thinking", "data": "d"},
                ],
            }
        )

        origin = "anthropic_messages"
        assert message.parts == (
            wire.ReasoningPart(text="hm", signature="s", origin=origin),
            wire.ReasoningPart(text="so"),
            wire.ReasoningPart(signature="d", origin=origin, redacted=True),
        )

    def test_of_others_are_unsealed(self) -> None:
        sealed = sealing.seal_thought("enc", "openai_responses", "rs_1")

        (message,) = decoded_turns(
            {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "hm", "signature": sealed}],
            }
        )

        assert message.parts == (
            wire.ReasoningPart(text="hm", signature="enc", origin="openai_responses", id="rs_1"),
        )

    def test_that_sign_a_call_go_back_to_it(self) -> None:
        sealed = sealing.seal_call("sig", "gemini_generate")
        use = {"type": "tool_use", "id": "t", "name": "f", "input": {}}

        (message,) = decoded_turns(
            {
                "role": "assistant",
                "content": [{"type": "redacted_thinking", "data": sealed}, use, {**use, "id": "u"}],
            }
        )

        assert message.parts == (
            wire.ToolCallPart(id="t", name="f", signature="sig", origin="gemini_generate"),
            wire.ToolCallPart(id="u", name="f"),
        )
