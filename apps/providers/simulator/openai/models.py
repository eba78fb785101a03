"""List models in the shape of the OpenAI API.

Source: openapi `ListModelsResponse`.
"""

from typing import Any

from apps.providers.simulator import catalogue
from apps.providers.simulator.catalogue import Listed
from apps.providers.simulator.exchange import Incoming, Whole, json_reply
from apps.providers.simulator.openai.shared import EPOCH


def list_models(incoming: Incoming) -> Whole:
    """Answer GET /models."""
    return json_reply({"object": "list", "data": [_shown(model) for model in catalogue.MODELS]})


def show_model(incoming: Incoming) -> Whole:
    """Answer GET /models/{model}."""
    return json_reply(_shown(catalogue.listed(incoming.parts["model"])))


def _shown(model: Listed) -> dict[str, Any]:
    return {"id": model.name, "object": "model", "created": EPOCH, "owned_by": "simulated"}
