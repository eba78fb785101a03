"""The OpenAI API: chat, responses, embeddings, moderations, images, sound, rerank and models."""

from typing import Final

from apps.providers.simulator.exchange import Route, path_model
from apps.providers.simulator.openai import (
    audio,
    chat,
    embeddings,
    images,
    moderations,
    rerank,
    responses,
)
from apps.providers.simulator.openai.models import list_models, show_model
from apps.providers.simulator.openai.shared import DIALECT, paths

ROUTES: Final = (
    Route("POST", paths("/chat/completions"), DIALECT, chat.complete),
    Route("POST", paths("/responses"), DIALECT, responses.create),
    Route("POST", paths("/responses/input_tokens"), DIALECT, responses.count),
    Route("POST", paths("/embeddings"), DIALECT, embeddings.embed),
    Route("POST", paths("/moderations"), DIALECT, moderations.moderate),
    Route("POST", paths("/images/generations"), DIALECT, images.generate),
    Route("POST", paths("/audio/speech"), DIALECT, audio.speak),
    Route("POST", paths("/audio/transcriptions"), DIALECT, audio.transcribe),
    Route("POST", paths("/audio/translations"), DIALECT, audio.transcribe),
    Route("POST", paths("/rerank"), DIALECT, rerank.rerank),
    Route("GET", paths("/models"), DIALECT, list_models),
    Route("GET", paths("/models/{model:.+}"), DIALECT, show_model, path_model),
)
