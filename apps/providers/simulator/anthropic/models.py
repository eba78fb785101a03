"""List models in the shape of the Anthropic API.

Source: https://platform.claude.com/docs/en/api/models-list
"""

from typing import Any

from apps.providers.simulator import catalogue
from apps.providers.simulator.catalogue import Listed
from apps.providers.simulator.exchange import Incoming, Whole, json_reply


def list_models(incoming: Incoming) -> Whole:
    """Answer GET /v1/models."""
    data = [_shown(model) for model in catalogue.MODELS if model.kind == "chat"]
    first, last = data[0]["id"], data[-1]["id"]
    return json_reply({"data": data, "has_more": False, "first_id": first, "last_id": last})


def show_model(incoming: Incoming) -> Whole:
    """Answer GET /v1/models/{model}."""
    return json_reply(_shown(catalogue.listed(incoming.parts["model"])))


def _shown(model: Listed) -> dict[str, Any]:
    return {
        "type": "model",
        "id": model.name,
        "display_name": model.title,
        "created_at": "2026-11-01T00:00:00Z",
    }
