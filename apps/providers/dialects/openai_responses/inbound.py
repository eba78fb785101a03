"""The half that speaks to callers of the Responses API."""

from collections.abc import Mapping
from typing import Any

import msgspec

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects import reading
from apps.providers.dialects.base import StreamRenderer
from apps.providers.dialects.openai_responses import decode, errors, response
from apps.providers.dialects.openai_responses import tools as tool_fields
from apps.providers.dialects.openai_responses.renderer import ReplyRenderer
from apps.providers.dialects.openai_responses.state import refuse_stateful
from apps.providers.errors import UnsupportedContentError

render_error = errors.render_error
render_stream_error = errors.render_stream_error

_LOGPROBS = "message.output_text.logprobs"
_THOUGHTS = "reasoning.encrypted_content"
_EMPTY = (b"null", b"{}", b"[]", b'""', b"false")

# What changes the answer in ways that no other provider knows.
_CONTRACT = ("context_management", "moderation", "prompt", "conversation", "background_options")
# Hints under their own names; each with the value that says nothing.
_HINTS: Mapping[str, Any] = {
    "max_tool_calls": None,
    "prompt_cache_key": None,
    "prompt_cache_options": None,
    "prompt_cache_retention": None,
    "service_tier": "auto",
    "truncation": "disabled",
}


class _Reasoning(msgspec.Struct):
    effort: str | None = None
    summary: str | None = None
    generate_summary: str | None = None
    context: str | None = None
    mode: str | None = None


class _Text(msgspec.Struct):
    format: tool_fields.FormatIn | None = None
    verbosity: str | None = None


class _StreamOptions(msgspec.Struct):
    include_obfuscation: bool | None = None


class _Request(msgspec.Struct):
    input: str | list[decode.InputItem] | None = None
    model: str | None = None
    instructions: str | None = None
    tools: list[tool_fields.ToolIn] | None = None
    tool_choice: str | tool_fields.ChoiceIn | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_logprobs: int | None = None
    include: list[str] | None = None
    text: _Text | None = None
    reasoning: _Reasoning | None = None
    user: str | None = None
    safety_identifier: str | None = None
    metadata: dict[str, str] | None = None
    stream: bool | None = None
    stream_options: _StreamOptions | None = None
    background: bool | None = None
    store: bool | None = None
    previous_response_id: str | None = None


_KNOWN = frozenset(_Request.__struct_fields__)


def decode_request(incoming: wire.Incoming) -> wire.ChatCall:
    """Raises InvalidInputError with the path of the wrong field, or UnsupportedContentError."""
    refuse_stateful(incoming.fields)
    asked = reading.read(_Request, incoming.body)
    if asked.input is None or asked.input == []:
        raise InvalidInputError("`input` is missing: nothing was asked.", param="input")
    warnings: list[str] = []
    messages = decode.read_input(asked.input, warnings)
    if asked.instructions:
        part = wire.TextPart(text=asked.instructions)
        messages.insert(0, wire.Message(role=wire.Role.SYSTEM, parts=(part,)))
    choice, allowed = tool_fields.read_choice(asked.tool_choice, asked.tools or ())
    logprobs = _read_include(asked, warnings)
    extras = _extras(incoming.fields, asked)
    return wire.ChatCall(
        model=incoming.model or asked.model or "",
        messages=tuple(messages),
        tools=tool_fields.read_tools(asked.tools or (), allowed, warnings),
        tool_choice=choice,
        parallel_tool_calls=asked.parallel_tool_calls,
        max_output_tokens=asked.max_output_tokens,
        temperature=asked.temperature,
        top_p=asked.top_p,
        logprobs=logprobs,
        top_logprobs=asked.top_logprobs if logprobs else None,
        output_format=tool_fields.read_format(asked.text.format if asked.text else None),
        reasoning=_read_reasoning(asked.reasoning, warnings),
        user=asked.user or asked.safety_identifier or None,
        metadata=asked.metadata or None,
        stream=bool(asked.stream),
        include_usage=True,
        extras=extras,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def decode_count(incoming: wire.Incoming) -> wire.ChatCall:
    """The same fields mean the same; nothing is generated."""
    return decode_request(incoming)


def decode_embeddings(incoming: wire.Incoming) -> wire.EmbeddingCall:
    """Raises UnsupportedContentError: the Responses API has no embeddings."""
    raise UnsupportedContentError("The Responses API has no embeddings; call /v1/embeddings.")


def render_reply(reply: wire.ChatReply, call: wire.ChatCall) -> bytes:
    """The response object of the first choice."""
    choice = reply.choices[0] if reply.choices else wire.Choice(parts=())
    ids = response.Ids(reply.id)
    body = response.response_object(
        response.skeleton(call),
        response_id=ids.response,
        model=reply.model or call.model,
        created=reply.created,
        output=response.output_items(choice, ids),
        finish=choice.finish,
        usage=reply.usage,
    )
    return msgspec.json.encode(body)


def render_embeddings(reply: wire.EmbeddingReply, call: wire.EmbeddingCall) -> bytes:
    """Raises UnsupportedContentError: the Responses API has no embeddings."""
    raise UnsupportedContentError("The Responses API has no embeddings; call /v1/embeddings.")


def render_count(input_tokens: int) -> bytes:
    """The answer of /responses/input_tokens."""
    return msgspec.json.encode({"object": "response.input_tokens", "input_tokens": input_tokens})


def stream_renderer(call: wire.ChatCall) -> StreamRenderer:
    """A renderer for one stream."""
    return ReplyRenderer(call)


def _read_include(asked: _Request, warnings: list[str]) -> bool:
    """Whether log probabilities are asked for; what concerns hosted tools only is named."""
    include = asked.include or ()
    for number, name in enumerate(include):
        if name not in (_LOGPROBS, _THOUGHTS):
            warnings.append(f"include[{number}]: dropped")
    return _LOGPROBS in include or bool(asked.top_logprobs)


def _read_reasoning(asked: _Reasoning | None, warnings: list[str]) -> wire.ReasoningRequest | None:
    if asked is None:
        return None
    if asked.context not in (None, "auto"):
        warnings.append("reasoning.context: dropped")
    if asked.mode not in (None, "standard"):
        warnings.append("reasoning.mode: dropped")
    summary = asked.summary or asked.generate_summary
    if asked.effort is None and summary is None:
        return None
    return wire.ReasoningRequest(effort=asked.effort, summary=True if summary else None)


def _extras(fields: Mapping[str, msgspec.Raw], asked: _Request) -> dict[str, Any]:
    """Hints and unknown fields, in the caller's spelling."""
    extras: dict[str, Any] = {}
    for name, raw in fields.items():
        if name in _KNOWN or bytes(raw) in _EMPTY:
            continue
        if name in _CONTRACT:
            raise UnsupportedContentError(
                f"`{name}` cannot be carried to the provider of this model.", param=name
            )
        value = reading.read(object, raw, at=name)
        if value != _HINTS.get(name):
            extras[name] = value
    if asked.text and asked.text.verbosity not in (None, "medium"):
        extras["verbosity"] = asked.text.verbosity
    if asked.safety_identifier and asked.user:
        extras["safety_identifier"] = asked.safety_identifier
    return extras
