"""Arguments and results as objects."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.providers.dialects.gemini_generate.schema import json_schema
from apps.providers.dialects.gemini_generate.signing import (
    Signature,
    read_signature,
    write_signature,
)
from apps.providers.dialects.gemini_generate.values import (
    NULL,
    arguments_object,
    arguments_text,
    result_object,
    result_text,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["result", "error", "_raw", "a"]) | st.text(max_size=3),
            inner,
            max_size=2,
        )
    ),
    max_leaves=6,
)
json_texts = json_values.map(lambda value: msgspec.json.encode(value).decode())
texts = st.text(max_size=20) | json_texts


class TestArguments:
    @given(texts)
    def test_come_back_as_they_were(self, text: str) -> None:
        back = arguments_text(arguments_object(text))

        assert back == (text or "{}") or _same_json(back, text)

    def test_are_an_object_whatever_the_model_says(self) -> None:
        for text in ("oops", "[1]", "1", '{"a":', '{"_raw": "x"}'):
            assert isinstance(msgspec.json.decode(arguments_object(text)), dict)

    def test_keep_numbers_as_they_are_spelt(self) -> None:
        assert bytes(arguments_object('{"a":1.50e2}')) == b'{"a":1.50e2}'

    def test_stay_on_one_line(self) -> None:
        assert bytes(arguments_object('{\n  "a": 1.50\n}')) == b'{"a":1.50}'

    def test_absent_ones_are_empty(self) -> None:
        assert arguments_text(NULL) == arguments_text(msgspec.Raw(b"{}")) == "{}"


class TestResults:
    @given(texts, st.booleans())
    def test_come_back_as_they_were(self, text: str, is_error: bool) -> None:
        response = msgspec.Raw(bytes(result_object(text, is_error=is_error)))

        assert isinstance(msgspec.json.decode(response), dict)
        assert result_text(response) == (text, is_error)

    @pytest.mark.parametrize("is_error", [True, False])
    def test_no_text_comes_back_too(self, is_error: bool) -> None:
        assert result_text(result_object(None, is_error=is_error)) == (None, is_error)

    @pytest.mark.parametrize(
        ("text", "sent"),
        [
            ("fine", b'{"result":"fine"}'),
            ('{"t":1}', b'{"t":1}'),
            ("[1]", b'{"result":"[1]"}'),
            ('{"result":"x"}', b'{"result":"{\\"result\\":\\"x\\"}"}'),
            ('{"result":{"a":1}}', b'{"result":{"a":1}}'),
        ],
    )
    def test_follow_the_convention(self, text: str, sent: bytes) -> None:
        assert bytes(result_object(text, is_error=False)) == sent

    def test_reads_what_callers_send(self) -> None:
        assert result_text(msgspec.Raw(b'{"output": 5}')) == ('{"output": 5}', False)
        assert result_text(msgspec.Raw(b'{"error": {"code": 5}}')) == (
            '{"error": {"code": 5}}',
            True,
        )
        assert result_text(NULL) == (None, False)


class TestSignatures:
    @given(
        st.text(max_size=10) | st.none(),
        st.sampled_from(["anthropic_messages", "openai_responses"]),
        st.sampled_from([None, "rs_1"]),
        st.booleans(),
    )
    def test_foreign_ones_come_back(
        self, text: str | None, origin: str, item: str | None, redacted: bool
    ) -> None:
        signature = Signature(text or None, origin, item, redacted)
        field = write_signature(signature)

        if text or item or redacted:
            assert read_signature(field) == signature
            # The official client decodes the field and encodes it in the other alphabet.
            assert field is not None
            assert (
                read_signature(field.replace("+", "-").replace("/", "_").rstrip("=")) == signature
            )
        else:
            assert field is None

    def test_own_ones_pass(self) -> None:
        for text in ("c2ln", "cG9ydGFsOm9k", "cG9ydGFsO!"):
            assert read_signature(text) == Signature(text)
            assert write_signature(Signature(text)) == text


class TestJsonSchema:
    def test_reads_the_openapi_subset(self) -> None:
        schema = {
            "type": "OBJECT",
            "property_ordering": ["b", "a"],
            "properties": {
                "a": {"type": "ARRAY", "items": {"type": "INTEGER"}, "min_items": "1"},
                "b": {"type": "STRING", "enum": ["x"], "nullable": True, "example": "x"},
                "nullable": {"anyOf": [{"type": "NUMBER"}], "nullable": True},
                "self": {"ref": "#/defs/n"},
            },
            "defs": {"n": {"type": "TYPE_UNSPECIFIED", "format": "int32"}},
            "required": ["a"],
            "title": None,
        }

        read = json_schema(schema)

        assert list(read["properties"]) == ["b", "a", "nullable", "self"]
        assert read == {
            "type": "object",
            "properties": {
                "a": {"type": "array", "items": {"type": "integer"}, "minItems": 1},
                "b": {"type": ["string", "null"], "enum": ["x", None], "examples": ["x"]},
                "nullable": {"anyOf": [{"type": "number"}, {"type": "null"}]},
                "self": {"$ref": "#/$defs/n"},
            },
            "$defs": {"n": {"format": "int32"}},
            "required": ["a"],
        }

    def test_leaves_json_schema_alone(self) -> None:
        schema = {"type": ["string", "null"], "$defs": {"a": {}}, "additionalProperties": False}

        assert json_schema(schema) == schema


def _same_json(one: str, other: str) -> bool:
    try:
        return bool(msgspec.json.decode(one) == msgspec.json.decode(other))
    except msgspec.DecodeError:
        return False
