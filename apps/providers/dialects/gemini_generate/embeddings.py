"""Embeddings both ways: `embedContent` for one text, `batchEmbedContents` for several."""

from collections.abc import Mapping
from typing import Any

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.gemini_generate.building import Options, resource_name
from apps.providers.dialects.gemini_generate.errors import parse_error
from apps.providers.dialects.gemini_generate.parts import WirePart
from apps.providers.dialects.gemini_generate.settings import given
from apps.providers.dialects.gemini_generate.spelling import camel_fields
from apps.providers.dialects.gemini_generate.terms import (
    WireUsage,
    distinct,
    read_usage,
)
from apps.providers.dialects.gemini_generate.values import NULL, is_set
from apps.providers.dialects.reading import read, read_provider
from apps.providers.errors import ProviderProtocolError, UnsupportedContentError

_TASKS = {
    "query": "RETRIEVAL_QUERY",
    "document": "RETRIEVAL_DOCUMENT",
    "text": "SEMANTIC_SIMILARITY",
}
_KINDS = {task: kind for kind, task in _TASKS.items()}
# What a vector is for, said more finely than elsewhere.
_NEAR_KINDS = {
    "CLASSIFICATION": "text",
    "CLUSTERING": "text",
    "FACT_VERIFICATION": "query",
    "QUESTION_ANSWERING": "query",
    "CODE_RETRIEVAL_QUERY": "query",
}
_KNOWN = frozenset({"content", "model", "taskType", "outputDimensionality", "embedContentConfig"})


class _Content(msgspec.Struct):
    parts: list[WirePart] | None = None


class _Ask(msgspec.Struct, frozen=True):
    """One request of a batch."""

    text: str
    task: str | None
    dimensions: int | None


def decode_embeddings(incoming: wire.Incoming) -> wire.EmbeddingCall:
    """Raises InvalidInputError with the path of the wrong field, or UnsupportedContentError."""
    fields = given(camel_fields(incoming))
    warnings: list[str] = []
    single = "requests" not in fields
    if incoming.verb == "batchEmbedContents" and single:
        raise InvalidInputError("`requests` is required.", param="requests")
    if single:
        asks = [_ask(fields, warnings, at="")]
    else:
        listed = read(list[dict[str, msgspec.Raw]], fields["requests"], at="requests")
        asks = [
            _ask(given(one), warnings, at=f"requests[{place}].") for place, one in enumerate(listed)
        ]
    if not asks:
        raise InvalidInputError("`requests` must not be empty.", param="requests")
    for name, key in (("task", "taskType"), ("dimensions", "outputDimensionality")):
        if len({getattr(one, name) for one in asks}) > 1:
            raise UnsupportedContentError(
                f"`requests[].{key}` must be the same in all requests here.",
                param=f"requests[0].{key}",
            )
    return wire.EmbeddingCall(
        model=incoming.model,
        inputs=tuple(one.text for one in asks),
        dimensions=asks[0].dimensions,
        kind=_kind(asks[0].task, warnings),
        single=single,
        warnings=distinct(warnings),
    )


def _ask(fields: Mapping[str, msgspec.Raw], warnings: list[str], *, at: str) -> _Ask:
    if "content" not in fields:
        raise InvalidInputError(f"`{at}content` is required.", param=f"{at}content")
    nested: Mapping[str, msgspec.Raw] = {}
    if "embedContentConfig" in fields:
        where = f"{at}embedContentConfig"
        nested = given(read(dict[str, msgspec.Raw], fields["embedContentConfig"], at=where))
    settings = {**fields, **nested}
    texts = []
    for place, part in enumerate(read(_Content, fields["content"], at=f"{at}content").parts or ()):
        if part.text is None:
            where = f"{at}content.parts[{place}]"
            raise UnsupportedContentError(f"`{where}` must be text.", param=where)
        texts.append(part.text)
    if not texts:
        raise InvalidInputError(f"`{at}content.parts` is required.", param=f"{at}content.parts")
    warnings.extend(f"{key}: dropped" for key in settings if key not in _KNOWN)
    task = settings.get("taskType")
    size = settings.get("outputDimensionality")
    return _Ask(
        text="".join(texts),
        task=read(str, task, at=f"{at}taskType") if task is not None else None,
        dimensions=read(int, size, at=f"{at}outputDimensionality") if size is not None else None,
    )


