import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import InvalidInputError
from apps.providers.dialects.openai_chat.multipart import replace_model

KIND = "multipart/form-data; boundary=XX"


def field(name: str, value: bytes, extra: bytes = b"") -> bytes:
    head = b'--XX\r\nContent-Disposition: form-data; name="' + name.encode() + b'"'
    return head + extra + b"\r\n\r\n" + value + b"\r\n"


FILE = field("file", b"\x00--X\r\n\r\nname=model\xff", b'; filename="model"')
END = b"--XX--\r\n"


class TestReplaceModel:
    def test_replaces_the_field_wherever_it_stands(self) -> None:
        for before, after in ((b"", FILE), (FILE, b""), (FILE, field("language", b"de"))):
            body = before + field("model", b"whisper") + after + END

            replaced = replace_model(body, KIND, "other")

            assert replaced == before + field("model", b"other") + after + END

    def test_adds_the_field_when_there_is_none(self) -> None:
        assert replace_model(FILE + END, KIND, "other") == field("model", b"other") + FILE + END

    def test_is_not_fooled_by_names_that_are_alike(self) -> None:
        alike = field("models", b"a") + field("my_model", b"b") + FILE

        replaced = replace_model(alike + field("model", b"c") + END, KIND, "other")

        assert replaced == alike + field("model", b"other") + END

    def test_takes_headers_in_any_order_and_case(self) -> None:
        heads = b"--XX\r\nContent-Type: text/plain\r\ncontent-disposition:form-data;NAME=model"
        body = heads + b"\r\n\r\na\r\n"

        assert replace_model(body + END, KIND, "b") == body[:-3] + b"b\r\n" + END

    def test_takes_a_quoted_boundary_and_a_preamble(self) -> None:
        body = b"preamble\r\n" + field("model", b"a") + END

        replaced = replace_model(body, 'multipart/form-data; boundary="XX"; x=y', "b")

        assert replaced == b"preamble\r\n" + field("model", b"b") + END

    def test_replaces_an_empty_value(self) -> None:
        assert replace_model(field("model", b"") + END, KIND, "b") == field("model", b"b") + END

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b"{}", "application/json"),
            (b"{}", ""),
            (FILE + END, "multipart/form-data"),
            (b"nothing of the kind", KIND),
            (FILE, KIND),
            (b"--XX", KIND),
        ],
    )
    def test_refuses_what_it_cannot_read(self, body: bytes, kind: str) -> None:
        with pytest.raises(InvalidInputError):
            replace_model(body, kind, "b")

    @given(st.binary(max_size=80), st.binary(max_size=20))
    def test_keeps_every_other_byte(self, content: bytes, value: bytes) -> None:
        if b"--XX" in content + b"|" + value:
            return
        rest = field("file", content, b'; filename="a"')

        body = field("model", value) + rest + END

        assert replace_model(body, KIND, "new") == field("model", b"new") + rest + END
