"""The half that speaks to a provider: requests out, replies in."""

from collections.abc import Mapping
from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.anthropic_messages import replies
from apps.providers.dialects.anthropic_messages.errors import parse_error
from apps.providers.dialects.anthropic_messages.parser import MessagesParser
from apps.providers.dialects.anthropic_messages.prompt import Prompt
from apps.providers.dialects.anthropic_messages.returned import without_foreign_thoughts
from apps.providers.dialects.anthropic_messages.terms import distinct
from apps.providers.dialects.anthropic_messages.thinking import JSON_INSTRUCTION, fit_settings
from apps.providers.dialects.anthropic_messages.traits import Traits, traits_of
from apps.providers.errors import UnsupportedContentError
from apps.providers.wire import ToolMode

__all__ = [
    "FORWARDS",
    "Options",
    "build_count",
    "build_embeddings",
    "build_request",
    "forward_request",
    "is_usage_event",
    "parse_count",
    "parse_embeddings",
    "parse_error",
    "parse_reply",
    "read_facts",
    "stream_parser",
]

FORWARDS = frozenset({"chat", "count_tokens"})

_MESSAGES = "/v1/messages"
_COUNT = "/v1/messages/count_tokens"
_NO_SAMPLING_SINCE = "2026-10-21"
_CHOICES = {ToolMode.AUTO: "auto", ToolMode.NONE: "none", ToolMode.REQUIRED: "any"}
_COUNTED = (
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "cache_control",
    "speed",
)
_OWN_EXTRAS = frozenset({"cache_control", "diagnostics", "inference_geo", "service_tier", "speed"})
_OWN_TIERS = ("auto", "standard_only")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which revision of the API is asked for, and which of its betas."""

    version: str = "2023-06-01"
    betas: tuple[str, ...] = ()


def build_request(
    call: wire.ChatCall, model: wire.TargetModel, options: Options
) -> wire.UpstreamRequest:
    """Write the call as a Messages request.

    Raises:
        UnsupportedContentError: it holds content or a contract that this dialect lacks.
    """
    body, warnings = _build_body(call, model, options)
    if call.stream:
        body["stream"] = True
    return wire.UpstreamRequest(
        path=_MESSAGES,
        body=msgspec.json.encode(body),
        headers=_headers(options.version, options.betas),
        warnings=distinct(warnings),
    )


def build_count(
    call: wire.ChatCall, model: wire.TargetModel, options: Options
) -> wire.UpstreamRequest:
    """Write the call as a question for its input tokens."""
    body, warnings = _build_body(call, model, options)
    return wire.UpstreamRequest(
        path=_COUNT,
        body=msgspec.json.encode({key: body[key] for key in _COUNTED if key in body}),
        headers=_headers(options.version, options.betas),
        warnings=distinct(warnings),
    )


def build_embeddings(
    call: wire.EmbeddingCall, model: wire.TargetModel, options: Options
) -> wire.UpstreamRequest:
    """Refuse: this dialect has no embeddings."""
    raise UnsupportedContentError("Providers that speak Anthropic Messages have no embeddings.")


def forward_request(
    incoming: wire.Incoming, model: wire.TargetModel, options: Options
) -> wire.UpstreamRequest:
    """The caller's own body with the model's real name; its version and betas go along.

    Thoughts of other dialects' models, which the service would refuse, stay behind.
    """
    path = _COUNT if incoming.operation == "count_tokens" else _MESSAGES
    if beta := incoming.query.get("beta"):
        path += "?beta=true" if beta == "true" else ""
    asked = incoming.headers.get("anthropic-beta", "").split(",")
    betas = distinct([beta for text in (*asked, *options.betas) if (beta := text.strip())])
    version = incoming.headers.get("anthropic-version") or options.version
    given, warnings = without_foreign_thoughts(incoming.fields)
    fields: dict[str, Any] = {**given, "model": model.name}
    return wire.UpstreamRequest(
        path=path,
        body=msgspec.json.encode(fields),
        headers=_headers(version, betas),
        warnings=warnings,
    )


def parse_reply(body: bytes) -> wire.ChatReply:
    """Read a whole reply.

    Raises:
        ProviderError: the body is an error after all, or cannot be read.
    """
    return replies.parse_reply(body)


def parse_embeddings(body: bytes) -> wire.EmbeddingReply:
    """Refuse: this dialect has no embeddings."""
    raise UnsupportedContentError("Providers that speak Anthropic Messages have no embeddings.")


def parse_count(body: bytes) -> int:
    """The input tokens of an answered count."""
    return replies.parse_count(body)


def read_facts(operation: str, body: bytes) -> wire.Facts:
    """What the books need of a reply that passes as bytes."""
    return replies.read_facts(body) if operation == "chat" else wire.Facts()


def stream_parser() -> MessagesParser:
    """A parser for one stream."""
    return MessagesParser()


def is_usage_event(data: bytes) -> bool:
    """Usage always comes with the stop reason here."""
    return False


def _headers(version: str, betas: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    headers = (("content-type", "application/json"), ("anthropic-version", version))
    return (*headers, ("anthropic-beta", ",".join(betas))) if betas else headers


def _build_body(
    call: wire.ChatCall, model: wire.TargetModel, options: Options
) -> tuple[dict[str, Any], list[str]]:
    _refuse_contracts(call)
    prompt = Prompt(call.messages)
    if not prompt.turns:
        raise UnsupportedContentError(
            "The conversation needs a message beside the system ones.", param="messages"
        )
    traits = _traits(model.name, options)
    settings = fit_settings(call, model, traits, thoughts_gone=prompt.thoughts_gone())
    warnings = [*prompt.warnings, *settings.warnings]
    body: dict[str, Any] = {"model": model.name, **settings.body}
    if system := _system(prompt, call):
        body["system"] = system
    body["messages"] = [_plain_turn(turn) for turn in prompt.turns]
    _add_tools(body, call, warnings)
    if call.stop:
        body["stop_sequences"] = list(call.stop)
    if call.user:
        body["metadata"] = {"user_id": call.user}
    _add_extras(body, call, warnings)
    warnings += _dropped(call)
    return body, warnings


def _refuse_contracts(call: wire.ChatCall) -> None:
    if call.n > 1:
        raise UnsupportedContentError("This provider gives one answer (`n`).", param="n")
    if call.logprobs or call.top_logprobs:
        raise UnsupportedContentError("This provider gives no logprobs.", param="logprobs")


def _traits(name: str, options: Options) -> Traits:
    traits = traits_of(name)
    if options.version >= _NO_SAMPLING_SINCE and traits.sampling:
        return msgspec.structs.replace(traits, sampling=False)
    return traits


def _system(prompt: Prompt, call: wire.ChatCall) -> str | list[dict[str, Any]]:
    blocks = prompt.system
    if call.output_format is not None and call.output_format.schema is None:
        blocks = [*blocks, {"type": "text", "text": JSON_INSTRUCTION}]
    return _short(blocks)


def _plain_turn(turn: dict[str, Any]) -> dict[str, Any]:
    return {"role": turn["role"], "content": _short(turn["content"])}


def _short(blocks: list[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """One plain text may stand as a string."""
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        return str(blocks[0]["text"])
    return blocks


def _add_tools(body: dict[str, Any], call: wire.ChatCall, warnings: list[str]) -> None:
    choice = call.tool_choice
    tools = call.tools
    if choice is not None and choice.mode is ToolMode.NAMED and len(choice.names) > 1:
        tools = tuple(tool for tool in tools if tool.name in choice.names)
        if len(tools) < len(call.tools):
            warnings.append("tools: those that tool_choice excludes are not sent")
    if tools:
        body["tools"] = [_tool(tool) for tool in tools]
    shown = _tool_choice(choice)
    if tools and call.parallel_tool_calls is not None and shown.get("type") != "none":
        shown.setdefault("type", "auto")
        shown["disable_parallel_tool_use"] = not call.parallel_tool_calls
    if shown and (tools or shown["type"] not in ("auto", "none")):
        body["tool_choice"] = shown


def _tool_choice(choice: wire.ToolChoice | None) -> dict[str, Any]:
    if choice is None:
        return {}
    if choice.mode is not ToolMode.NAMED:
        return {"type": _CHOICES[choice.mode]}
    if len(choice.names) == 1:
        return {"type": "tool", "name": choice.names[0]}
    return {"type": "any"}


def _tool(tool: wire.Tool) -> dict[str, Any]:
    schema = dict(tool.parameters or {"properties": {}})
    shown: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        shown["description"] = tool.description
    shown["input_schema"] = schema if "type" in schema else {"type": "object", **schema}
    if tool.strict:
        shown["strict"] = True
    if tool.cache:
        shown["cache_control"] = {"type": "ephemeral"}
    return shown


def _add_extras(body: dict[str, Any], call: wire.ChatCall, warnings: list[str]) -> None:
    for key, value in call.extras.items():
        foreign_tier = key == "service_tier" and value not in _OWN_TIERS
        if key in _OWN_EXTRAS and value is not None and not foreign_tier:
            body[key] = value
        elif value not in (None, False, "", [], {}) and (key, value) != ("service_tier", "default"):
            warnings.append(f"{key}: dropped")


def _dropped(call: wire.ChatCall) -> list[str]:
    tuned: Mapping[str, bool] = {
        "frequency_penalty": bool(call.frequency_penalty),
        "presence_penalty": bool(call.presence_penalty),
        "seed": call.seed is not None,
        "logit_bias": bool(call.logit_bias),
        "metadata": bool(call.metadata),
    }
    return [f"{name}: dropped" for name, given in tuned.items() if given]
