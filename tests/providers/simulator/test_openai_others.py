import base64
import io
import struct
import wave
import zlib

import pytest

from tests.providers.simulator.client import DEFAULT_HEADERS, Client, Specs

ROOT = "/openai/v1"


class TestEmbeddings:
    @pytest.mark.needs_shared
    def test_validate(self, client: Client, specs: Specs) -> None:
        got = client.post(f"{ROOT}/embeddings", {"model": "sim-embed", "input": ["a", "b c"]})

        specs.openai("CreateEmbeddingResponse", got.json)

    def test_base64_is_the_same_vector(self, client: Client) -> None:
        body = {"model": "sim-embed", "input": "hello world", "dimensions": 64}

        plain = client.post(f"{ROOT}/embeddings", body).json["data"][0]["embedding"]
        packed = client.post(f"{ROOT}/embeddings", {**body, "encoding_format": "base64"}).json

        raw = base64.b64decode(packed["data"][0]["embedding"])
        assert list(struct.unpack("<64f", raw)) == plain
        assert sum(value * value for value in plain) == pytest.approx(1)

    def test_texts_that_share_words_are_near(self, client: Client) -> None:
        texts = ["the red fox runs", "a red fox ran", "quarterly tax report"]
        body = {"model": "sim-embed", "input": texts}

        near, also, far = (
            item["embedding"] for item in client.post(f"{ROOT}/embeddings", body).json["data"]
        )

        assert dot(near, also) > dot(near, far)

    def test_tokens_are_taken_too(self, client: Client) -> None:
        got = client.post(f"{ROOT}/embeddings", {"model": "sim-embed", "input": [[1, 2], [3]]})

        assert len(got.json["data"]) == 2
        assert got.json["usage"]["prompt_tokens"] == 3


def dot(left: list[float], right: list[float]) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


class TestModerations:
    @pytest.mark.needs_shared
    def test_validate(self, client: Client, specs: Specs) -> None:
        image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
        inputs = ("hello", ["hello", "I will kill it"], [{"type": "text", "text": "x"}, image])
        for value in inputs:
            got = client.post(f"{ROOT}/moderations", {"input": value})
            specs.openai("CreateModerationResponse", got.json)

    def test_flags_plain_words(self, client: Client) -> None:
        body = {"input": ["a quiet day", "I hate you"]}

        calm, angry = client.post(f"{ROOT}/moderations", body).json["results"]

        assert not calm["flagged"]
        assert angry["categories"]["hate"]
        assert angry["category_scores"]["hate"] > 0.9


class TestImages:
    def test_draws_a_png_of_the_size(self, client: Client) -> None:
        body = {"model": "sim-image", "prompt": "a cat", "size": "64x32", "n": 2}

        reply = client.post(f"{ROOT}/images/generations", body).json

        first, second = (base64.b64decode(item["b64_json"]) for item in reply["data"])
        assert first.startswith(b"\x89PNG")
        assert struct.unpack(">II", first[16:24]) == (64, 32)
        assert first != second
        pixels = first[first.index(b"IDAT") + 4 :]
        assert len(zlib.decompressobj().decompress(pixels)) == 32 * (1 + 8)

    def test_gives_an_url_that_answers(self, client: Client) -> None:
        body = {"model": "sim-image", "prompt": "a cat", "response_format": "url"}

        url = client.post(f"{ROOT}/images/generations", body).json["data"][0]["url"]

        assert url.startswith(client.url)
        assert client.get(url.removeprefix(client.url)).body.startswith(b"\x89PNG")

    def test_refuses_an_impossible_size(self, client: Client) -> None:
        got = client.post(f"{ROOT}/images/generations", {"prompt": "a cat", "size": "huge"})

        assert (got.status, got.json["error"]["param"]) == (400, "size")


class TestAudio:
    def test_speaks_wav_pcm_and_mp3(self, client: Client) -> None:
        body = {"model": "sim-voice", "input": "one two three four", "voice": "alloy"}

        sound = {
            form: client.post(f"{ROOT}/audio/speech", {**body, "response_format": form})
            for form in ("wav", "pcm", "mp3")
        }

        with wave.open(io.BytesIO(sound["wav"].body)) as opened:
            assert opened.getnframes() == 4800
        assert len(sound["pcm"].body) == 9600
        assert sound["mp3"].headers["content-type"] == "audio/mpeg"
        assert len(sound["mp3"].body) % 417 == 0

    @pytest.mark.parametrize("form", ["json", "verbose_json", "text", "srt", "vtt"])
    def test_hears_how_large_a_file_is(self, client: Client, form: str) -> None:
        fields = {"model": "sim-ears", "response_format": form}
        parts = [
            f'--b\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        head = 'content-disposition: form-data; name="file"; filename="a.wav"'
        body = (
            f"{''.join(parts)}--b\r\n{head}\r\ncontent-type: audio/wav\r\n\r\nabcdef\r\n--b--\r\n"
        )
        headers = {**DEFAULT_HEADERS, "content-type": "multipart/form-data; boundary=b"}

        got = client.send("POST", f"{ROOT}/audio/transcriptions", body.encode(), headers)

        assert got.status == 200
        assert b"I heard 6 bytes of audio/wav." in got.body


class TestRerank:
    def test_puts_the_nearest_first(self, client: Client) -> None:
        documents = ["tax report", {"text": "the red fox"}, "a fox"]
        body = {"model": "sim-rank", "query": "red fox", "documents": documents, "top_n": 2}

        reply = client.post(f"{ROOT}/rerank", {**body, "return_documents": True}).json

        assert [result["index"] for result in reply["results"]] == [1, 2]
        assert reply["results"][0]["document"] == {"text": "the red fox"}


class TestModels:
    @pytest.mark.needs_shared
    def test_validate(self, client: Client, specs: Specs) -> None:
        specs.openai("ListModelsResponse", client.get(f"{ROOT}/models").json)
        specs.openai("Model", client.get(f"{ROOT}/models/sim-small").json)

    def test_the_common_root_answers_in_the_shape_of_who_asks(self, client: Client) -> None:
        plain = client.get("/v1/models", {"authorization": "Bearer key"}).json
        versioned = client.get("/v1/models", DEFAULT_HEADERS).json
        google = client.get("/v1/models", {"x-goog-api-key": "key"}).json

        assert plain["object"] == "list"
        assert versioned["has_more"] is False
        assert google["models"][0]["name"] == "models/sim-small"
