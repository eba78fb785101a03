"""The OpenAI API: chat, responses, embeddings, moderations, images, sound, rerank and models."""

from typing import Final

from apps.providers.simulator.exchange import Route, path_model
from apps.providers.simulator.openai import chat, embeddings
from apps.providers.simulator.openai.models import list_models, show_model
from apps.providers.simulator.openai.shared import DIALECT, paths

ROUTES: Final = (
    Route("POST", paths("/chat/completions"), DIALECT, chat.complete),
    Route("POST", paths("/embeddings"), DIALECT, embeddings.embed),
    Route("GET", paths("/models"), DIALECT, list_models),
    Route("GET", paths("/models/{model:.+}"), DIALECT, show_model, path_model),
)
