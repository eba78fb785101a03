"""What the turns of a request mean."""

from typing import Any

import pytest

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.gemini_generate import inbound
from apps.providers.dialects.gemini_generate.signing import Signature, write_signature
from apps.providers.errors import UnsupportedContentError
from tests.providers.dialects.gemini_generate.asking import (
    OWN,
    assistant,
    incoming,
    results,
    said,
    turns,
    user,
)

PNG = {"inlineData": {"mimeType": "image/png", "data": "iVBO_-8"}}


def own(signature: str, text: str = "") -> wire.ReasoningPart:
    return wire.ReasoningPart(text=text, signature=signature, origin=OWN)


def called(call_id: str, name: str = "get", arguments: str = "{}") -> wire.ToolCallPart:
    return wire.ToolCallPart(id=call_id, name=name, arguments=arguments)


def answered(call_id: str, text: str, name: str = "get") -> wire.ToolResultPart:
    return wire.ToolResultPart(call_id=call_id, name=name, content=(wire.TextPart(text=text),))


def call_part(name: str = "get", **fields: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, **fields}}


def response_part(text: str, name: str = "get", **fields: Any) -> dict[str, Any]:
    return {"functionResponse": {"name": name, "response": {"result": text}, **fields}}


class TestMedia:
    def test_reads_images_documents_and_audio(self) -> None:
        (message,) = turns(
            (
                "user",
                [
                    PNG,
                    {
                        "inlineData": {
                            "mimeType": "application/pdf",
                            "data": "JVBERi0=",
                            "displayName": "a.pdf",
                        }
                    },
                    {"inlineData": {"mimeType": "audio/wav", "data": "UklG"}},
                    {"inlineData": {"mimeType": "text/plain", "data": "aGk="}},
                    {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://e.org/x"}},
                    {"fileData": {"fileUri": "https://e.org/a.pdf?x=1"}},
                ],
            )
        )

        media = wire.Media
        assert message == user(
            wire.ImagePart(media=media(media_type="image/png", data="iVBO/+8=")),
            wire.DocumentPart(
                media=media(media_type="application/pdf", data="JVBERi0="), name="a.pdf"
            ),
            wire.AudioPart(media=media(media_type="audio/wav", data="UklG")),
            wire.DocumentPart(media=media(media_type="text/plain", data="aGk=")),
            wire.ImagePart(media=media(media_type="image/jpeg", url="https://e.org/x")),
            wire.DocumentPart(
                media=media(media_type="application/pdf", url="https://e.org/a.pdf?x=1")
            ),
        )

    @pytest.mark.parametrize(
        "file",
        [
            {"fileUri": "gs://bucket/a.png", "mimeType": "image/png"},
            {
                "fileUri": "https://generativelanguage.googleapis.com/v1beta/files/1",
                "mimeType": "image/png",
            },
            {"fileUri": "https://www.youtube.com/watch?v=1"},
            {"fileUri": "https://e.org/a.mp4"},
        ],
    )
    def test_refuses_what_nobody_else_can_read(self, file: dict[str, str]) -> None:
        with pytest.raises(UnsupportedContentError) as error:
            turns(("user", [{"fileData": file}]))

        assert str(error.value.param).startswith("contents[0].parts[0].fileData")

    @pytest.mark.parametrize(
        ("part", "param"),
        [
            ({"inlineData": {"data": "AAAA"}}, "contents[0].parts[0].inlineData.mimeType"),
            ({"inlineData": {"mimeType": "image/png"}}, "contents[0].parts[0].inlineData.data"),
            ({"fileData": {}}, "contents[0].parts[0].fileData.fileUri"),
            (
                {"fileData": {"fileUri": "https://e.org/x"}},
                "contents[0].parts[0].fileData.mimeType",
            ),
        ],
    )
    def test_names_what_is_missing(self, part: dict[str, Any], param: str) -> None:
        with pytest.raises(InvalidInputError) as error:
            turns(("user", [part]))

        assert error.value.param == param

    def test_names_hints_that_are_lost(self) -> None:
        body = {"contents": [{"parts": [{**PNG, "mediaResolution": {"level": "LOW"}}]}]}
        call = inbound.decode_request(incoming(body))

        assert call.warnings == ("contents[0].parts[0].mediaResolution: dropped",)


class TestThoughts:
    def test_a_signature_on_text_stands_before_the_text(self) -> None:
        _, message = turns(
            ("user", [{"text": "Hi"}]),
            ("model", [{"text": "Yes.", "thoughtSignature": "c2ln"}, {"text": "No."}]),
        )

        assert message == assistant(own("c2ln"), "Yes.", "No.")

    def test_a_signature_on_empty_text_stands_alone(self) -> None:
        _, message = turns(
            ("user", [{"text": "Hi"}]),
            ("model", [{"text": "Yes."}, {"text": "", "thoughtSignature": "c2ln"}]),
        )

        assert message == assistant("Yes.", own("c2ln"))

    def test_a_signature_on_empty_text_does_not_slip_to_the_next_text(self) -> None:
        _, message = turns(
            ("user", [{"text": "Hi"}]),
            ("model", [{"text": "", "thoughtSignature": "c2ln"}, {"text": "Yes."}]),
        )

        assert message == assistant(own("c2ln"), "", "Yes.")

    def test_reads_thoughts(self) -> None:
        _, message = turns(
            ("user", [{"text": "Hi"}]),
            (
                "model",
                [
                    {"text": "Hm", "thought": True},
                    {"text": "so", "thought": True, "thoughtSignature": "c2ln"},
                    {"text": "Yes."},
                ],
            ),
        )

        assert message == assistant(
            wire.ReasoningPart(text="Hm", origin=OWN), own("c2ln", "so"), "Yes."
        )

    def test_a_signature_after_thoughts_closes_them(self) -> None:
        _, message = turns(
            ("user", [{"text": "Hi"}]),
            (
                "model",
                [
                    {"text": "Hm", "thought": True},
                    {"text": " so", "thought": True},
                    {"text": "", "thought": True, "thoughtSignature": "c2ln"},
                ],
            ),
        )

        assert message == assistant(own("c2ln", "Hm so"))

    def test_gives_foreign_signatures_back_to_their_origin(self) -> None:
        sealed = write_signature(Signature("a#b", "openai_responses", "rs_1", redacted=True))
        _, message = turns(
            ("user", [{"text": "Hi"}]),
            ("model", [{"text": "", "thought": True, "thoughtSignature": sealed}]),
        )

        assert message == assistant(
            wire.ReasoningPart(signature="a#b", origin="openai_responses", id="rs_1", redacted=True)
        )

    def test_keeps_the_signature_of_a_call(self) -> None:
        _, message = turns(
            ("user", [{"text": "Hi"}]),
            ("model", [{**call_part(id="c1", args={"a": 1}), "thoughtSignature": "c2ln"}]),
        )

        assert message == assistant(
            wire.ToolCallPart(
                id="c1", name="get", arguments='{"a":1}', signature="c2ln", origin=OWN
            )
        )


class TestCalls:
    def test_keeps_ids(self) -> None:
        messages = turns(
            ("model", [call_part(id="x", args={"a": [1, 2.50]})]),
            ("user", [response_part("done", id="x")]),
        )

        assert messages == (
            assistant(called("x", arguments='{"a":[1,2.5]}')),
            results(answered("x", "done")),
        )

    def test_makes_ids_and_matches_by_name(self) -> None:
        messages = turns(
            ("model", [call_part("get"), call_part("put"), call_part("get")]),
            (
                "user",
                [response_part("p", "put"), response_part("a", "get"), response_part("b", "get")],
            ),
        )

        first, second, third = "call_0_get", "call_1_put", "call_2_get"
        assert messages == (
            assistant(called(first), called(second, "put"), called(third)),
            results(answered(second, "p", "put"), answered(first, "a"), answered(third, "b")),
        )

    def test_a_response_may_have_an_id_that_its_call_lacks(self) -> None:
        messages = turns(
            ("model", [call_part("get")]), ("user", [response_part("a", "get", id="own")])
        )

        assert messages[1] == results(answered("call_0_get", "a"))

    def test_ids_stay_distinct_over_turns(self) -> None:
        messages = turns(
            ("model", [call_part()]),
            ("user", [response_part("a")]),
            ("model", [call_part()]),
            ("user", [response_part("b")]),
        )

        ids = [
            part.id
            for part in messages[0].parts + messages[2].parts
            if isinstance(part, wire.ToolCallPart)
        ]
        assert len(set(ids)) == 2
        assert messages[3] == results(answered(ids[1], "b"))

    def test_a_response_without_a_call_keeps_its_name(self) -> None:
        (message,) = turns(("user", [response_part("a", id="x")]))

        assert message == results(answered("x", "a"))

    def test_cuts_a_turn_of_responses_and_words(self) -> None:
        messages = turns(
            ("model", [call_part(id="x")]),
            ("user", [{"text": "Here:"}, response_part("a", id="x"), {"text": "Now?"}]),
        )

        assert messages[1:] == (user("Here:"), results(answered("x", "a")), user("Now?"))

    def test_reads_media_of_a_response(self) -> None:
        messages = turns(
            ("model", [call_part(id="x")]),
            ("user", [response_part("a", id="x", parts=[PNG])]),
        )

        (part,) = messages[1].parts
        assert isinstance(part, wire.ToolResultPart)
        assert [type(one) for one in part.content] == [wire.TextPart, wire.ImagePart]

    @pytest.mark.parametrize(
        ("parts", "param"),
        [
            ([{"functionCall": {}}], "contents[0].parts[0].functionCall.name"),
            ([call_part(args=[1])], "contents[0].parts[0].functionCall.args"),
            ([call_part(willContinue=True)], "contents[0].parts[0].functionCall"),
            ([{"functionResponse": {"name": "a"}}], "contents[0].parts[0].functionResponse"),
        ],
    )
    def test_names_the_wrong_call(self, parts: list[dict[str, Any]], param: str) -> None:
        with pytest.raises(InvalidInputError) as error:
            turns(("model", parts))

        assert error.value.param == param


class TestRead:
    def test_a_content_without_role_is_the_users(self) -> None:
        body = {"contents": [{"parts": [{"text": "Hi"}]}, {"role": "model", "parts": None}]}

        assert inbound.decode_request(incoming(body)).messages == (user("Hi"),)

    def test_empty_text_is_kept(self) -> None:
        assert inbound.decode_request(incoming({"contents": said("")})).messages == (user(""),)

    @pytest.mark.parametrize(
        ("contents", "param"),
        [
            ("Hi", "contents"),
            (["Hi"], "contents[0]"),
            ([{"parts": "Hi"}], "contents[0].parts"),
            ([{"parts": ["Hi"]}], "contents[0].parts[0]"),
            ([{"parts": [{"text": 1}]}], "contents[0].parts[0].text"),
            ([{"parts": [{}]}], "contents[0].parts[0]"),
            ([{"parts": [{"text": "a", **PNG}]}], "contents[0].parts[0]"),
            ([{"role": "system", "parts": [{"text": "a"}]}], "contents[0].role"),
        ],
    )
    def test_names_the_wrong_place(self, contents: Any, param: str) -> None:
        with pytest.raises(InvalidInputError) as error:
            inbound.decode_request(incoming({"contents": contents}))

        assert error.value.param == param

    @pytest.mark.parametrize(
        "key", ["executableCode", "codeExecutionResult", "toolCall", "toolResponse"]
    )
    def test_refuses_parts_of_hosted_tools(self, key: str) -> None:
        with pytest.raises(UnsupportedContentError) as error:
            turns(("model", [{key: {}}]))

        assert error.value.param == f"contents[0].parts[0].{key}"


class TestTurnsInPieces:
    def test_contents_of_the_model_in_a_row_are_one_turn(self) -> None:
        call_f = {"functionCall": {"id": "1", "name": "f", "args": {}}}
        call_g = {"functionCall": {"id": "2", "name": "g", "args": {}}}

        messages = turns(("user", [{"text": "q"}]), ("model", [call_f]), ("model", [call_g]))

        assert [message.role for message in messages] == [wire.Role.USER, wire.Role.ASSISTANT]
        assert [part.id for part in messages[1].parts if isinstance(part, wire.ToolCallPart)] == [
            "1",
            "2",
        ]


class TestIdsMadeHere:
    def test_are_short_enough_for_every_provider_and_differ(self) -> None:
        called = {"functionCall": {"name": "a_very_long_name_of_a_function" * 2, "args": {}}}

        messages = turns(("user", [{"text": "q"}]), ("model", [called, called]))

        ids = [part.id for part in messages[1].parts if isinstance(part, wire.ToolCallPart)]
        assert len(set(ids)) == 2
        assert max(map(len, ids)) <= 40
