"""The models that the simulated provider lists; any other name is answered too."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Listed:
    """One model of the list; `kind` is chat or embeddings."""

    name: str
    kind: str
    title: str


MODELS: Final = (
    Listed("sim-small", "chat", "Simulated small"),
    Listed("sim-large", "chat", "Simulated large"),
    Listed("sim-embed", "embeddings", "Simulated embeddings"),
)


def kind_of(name: str) -> str:
    """Return what a model of this name is for."""
    return "embeddings" if "embed" in name else "chat"


def listed(name: str) -> Listed:
    """Return the entry of a model; unlisted ones get one of their own."""
    for model in MODELS:
        if model.name == name:
            return model
    return Listed(name, kind_of(name), f"Simulated {name}")
