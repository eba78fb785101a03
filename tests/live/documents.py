"""Configurations that live tests apply."""

from collections.abc import Iterable
from typing import Any

ROOTS = {
    "openai_chat": "/openai/v1",
    "openai_responses": "/openai/v1",
    "anthropic_messages": "/anthropic",
    "gemini_generate": "/gemini",
    "azure_inference": "/azure",
}
SCOPES = [
    "inference:call",
    "embeddings:call",
    "models:read",
    "moderations:call",
    "images:call",
    "audio:call",
    "rerank:call",
]
EVERY_OPERATION = ["chat", "embeddings", "moderations", "images", "speech", "transcriptions"]
EVERY_OPERATION += ["translations", "rerank", "count_tokens"]
ERRORS = (400, 401, 404, 429, 500, 503, 529)


def simulated(url: str, *, models: Iterable[str] = ()) -> dict[str, Any]:
    """Providers of all dialects at a simulator; endpoints are named `<dialect>/<model>`."""
    names = ["sim-small", "sim-embed", *(f"sim-error-{status}" for status in ERRORS), *models]
    return {
        "teams": [{"slug": "tests", "name": "Tests"}],
        "providers": [
            {
                "slug": dialect.replace("_", "-"),
                "dialect": dialect,
                "base_url": url + root,
                "credential": {"value": f"simulated-secret-of-{dialect}"},
                "simulated": True,
                "models": [
                    {
                        "name": name,
                        "max_output_tokens": 4096,
                        "operations": EVERY_OPERATION,
                        "prices": {"input_usd_per_mtok": 1.0, "output_usd_per_mtok": 4.0},
                    }
                    for name in names
                ],
            }
            for dialect, root in ROOTS.items()
        ],
        "endpoints": [
            {
                "name": f"{dialect}/{name}",
                "targets": [{"model": f"{dialect.replace('_', '-')}/{name}"}],
            }
            for dialect in ROOTS
            for name in names
        ],
        "applications": [
            {"slug": "tests", "team": "tests", "kind": "service", "scopes": SCOPES},
            {"slug": "reader", "team": "tests", "scopes": ["models:read"]},
        ],
    }
