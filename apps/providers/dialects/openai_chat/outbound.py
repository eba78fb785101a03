"""Speak to a provider of chat completions."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Literal, NoReturn
from urllib.parse import quote

import msgspec

from apps.providers import wire
from apps.providers.dialects.chat_family import embeddings, facts, failures
from apps.providers.dialects.chat_family.forward import ask_usage, forward_body
from apps.providers.dialects.chat_family.read_reply import read_reply
from apps.providers.dialects.chat_family.returned import without_foreign_thoughts
from apps.providers.dialects.chat_family.stream_parser import ChatStreamParser
from apps.providers.dialects.chat_family.style import CacheField, ReasoningField, Style
from apps.providers.dialects.chat_family.write_request import write_chat
from apps.providers.dialects.openai_chat.multipart import replace_model
from apps.providers.errors import ProviderError, ProviderProtocolError

NAME = "openai_chat"
PATHS = {
    "chat": "/chat/completions",
    "embeddings": "/embeddings",
    "moderations": "/moderations",
    "images": "/images/generations",
    "speech": "/audio/speech",
    "transcriptions": "/audio/transcriptions",
    "translations": "/audio/translations",
    "rerank": "/rerank",
}
FORWARDS = frozenset(PATHS)
# Hints that OpenAI itself takes, in its own spelling.
EXTRAS = frozenset(
    {
        "prediction",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "verbosity",
    }
)
_encode = msgspec.json.Encoder().encode


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a provider differs from api.openai.com.

    `api_version` becomes the query `api-version`; with `deployment_in_path` the model is a part
    of the path (both: Azure OpenAI). `stream_usage` off: never ask for usage of streams.
    `reasoning_field` and `cache_field`: what the provider takes thoughts and cache hints back in.
    `join_text`: only the user's content may be a list. `top_k`: the provider knows it.
    """

    api_version: str | None = None
    deployment_in_path: bool = False
    max_tokens_field: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    stream_usage: bool = True
    reasoning_field: ReasoningField | None = None
    cache_field: CacheField | None = None
    join_text: bool = False
    top_k: bool = False


def build_request(
    call: wire.ChatCall, model: wire.TargetModel, options: Options
) -> wire.UpstreamRequest:
    """The request for a call that came in another dialect."""
    written = write_chat(call, model, _style(options))
    return wire.UpstreamRequest(
        path=_path("chat", model, options), body=_encode(written.body), warnings=written.warnings
    )


def build_embeddings(
    call: wire.EmbeddingCall, model: wire.TargetModel, options: Options
) -> wire.UpstreamRequest:
    """The request for embeddings."""
    body: dict[str, Any] = {"model": model.name, "input": list(call.inputs)}
    if call.single:
        body["input"] = call.inputs[0]
    if call.encoding != "float":
        body["encoding_format"] = call.encoding
    if call.dimensions is not None:
        body["dimensions"] = call.dimensions
    if call.user is not None:
        body["user"] = call.user
    lost = [key for key, value in call.extras.items() if value is not None]
    if call.kind not in (None, "text"):
        lost.insert(0, "input_type")
    return wire.UpstreamRequest(
        path=_path("embeddings", model, options),
        body=_encode(body),
        warnings=tuple(f"{key}: dropped" for key in lost),
    )


def build_count(
    call: wire.ChatCall,
    model: wire.TargetModel,
    options: Options,
) -> wire.UpstreamRequest | None:
    """Count nothing: the dialect has no way to."""
    return None


def forward_request(
    incoming: wire.Incoming, model: wire.TargetModel, options: Options
) -> wire.UpstreamRequest:
    """The caller's own body for another model; usage of a stream is asked for if need be."""
    path = _path(incoming.operation, model, options)
    if not incoming.fields:
        kind = incoming.headers.get("content-type", "")
        body = replace_model(incoming.body, kind, model.name)
        return wire.UpstreamRequest(path=path, body=body, headers=(("content-type", kind),))
    added: dict[str, msgspec.Raw] = {}
    incoming, warnings = without_foreign_thoughts(incoming)
    if incoming.operation == "chat" and incoming.stream and options.stream_usage:
        added = ask_usage(incoming.fields)
    return wire.UpstreamRequest(
        path=path,
        body=forward_body(incoming, model.name, added=added),
        hide_usage_event=bool(added),
        warnings=warnings,
    )


def parse_reply(body: bytes) -> wire.ChatReply:
    """The canonical reply."""
    return read_reply(body, dialect=NAME)


def parse_embeddings(body: bytes) -> wire.EmbeddingReply:
    """The vectors."""
    return embeddings.read_vectors(body)


def parse_count(body: bytes) -> NoReturn:
    """Refuse: there is no such answer."""
    raise ProviderProtocolError("Chat completions have no token count.", body=body)


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
    """The error that an answer stands for; never raises."""
    return failures.read_error(status, headers, body)


def read_facts(operation: str, body: bytes) -> wire.Facts:
    """What the books need; never raises."""
    return facts.read_facts(operation, body)


def stream_parser() -> ChatStreamParser:
    """A parser for one stream."""
    return ChatStreamParser(dialect=NAME)


def is_usage_event(data: bytes) -> bool:
    """Whether an event holds usage and no choice."""
    return facts.is_usage_event(data)


@lru_cache(maxsize=64)
def _style(options: Options) -> Style:
    return Style(
        name=NAME,
        cap_field=options.max_tokens_field,
        stream_usage=options.stream_usage,
        reasoning_field=options.reasoning_field,
        cache_field=options.cache_field,
        join_text=options.join_text,
        top_k=options.top_k,
        extras=EXTRAS,
    )


def _path(operation: str, model: wire.TargetModel, options: Options) -> str:
    path = PATHS[operation]
    if options.deployment_in_path:
        path = f"/openai/deployments/{quote(model.name, safe='')}{path}"
    return f"{path}?api-version={quote(options.api_version)}" if options.api_version else path
