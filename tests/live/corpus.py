"""The recorded exchanges as cases for a live portal: which apply, and how each is configured."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHAT = {
    "chat.completions": "/chat/completions",
    "openai-compat.chat": "/chat/completions",
    "aoai.chat.completions": "/chat/completions",
    "responses": "/responses",
    "messages": "/v1/messages",
}
GEMINI = {
    "generateContent": "chat",
    "streamGenerateContent": "chat",
    "countTokens": "count_tokens",
    "embedContent": "embeddings",
    "batchEmbedContents": "embeddings",
}
OTHERS = {
    "embeddings": ("embeddings", "/embeddings"),
    "images": ("images", "/images/generations"),
    "messages.count_tokens": ("count_tokens", "/v1/messages/count_tokens"),
}
NOT_APPLICABLE = {
    "bedrock": "a provider outside the surface",
    "cohere": "a provider outside the surface",
    "completions": "legacy completions are not served",
    "conversations": "state at the provider",
    "files": "files come with a later stage",
    "cachedContents": "state at the provider",
    "responses.get": "state at the provider",
    "responses.compact": "state at the provider",
    "responses.input_tokens": "not among the served paths",
    "models.list": "models are the portal's own endpoints",
    "info": "the portal answers about its own endpoints",
    "aoai.info": "the portal answers about its own endpoints",
}


@dataclass(frozen=True)
class Case:
    """One recorded exchange that the portal can replay."""

    id: str
    number: int
    dialect: str
    operation: str
    base_path: str
    model: str
    options: Mapping[str, Any]
    verb: str | None
    exchange: Mapping[str, Any]

    @property
    def request(self) -> dict[str, Any] | None:
        """The recorded request body, if any was recorded."""
        return self.exchange.get("request_body")

    @property
    def status(self) -> int:
        """The recorded status."""
        return int(self.exchange["status"])

    @property
    def streams(self) -> bool:
        """Whether the answer is an event stream."""
        return "response_sse_text" in self.exchange

    @property
    def answer(self) -> bytes:
        """The recorded answer's bytes, as the replay sends them."""
        exchange = self.exchange
        for key in ("response_sse_text", "response_text"):
            if key in exchange:
                return str(exchange[key]).encode()
        return json.dumps(exchange["response_body"], ensure_ascii=False).encode()


def load(folder: Path) -> tuple[list[Case], dict[str, str]]:
    """Cases that apply, and the ids of those that do not with the reason."""
    cases: list[Case] = []
    left_out: dict[str, str] = {}
    for path in sorted(folder.glob("*/*.json")):
        exchange = json.loads(path.read_text("utf-8"))
        reason = NOT_APPLICABLE.get(exchange["provider"]) or NOT_APPLICABLE.get(
            exchange["endpoint"]
        )
        if reason:
            left_out[exchange["id"]] = reason
        else:
            cases.append(_case(len(cases), exchange))
    return cases, left_out


def _case(number: int, exchange: Mapping[str, Any]) -> Case:
    endpoint, path = exchange["endpoint"], exchange["path"]
    verb = endpoint.removeprefix("vertex.")
    if verb in GEMINI:
        return _gemini_case(number, exchange, verb)
    operation, suffix = OTHERS.get(endpoint) or ("chat", CHAT[endpoint])
    dialect = "anthropic_messages" if endpoint.startswith("messages") else "openai_chat"
    dialect = "openai_responses" if endpoint == "responses" else dialect
    model = (exchange.get("request_body") or {}).get("model") or "recorded-model"
    base, options = path.removesuffix(suffix), {}
    deployment = re.fullmatch(r"/openai/deployments/([^/]+)", base)
    version = exchange["query"].get("api-version")
    if deployment:
        model, base = deployment[1], ""
        options = {"deployment_in_path": True, "api_version": version or "2024-02-01"}
    elif exchange["provider"] == "azure-ai":
        dialect = "azure_inference"
        options = {"api_version": version} if version else {}
    return Case(
        id=exchange["id"],
        number=number,
        dialect=dialect,
        operation=operation,
        base_path=base,
        model=model,
        options=options,
        verb=None,
        exchange=exchange,
    )


def _gemini_case(number: int, exchange: Mapping[str, Any], verb: str) -> Case:
    root, _, name = exchange["path"].rpartition("/models/")
    plain = re.fullmatch(r"/(v1\w*)", root)
    return Case(
        id=exchange["id"],
        number=number,
        dialect="gemini_generate",
        operation=GEMINI[verb],
        base_path="",
        model=name.partition(":")[0],
        options={"api_version": plain[1]} if plain else {"path_prefix": root},
        verb=verb,
        exchange=exchange,
    )


def document(cases: list[Case], upstreams: Mapping[str, str]) -> dict[str, Any]:
    """One provider and endpoint for each case and upstream: `<upstream>/<number>`."""
    providers, endpoints = [], []
    for way, url in upstreams.items():
        for case in cases:
            slug = f"{way}-{case.number}"
            providers.append(
                {
                    "slug": slug,
                    "dialect": case.dialect,
                    "base_url": url + case.base_path,
                    "credential": {"value": "recorded-secret"},
                    "options": dict(case.options),
                    "models": [
                        {
                            "name": case.model,
                            "max_output_tokens": 8192,
                            "operations": ["chat", "embeddings", "images", "count_tokens"],
                        }
                    ],
                }
            )
            target = {"model": f"{slug}/{case.model}", "extra_headers": {"x-wire-case": case.id}}
            endpoints.append({"name": f"{way}/{case.number}", "targets": [target]})
    scopes = ["inference:call", "embeddings:call", "models:read", "images:call"]
    return {
        "teams": [{"slug": "wire", "name": "Wire"}],
        "providers": providers,
        "endpoints": endpoints,
        "applications": [{"slug": "wire", "team": "wire", "kind": "service", "scopes": scopes}],
    }
