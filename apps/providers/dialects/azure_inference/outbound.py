"""Speak to a provider of Azure AI Model Inference.

Source: Azure AI Model Inference REST reference.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import quote

import msgspec

from apps.providers import wire
from apps.providers.dialects.azure_inference.extra_parameters import CHAT_FIELDS, HEADER, sift
from apps.providers.dialects.chat_family import embeddings, facts, failures
from apps.providers.dialects.chat_family.forward import ask_usage, forward_body
from apps.providers.dialects.chat_family.read_reply import read_reply
from apps.providers.dialects.chat_family.returned import without_foreign_thoughts
from apps.providers.dialects.chat_family.stream_parser import ChatStreamParser
from apps.providers.dialects.chat_family.style import ReasoningField, Style
from apps.providers.dialects.chat_family.write_request import write_chat
from apps.providers.errors import ProviderError, ProviderProtocolError, UnsupportedContentError

NAME = "azure_inference"

FORWARDS = frozenset({"chat", "embeddings"})
# Fields beyond the specification: models behind it may know them, the service must be told.
BEYOND = frozenset(
    {
        "logit_bias",
        "logprobs",
        "n",
        "parallel_tool_calls",
        "reasoning_effort",
        "stream_options",
        "top_k",
        "top_logprobs",
    }
)
_PATHS = {"chat": "/chat/completions", "embeddings": "/embeddings"}
_JSON = ("content-type", "application/json")
_PASS_THROUGH = (HEADER, "pass-through")
_encode = msgspec.json.Encoder().encode


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How an endpoint differs from the others.

    `stream_usage`: ask for the usage of streams, where the model behind gives none by itself.
    `reasoning_field`: what the model takes its earlier thoughts back in.
    """

    api_version: str = "2024-05-01-preview"
    stream_usage: bool = False
    reasoning_field: ReasoningField | None = None


def build_request(
    call: wire.ChatCall, model: wire.TargetModel, options: Options
) -> wire.UpstreamRequest:
    """The request for a call that came in another dialect."""
    written = write_chat(call, model, _style(options))
    return wire.UpstreamRequest(
        path=_path("chat", options),
        body=_encode(written.body),
        headers=(_JSON, _PASS_THROUGH) if written.is_beyond else (_JSON,),
        warnings=written.warnings,
    )


def build_embeddings(
    call: wire.EmbeddingCall, model: wire.TargetModel, options: Options
) -> wire.UpstreamRequest:
    """The request for embeddings of texts."""
    texts = [item for item in call.inputs if isinstance(item, str)]
    if len(texts) != len(call.inputs):
        raise UnsupportedContentError("`input`: token ids cannot be carried.", param="input")
    body: dict[str, Any] = {"model": model.name, "input": texts}
    given = {
        "encoding_format": None if call.encoding == "float" else call.encoding,
        "dimensions": call.dimensions,
        "input_type": call.kind,
    }
    body.update({key: value for key, value in given.items() if value is not None})
    lost = [key for key, value in call.extras.items() if value is not None]
    if call.user is not None:
        lost.insert(0, "user")
    return wire.UpstreamRequest(
        path=_path("embeddings", options),
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
    """The caller's own body for another model, and the caller's word on extra parameters."""
    incoming, warnings = without_foreign_thoughts(incoming)
    if incoming.operation == "chat" and incoming.stream and options.stream_usage:
        added = ask_usage(incoming.fields)
        if added:
            request = _forward_asking(incoming, model, options, added)
            return msgspec.structs.replace(request, warnings=(*warnings, *request.warnings))
    rule = incoming.headers.get(HEADER)
    return wire.UpstreamRequest(
        path=_path(incoming.operation, options),
        body=forward_body(incoming, model.name),
        headers=(_JSON,) if rule is None else (_JSON, (HEADER, rule)),
        warnings=warnings,
    )


def _forward_asking(
    incoming: wire.Incoming,
    model: wire.TargetModel,
    options: Options,
    added: Mapping[str, msgspec.Raw],
) -> wire.UpstreamRequest:
    """Usage is an extra parameter too: ours must pass, so the caller's are sifted here."""
    kept, warnings = sift(incoming.fields, CHAT_FIELDS, incoming.headers)
    sifted = msgspec.structs.replace(incoming, fields=kept)
    return wire.UpstreamRequest(
        path=_path("chat", options),
        body=forward_body(sifted, model.name, added=added),
        headers=(_JSON, _PASS_THROUGH),
        warnings=warnings,
        hide_usage_event=True,
    )


def parse_reply(body: bytes) -> wire.ChatReply:
    """The canonical reply."""
    return read_reply(body, dialect=NAME)


def parse_embeddings(body: bytes) -> wire.EmbeddingReply:
    """The vectors."""
    return embeddings.read_vectors(body)


def parse_count(body: bytes) -> NoReturn:
    """Refuse: there is no such answer."""
    raise ProviderProtocolError("Azure AI Inference has no token count.", body=body)


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
        documents=False,
        audio_urls=True,
        participants=False,
        refusals=False,
        strict_tools=False,
        allowed_tools=False,
        user=False,
        join_text=True,
        top_k=True,
        temperature_max=1.0,
        stop_max=None,
        cap_field="max_tokens",
        stream_usage=options.stream_usage,
        reasoning_field=options.reasoning_field,
        beyond=BEYOND,
    )


def _path(operation: str, options: Options) -> str:
    return f"{_PATHS[operation]}?api-version={quote(options.api_version)}"
