"""The bodies of moderations, images, audio and rerank.

They pass unread but for `model`: what else a body may hold is the provider's matter.

Source: platform.openai.com/docs/api-reference; for rerank the form that Cohere and vLLM share.
"""

from typing import Final

from apps.gateway.shapes.words import (
    BINARY,
    EVENTS,
    FORM,
    JSON,
    MODEL,
    Document,
    Schema,
    anything,
    each,
    ref,
    some,
    text,
    thing,
    whole,
)

_ENGLISH: Final = "The provider's answer, in the form that `response_format` asks for."

SHAPES: Final[dict[str, Schema]] = {
    "ModerationRequest": thing(
        "What is to be classified.",
        {"model": MODEL, "input": anything("A text, a list of texts, or of texts and images.")},
        required=("model", "input"),
    ),
    "Moderation": thing(
        "The provider's classification.",
        {
            "id": text("Its id."),
            "model": text("The model as the provider names it."),
            "results": each(some("flagged, categories, category_scores."), "One for each input."),
        },
    ),
    "ImageRequest": thing(
        "What is to be drawn.",
        {
            "model": MODEL,
            "prompt": text("What the image shows."),
            "n": whole("How many images."),
            "size": text("For example 1024x1024."),
        },
        required=("model", "prompt"),
    ),
    "Images": thing(
        "The provider's images.",
        {
            "created": whole("When, in Unix seconds."),
            "data": each(some("`b64_json` or `url`."), "The images."),
        },
    ),
    "SpeechRequest": thing(
        "What is to be spoken.",
        {
            "model": MODEL,
            "input": text("The text."),
            "voice": anything("Which voice speaks."),
            "response_format": text("mp3, opus, aac, flac, wav or pcm."),
        },
        required=("model", "input"),
    ),
    "AudioForm": thing(
        "A recording, uploaded as a form.",
        {
            "model": MODEL,
            "file": {**BINARY, "description": "The recording."},
            "response_format": text("json, text, srt, verbose_json or vtt."),
            "stream": text("`true` answers as server-sent events, where the provider can."),
        },
        required=("model", "file"),
    ),
    "Transcript": thing("What the recording says.", {"text": text("The words.")}),
    "RerankRequest": thing(
        "Documents to be put in order.",
        {
            "model": MODEL,
            "query": text("What is looked for."),
            "documents": each(anything("A text or an object."), "What is looked through."),
            "top_n": whole("How many of the best to give."),
        },
        required=("model", "query", "documents"),
    ),
    "Ranking": thing(
        "The provider's order.",
        {"results": each(some("`index` and `relevance_score`."), "Best first.")},
    ),
}

MODERATIONS: Final = Document(
    body={JSON: ref("ModerationRequest")}, answers={JSON: ref("Moderation")}
)
IMAGES: Final = Document(
    body={JSON: ref("ImageRequest")},
    answers={JSON: ref("Images"), EVENTS: text("With `stream: true`: partial images.")},
)
SPEECH: Final = Document(
    body={JSON: ref("SpeechRequest")},
    answers={
        "audio/*": {**BINARY, "description": "The recording, in the provider's own type."},
        EVENTS: text("With `stream: true`: pieces of the recording."),
    },
)
TRANSCRIPTIONS: Final = Document(
    body={FORM: ref("AudioForm")},
    answers={
        JSON: ref("Transcript"),
        "text/plain": text(_ENGLISH),
        EVENTS: text("With `stream=true`: pieces of the transcript."),
    },
)
TRANSLATIONS: Final = Document(
    body={FORM: ref("AudioForm")},
    answers={JSON: ref("Transcript"), "text/plain": text(_ENGLISH)},
)
RERANK: Final = Document(body={JSON: ref("RerankRequest")}, answers={JSON: ref("Ranking")})
