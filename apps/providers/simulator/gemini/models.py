"""List models in the shape of the Gemini API.

Source: https://ai.google.dev/api/models
"""

from typing import Any

from apps.providers.simulator import catalogue
from apps.providers.simulator.catalogue import Listed
from apps.providers.simulator.exchange import Incoming, Whole, json_reply

METHODS = {
    "chat": ["generateContent", "countTokens"],
    "embeddings": ["embedContent", "batchEmbedContents"],
}


def list_models(incoming: Incoming) -> Whole:
    """Answer GET models."""
    return json_reply({"models": [_shown(model) for model in catalogue.MODELS]})


def show_model(incoming: Incoming) -> Whole:
    """Answer GET models/{model}."""
    return json_reply(_shown(catalogue.listed(incoming.parts["model"])))


def _shown(model: Listed) -> dict[str, Any]:
    return {
        "name": f"models/{model.name}",
        "version": "001",
        "displayName": model.title,
        "description": "No model: a simulated provider that answers from the question alone.",
        "inputTokenLimit": 1_000_000,
        "outputTokenLimit": 65_536,
        "supportedGenerationMethods": METHODS[model.kind],
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
        "maxTemperature": 2,
    }
