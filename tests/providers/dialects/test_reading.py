import msgspec
import pytest

from apps.core.errors import InvalidInputError
from apps.providers.dialects.reading import join_path, read, read_provider, wrong_value
from apps.providers.errors import ProviderProtocolError


class Inner(msgspec.Struct):
    text: str


class Outer(msgspec.Struct):
    items: list[Inner]


class TestRead:
    def test_reads_bytes(self) -> None:
        assert read(Outer, b'{"items":[{"text":"a"}]}') == Outer([Inner("a")])

    def test_reads_raw_json(self) -> None:
        assert read(Inner, msgspec.Raw(b'{"text":"a"}')) == Inner("a")

    def test_reads_plain_data(self) -> None:
        assert read(Inner, {"text": "a"}) == Inner("a")

    def test_names_the_path_of_a_wrong_value(self) -> None:
        with pytest.raises(InvalidInputError) as caught:
            read(Outer, b'{"items":[{"text":1}]}', at="body")

        assert caught.value.param == "body.items[0].text"
        assert caught.value.message == "`body.items[0].text`: Expected `str`, got `int`."

    def test_names_the_place_where_a_field_is_missing(self) -> None:
        with pytest.raises(InvalidInputError) as caught:
            read(Outer, {"items": [{}]})

        assert caught.value.param == "items[0]"
        assert "missing required field `text`" in caught.value.message

    @pytest.mark.parametrize("body", [b"", b"{", b"nonsense", b'{"text":"\xff"}', b'"\\ud800"'])
    def test_refuses_what_is_not_json(self, body: bytes) -> None:
        with pytest.raises(InvalidInputError):
            read(Inner, body)

    def test_refuses_what_is_nested_too_deep(self) -> None:
        with pytest.raises(InvalidInputError):
            read(dict, b'{"a":' + b"[" * 100_000)


class TestWrongValue:
    def test_has_no_path_when_the_whole_is_wrong(self) -> None:
        error = wrong_value("Expected `object`, got `array`")

        assert (error.message, error.param) == ("Expected `object`, got `array`.", None)


class TestJoinPath:
    @pytest.mark.parametrize(
        ("base", "rest", "whole"),
        [("a", "b", "a.b"), ("a", "[0].b", "a[0].b"), ("", "b", "b"), ("a", "", "a")],
    )
    def test_joins(self, base: str, rest: str, whole: str) -> None:
        assert join_path(base, rest) == whole


class TestReadProvider:
    def test_takes_numbers_as_text(self) -> None:
        class Count(msgspec.Struct):
            tokens: int

        assert read_provider(Count, b'{"tokens":"7"}').tokens == 7

    @pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"text":[]}', b""])
    def test_calls_an_unreadable_answer_the_fault_of_the_provider(self, body: bytes) -> None:
        with pytest.raises(ProviderProtocolError) as caught:
            read_provider(Inner, body)

        assert caught.value.body == body
