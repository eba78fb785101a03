"""Operations that only some providers have, through the official SDK: forwarded, or refused."""

import io
from collections.abc import Iterator

import httpx2 as httpx
import openai
import pytest

from tests.live.portal import LivePortal

OPENAI = "openai_chat/sim-small"
ANTHROPIC = "anthropic_messages/sim-small"
WAV = (
    b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00"
)
WAV += b"\x02\x00\x10\x00data\x00\x00\x00\x00"


@pytest.fixture(scope="module")
def client(live_portal: LivePortal) -> Iterator[openai.OpenAI]:
    url = f"{live_portal.base_url}/v1"
    with openai.OpenAI(base_url=url, api_key=live_portal.key, max_retries=0) as client:
        yield client


class TestForwarded:
    def test_moderations(self, client: openai.OpenAI) -> None:
        reply = client.moderations.create(model=OPENAI, input="Something harmless.")

        assert reply.results[0].flagged is False

    def test_images(self, client: openai.OpenAI) -> None:
        reply = client.images.generate(model=OPENAI, prompt="A fjord.")

        assert reply.data
        assert reply.data[0].b64_json or reply.data[0].url

    def test_speech_is_passed_as_sound(self, client: openai.OpenAI) -> None:
        reply = client.audio.speech.create(
            model=OPENAI, voice="alloy", input="Hello.", response_format="wav"
        )

        assert reply.content.startswith(b"RIFF")
        assert reply.response.headers["content-type"].startswith("audio/")

    @pytest.mark.parametrize("kind", ["transcriptions", "translations"])
    @pytest.mark.filterwarnings("ignore:deprecated")  # what the SDK says of translations
    def test_uploads(self, kind: str, client: openai.OpenAI) -> None:
        sound = io.BytesIO(WAV)
        sound.name = "speech.wav"

        reply = getattr(client.audio, kind).create(model=OPENAI, file=sound)

        assert "[simulated]" in reply.text

    def test_rerank(self, live_portal: LivePortal) -> None:
        body = {"model": OPENAI, "query": "fjord", "documents": ["a fjord", "a desert"]}
        headers = {"authorization": f"Bearer {live_portal.key}"}

        reply = httpx.post(f"{live_portal.base_url}/v1/rerank", json=body, headers=headers)

        assert reply.status_code == 200
        assert reply.json()["results"][0]["index"] == 0


class TestRefused:
    def test_a_provider_without_the_operation_is_a_clear_400(self, client: openai.OpenAI) -> None:
        with pytest.raises(openai.BadRequestError, match="moderations"):
            client.moderations.create(model=ANTHROPIC, input="Something.")

    def test_an_upload_without_model_names_the_field(self, live_portal: LivePortal) -> None:
        headers = {"authorization": f"Bearer {live_portal.key}"}

        reply = httpx.post(
            f"{live_portal.base_url}/v1/audio/transcriptions",
            files={"file": ("a.wav", WAV, "audio/wav")},
            headers=headers,
        )

        assert reply.status_code == 400
        assert reply.json()["error"]["param"] == "model"
