import base64

import pytest

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.chat_family import media


class TestReadUrl:
    def test_leaves_a_web_address_alone(self) -> None:
        assert media.read_url("https://x.test/a.png", at="u") == wire.Media(
            url="https://x.test/a.png"
        )

    def test_reads_a_base64_data_url(self) -> None:
        assert media.read_url("data:image/PNG;base64,AAAA", at="u") == wire.Media(
            media_type="image/png", data="AAAA"
        )

    def test_reads_a_data_url_with_a_charset(self) -> None:
        read = media.read_url("data:text/plain;charset=utf-8;base64,aGk=", at="u")

        assert read == wire.Media(media_type="text/plain", data="aGk=")

    def test_turns_percent_signs_into_base64(self) -> None:
        read = media.read_url("data:text/plain,a%20b", at="u")

        assert read.data is not None
        assert base64.b64decode(read.data) == b"a b"

    def test_undoes_percent_signs_in_base64(self) -> None:
        assert media.read_url("data:image/png;base64,AA%3D%3D", at="u").data == "AA=="

    @pytest.mark.parametrize("url", ["", "data:image/png;base64"])
    def test_refuses_what_is_no_url_and_names_the_field(self, url: str) -> None:
        with pytest.raises(InvalidInputError) as caught:
            media.read_url(url, at="messages[0].content[1].image_url.url")

        assert caught.value.param == "messages[0].content[1].image_url.url"


class TestWriteDataUrl:
    def test_names_the_media_type(self) -> None:
        given = wire.Media(media_type="image/gif", data="AAAA")

        assert media.write_data_url(given, default_type="image/png") == "data:image/gif;base64,AAAA"

    def test_finds_out_a_type_that_nobody_gave(self) -> None:
        given = wire.Media(data="/9j/4AAQ")

        assert media.write_data_url(given, default_type="image/png").startswith("data:image/jpeg;")

    def test_falls_back_to_the_default(self) -> None:
        assert media.write_data_url(wire.Media(data="zzzz"), default_type="image/png").startswith(
            "data:image/png;"
        )


class TestAudioFormat:
    @pytest.mark.parametrize(
        ("media_type", "name"),
        [
            ("audio/wav", "wav"),
            ("audio/mpeg", "mp3"),
            ("audio/ogg; codecs=opus", "ogg"),
            ("audio/x-flac", "flac"),
            (None, "wav"),
        ],
    )
    def test_is_the_short_name(self, media_type: str | None, name: str) -> None:
        assert media.audio_format(media_type) == name

    @pytest.mark.parametrize("name", ["wav", "mp3", "flac", "m4a", "pcm16"])
    def test_is_undone_by_audio_type(self, name: str) -> None:
        assert media.audio_format(media.audio_type(name)) == name


class TestTextOf:
    def test_reads_a_text_document(self) -> None:
        data = base64.b64encode("grüß".encode()).decode()

        assert media.text_of(wire.Media(media_type="text/plain", data=data)) == "grüß"

    @pytest.mark.parametrize(
        "given",
        [
            wire.Media(media_type="application/pdf", data="aGk="),
            wire.Media(media_type="text/plain", url="https://x.test"),
            wire.Media(media_type="text/plain", data="/w=="),
            wire.Media(data="aGk="),
        ],
    )
    def test_gives_nothing_for_anything_else(self, given: wire.Media) -> None:
        assert media.text_of(given) is None
