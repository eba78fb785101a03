import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import InvalidInputError
from apps.gateway.body import MAX_DEPTH, read_fields, read_incoming

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


class TestReadFields:
    def test_keeps_order_and_text_of_every_value(self) -> None:
        body = b'{"b": 1.0e0, "a" : [ 1,2 ],"\\u0062c": "\\u00e9"}'

        fields = read_fields(body)

        assert [(name, bytes(raw)) for name, raw in fields.items()] == [
            ("b", b"1.0e0"),
            ("a", b"[ 1,2 ]"),
            ("bc", b'"\\u00e9"'),
        ]

    @pytest.mark.parametrize(
        ("body", "says"),
        [
            (b"", "empty"),
            (b"  \n", "empty"),
            (b"hello", "not valid JSON"),
            (b'{"a": 1', "not valid JSON"),
            (b"[1]", "must be a JSON object"),
            (b'"text"', "must be a JSON object"),
            (b'{"a": "\xff"}', "not valid UTF-8 (byte 7)"),
            (b'{"a": "\x00"}', "NUL byte"),
            (b'{"a": "x\\u0000y"}', "NUL character"),
            (b'{"a": "\\ud800"}', "surrogate"),
            (b'{"a": "\\ud800 \\udc00"}', "surrogate"),
            (b'{"a": "\\udc00"}', "surrogate"),
            (b'{"a": "\\ud800\\ud800\\udc00"}', "surrogate"),
        ],
    )
    def test_refuses_what_no_text_or_object_can_be(self, body: bytes, says: str) -> None:
        with pytest.raises(InvalidInputError) as caught:
            read_fields(body)

        assert says in caught.value.message

    @pytest.mark.parametrize(
        "body",
        [
            b'{"a": "\\ud83d\\ude00"}',
            b'{"a": "\\\\u0000"}',
            b'{"a": "\\\\ud800"}',
            '{"a": "\U0001f600 é"}'.encode(),
        ],
    )
    def test_accepts_pairs_and_escaped_backslashes(self, body: bytes) -> None:
        assert json.loads(bytes(read_fields(body)["a"])) == json.loads(body)["a"]

    def test_refuses_deep_nesting_and_names_the_limit(self) -> None:
        body = b'{"a":' + b"[" * 200 + b"]" * 200 + b"}"

        with pytest.raises(InvalidInputError, match=f"deeper than {MAX_DEPTH}"):
            read_fields(body)

    def test_brackets_inside_strings_are_no_nesting(self) -> None:
        body = json.dumps({"a": "[{" * 500 + '"\\', "b": [[]] * 200}).encode()

        assert set(read_fields(body)) == {"a", "b"}

    @given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), json_values))
    def test_any_object_without_nul_is_read(self, value: dict[str, object]) -> None:
        body = json.dumps(value).encode()
        if "\\u0000" in body.decode().replace("\\\\", ""):
            with pytest.raises(InvalidInputError):
                read_fields(body)
            return

        assert {k: msgspec.json.decode(v) for k, v in read_fields(body).items()} == value


class TestReadIncoming:
    def test_names_the_wrong_type_and_the_field(self) -> None:
        with pytest.raises(InvalidInputError) as caught:
            read_incoming("chat", b'{"model": ["x"]}', headers={}, query={})

        assert caught.value.param == "model"
        assert "not an array" in caught.value.message

    def test_demands_a_model(self) -> None:
        with pytest.raises(InvalidInputError, match="`model` is required"):
            read_incoming("chat", b'{"model": null}', headers={}, query={})

    @pytest.mark.parametrize(("stream", "is_stream"), [("true", True), ("null", False)])
    def test_reads_the_stream_flag(self, stream: str, is_stream: bool) -> None:
        body = b'{"model": "m", "stream": %s}' % stream.encode()

        assert read_incoming("chat", body, headers={}, query={}).stream is is_stream

    def test_refuses_a_stream_flag_that_is_text(self) -> None:
        with pytest.raises(InvalidInputError) as caught:
            read_incoming("chat", b'{"model": "m", "stream": "yes"}', headers={}, query={})

        assert caught.value.param == "stream"
