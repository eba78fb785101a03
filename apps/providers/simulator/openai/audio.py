"""Answer speech with a hum, and transcriptions with what the file was.

Source: https://platform.openai.com/docs/api-reference/audio
"""

import math
import struct
from typing import Any, Final

from apps.providers.simulator import reading, tokens
from apps.providers.simulator.dice import digest
from apps.providers.simulator.exchange import Incoming, SimError, Upload, Whole, json_reply

SAMPLE_RATE: Final = 24_000
WORD_S: Final = 0.05
MAX_WORDS: Final = 200
LOUDNESS: Final = 4000
# MPEG 1 layer III, 128 kbit/s, 44.1 kHz, mono: a header, and side information that says silence.
MP3_FRAME: Final = b"\xff\xfb\x90\xc4" + bytes(413)
MP3_FRAME_S: Final = 1152 / 44_100
SPEECH_TYPES: Final = {"mp3": "audio/mpeg", "wav": "audio/wav", "pcm": "audio/pcm"}
TRANSCRIPTS: Final = ("json", "verbose_json", "text", "srt", "vtt")


def speak(incoming: Incoming) -> Whole:
    """Answer POST /audio/speech: a hum as long as the text, silent in MP3."""
    body = incoming.body
    reading.required(body, "model", "input", "voice")
    form = reading.one_of(body.get("response_format") or "mp3", SPEECH_TYPES, "response_format")
    text = reading.text(body["input"], "input")
    duration_s = min(len(text.split()) or 1, MAX_WORDS) * WORD_S
    return Whole(_sound(form, duration_s, digest(text)), media_type=SPEECH_TYPES[form])


def _sound(form: str, duration_s: float, key: str) -> bytes:
    if form == "mp3":
        return MP3_FRAME * math.ceil(duration_s / MP3_FRAME_S)
    step = math.tau * (200 + int(key[:2], 16)) / SAMPLE_RATE
    count = int(duration_s * SAMPLE_RATE)
    samples = (int(LOUDNESS * math.sin(step * at)) for at in range(count))
    raw = struct.pack(f"<{count}h", *samples)
    return raw if form == "pcm" else _wav_header(len(raw)) + raw


def _wav_header(size: int) -> bytes:
    riff = struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE")
    rates = (SAMPLE_RATE, SAMPLE_RATE * 2, 2, 16)
    return riff + struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, 1, 1, *rates, b"data", size)


def transcribe(incoming: Incoming) -> Whole:
    """Answer POST /audio/transcriptions and /audio/translations in any of their forms."""
    upload = incoming.form.get("file")
    if not isinstance(upload, Upload):
        raise SimError(400, "[simulated] Missing required parameter: 'file'.", param="file")
    if not incoming.form.get("model"):
        raise SimError(400, "[simulated] Missing required parameter: 'model'.", param="model")
    asked = incoming.form.get("response_format") or "json"
    form = reading.one_of(asked, TRANSCRIPTS, "response_format")
    said = f"[simulated] I heard {len(upload.data)} bytes of {upload.media_type}."
    if form in ("json", "verbose_json"):
        return json_reply(_transcript(said, upload, verbose=form == "verbose_json"))
    shown = {
        "text": f"{said}\n",
        "srt": f"1\n00:00:00,000 --> 00:00:01,000\n{said}\n\n",
        "vtt": f"WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n{said}\n\n",
    }
    return Whole(shown[form].encode(), media_type="text/plain; charset=utf-8")


def _transcript(said: str, upload: Upload, *, verbose: bool) -> dict[str, Any]:
    if verbose:
        segment = {"id": 0, "start": 0.0, "end": 1.0, "text": said}
        about = {"task": "transcribe", "language": "english", "duration": 1.0}
        return {**about, "text": said, "segments": [segment]}
    heard, written = len(upload.data) // 100 + 1, tokens.count(said)
    details = {"audio_tokens": heard, "text_tokens": 0}
    counts = {"input_tokens": heard, "output_tokens": written, "total_tokens": heard + written}
    usage = {"type": "tokens", **counts, "input_token_details": details}
    return {"text": said, "usage": usage}
