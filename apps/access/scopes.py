"""The table of scopes: what an API key or an OAuth token may do."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Scope:
    """One right, `resource:action`; a sensitive one shows others' words or changes who may what."""

    name: str
    description: str
    sensitive: bool = False


def _managed(resource: str, what: str, *more: Scope, sensitive: bool = False) -> list[Scope]:
    return [
        Scope(f"{resource}:read", f"List and read {what}"),
        Scope(f"{resource}:write", f"Create and change {what}", sensitive),
        Scope(f"{resource}:delete", f"Delete {what}", sensitive),
        *more,
    ]


_TABLE: Final[list[Scope]] = [
    # Calls to models
    Scope("inference:call", "Send messages to a model and get its answer"),
    Scope("embeddings:call", "Turn texts into vectors"),
    Scope("moderations:call", "Have texts and images classified"),
    Scope("images:call", "Make and change images"),
    Scope("audio:call", "Turn speech into text and text into speech"),
    Scope("rerank:call", "Put documents in order of relevance"),
    Scope("models:read", "List the models that may be called"),
    # Work that outlives a request
    *_managed("files", "uploaded files"),
    *_managed("batches", "batches of calls"),
    *_managed("fine_tuning", "fine-tuning jobs"),
    *_managed("runs", "runs"),
    *_managed("sessions", "sessions and their artifacts"),
    # Prompts
    *_managed(
        "prompts",
        "prompt templates",
        Scope("prompts:render", "Render a prompt template"),
        Scope("prompts:promote", "Move a protected label of a prompt template", sensitive=True),
    ),
    # Administration
    *_managed("teams", "teams and their members", sensitive=True),
    *_managed("applications", "applications", sensitive=True),
    *_managed(
        "keys",
        "API keys",
        Scope("keys:rotate", "Replace API keys", sensitive=True),
        Scope("keys:delegate", "Give a part of one's own rights to a child key", sensitive=True),
        sensitive=True,
    ),
    *_managed("plans", "plans", sensitive=True),
    *_managed("quotas", "quotas", sensitive=True),
    *_managed("providers", "providers and their models", sensitive=True),
    *_managed("endpoints", "published endpoints", sensitive=True),
    *_managed(
        "credentials",
        "credentials of providers",
        Scope("credentials:rotate", "Replace credentials of providers", sensitive=True),
        sensitive=True,
    ),
    *_managed("webhooks", "webhooks", sensitive=True),
    # Looking back
    Scope("logs:read", "Read the facts of past calls"),
    Scope("logs:read_bodies", "Read what was said in past calls", sensitive=True),
    Scope("usage:read", "Read usage and cost"),
    Scope("quota:read", "Read one's own remaining allowance"),
    Scope("scopes:read", "Read which scopes are used"),
    Scope("audit:read", "Read the audit trail", sensitive=True),
]

SCOPES: Final[dict[str, Scope]] = {scope.name: scope for scope in _TABLE}

# What a new application may do unless somebody says otherwise: call and look, nothing else.
DEFAULT_SCOPES: Final = ("inference:call", "embeddings:call", "models:read")