def _kind(task: str | None, warnings: list[str]) -> str | None:
    if task in (None, "", "TASK_TYPE_UNSPECIFIED"):
        return None
    if task in _KINDS:
        return _KINDS[task]
    kind = _NEAR_KINDS.get(task)
    warnings.append(f"taskType: {task} carried as {kind}" if kind else "taskType: dropped")
    return kind


def build_embeddings(
    call: wire.EmbeddingCall, model: wire.TargetModel, options: Options
) -> wire.UpstreamRequest:
    """Raises UnsupportedContentError for token ids, or for several texts on Vertex."""
    texts = _texts(call)
    warnings = [f"{key}: dropped" for key, value in call.extras.items() if value not in (None, "")]
    if call.user:
        warnings.append("user: dropped")
    settings: dict[str, Any] = {}
    if call.kind is not None:
        if call.kind in _TASKS:
            settings["taskType"] = _TASKS[call.kind]
        else:
            warnings.append("input_type: dropped")
    if call.dimensions is not None:
        settings["outputDimensionality"] = call.dimensions
    if options.is_vertex:
        return _vertex_request(texts, settings, model, options, warnings)
    name = resource_name(model.name)
    asks = [{"model": name, "content": {"parts": [{"text": text}]}, **settings} for text in texts]
    verb = "embedContent" if call.single and len(asks) == 1 else "batchEmbedContents"
    return wire.UpstreamRequest(
        path=options.path(model.name, verb),
        body=msgspec.json.encode(asks[0] if verb == "embedContent" else {"requests": asks}),
        warnings=distinct(warnings),
    )


def _texts(call: wire.EmbeddingCall) -> list[str]:
    if call.encoding not in ("float", "base64"):
        raise UnsupportedContentError(
            f"`encoding_format`: `{call.encoding}` is not offered by the model behind this "
            "endpoint.",
            param="encoding_format",
        )
    texts = []
    for place, text in enumerate(call.inputs):
        if not isinstance(text, str):
            raise UnsupportedContentError(
                "`input` must be text: token ids mean nothing to the model behind this endpoint.",
                param="input" if call.single else f"input[{place}]",
            )
        texts.append(text)
    return texts


def _vertex_request(
    texts: list[str],
    settings: dict[str, Any],
    model: wire.TargetModel,
    options: Options,
    warnings: list[str],
) -> wire.UpstreamRequest:
    """Vertex embeds one text a call, with the settings in an object of their own."""
    if len(texts) != 1:
        raise UnsupportedContentError(
            "`input` must be one text for the model behind this endpoint.", param="input"
        )
    body: dict[str, Any] = {"content": {"parts": [{"text": texts[0]}]}}
    if settings:
        body["embedContentConfig"] = settings
    return wire.UpstreamRequest(
        path=options.path(model.name, "embedContent"),
        body=msgspec.json.encode(body),
        warnings=distinct(warnings),
    )


class _Vector(msgspec.Struct):
    values: tuple[float, ...] = ()


class _Vectors(msgspec.Struct, rename="camel"):
    embedding: _Vector | None = None
    embeddings: list[_Vector] | None = None
    usage_metadata: WireUsage | None = None
    error: msgspec.Raw = NULL


def parse_embeddings(body: bytes) -> wire.EmbeddingReply:
    """Raises ProviderError for what holds no vectors. The service does not name the model."""
    found = read_provider(_Vectors, body)
    if is_set(found.error):
        raise parse_error(200, {}, body)
    vectors = found.embeddings or ([found.embedding] if found.embedding is not None else [])
    if not vectors:
        raise ProviderProtocolError("The provider's answer holds no vectors.", body=body)
    return wire.EmbeddingReply(
        model="",
        vectors=tuple(vector.values for vector in vectors),
        usage=read_usage(found.usage_metadata),
    )


def render_embeddings(reply: wire.EmbeddingReply, call: wire.EmbeddingCall) -> bytes:
    """Answer in the form of the method that was called."""
    body: dict[str, Any]
    if call.single:
        body = {"embedding": {"values": reply.vectors[0] if reply.vectors else []}}
    else:
        body = {"embeddings": [{"values": vector} for vector in reply.vectors]}
    if reply.usage is not None:
        tokens = reply.usage.input_tokens
        body["usageMetadata"] = {"promptTokenCount": tokens, "totalTokenCount": tokens}
    return msgspec.json.encode(body)
