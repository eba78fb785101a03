"""Azure: the AI Model Inference API, and Azure OpenAI with its deployments in the path."""

from typing import Final

from apps.providers.simulator.azure import inference, openai
from apps.providers.simulator.azure.shared import DIALECT
from apps.providers.simulator.exchange import Incoming, Route, path_model


def _asked_model(incoming: Incoming) -> str:
    return incoming.query.get("model", "")


def _paths(tail: str) -> tuple[str, ...]:
    return (f"/azure{tail}", f"/models{tail}", tail)


ROUTES: Final = (
    Route("POST", _paths("/chat/completions"), DIALECT, inference.complete),
    Route("POST", _paths("/embeddings"), DIALECT, inference.embed),
    Route("GET", _paths("/info"), DIALECT, inference.info, _asked_model),
    Route(
        "POST",
        ("/openai/deployments/{model}/chat/completions",),
        DIALECT,
        openai.complete,
        path_model,
    ),
    Route("POST", ("/openai/deployments/{model}/embeddings",), DIALECT, openai.embed, path_model),
)
