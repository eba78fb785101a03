"""Read a caller's chat request into the canonical call."""

from collections.abc import Mapping
from typing import Any

from apps.core.errors import InvalidInputError
from apps.providers import wire
from apps.providers.dialects.chat_family.read_messages import MessageReader
from apps.providers.dialects.chat_family.read_tools import read_choice, read_format, read_tools
from apps.providers.dialects.chat_family.shapes import FIELDS, ChatIn
from apps.providers.dialects.reading import read
from apps.providers.errors import UnsupportedContentError

# Fields that are a contract which only the provider behind the dialect could keep.
_CONTRACTS = {
    "audio": "spoken answers cannot be carried.",
    "web_search_options": "the provider's own web search cannot be carried.",
    "moderation": "the provider's own moderation cannot be carried.",
    "background": "answers in the background need state at the provider.",
    "conversation": "conversations live at the provider.",
    "previous_response_id": "earlier responses live at the provider.",
    "prompt": "stored prompts live at the provider.",
    "container": "containers live at the provider.",
    "mcp_servers": "the provider's own tools cannot be carried.",
    "cachedContent": "cached content lives at the provider.",
    "plugins": "the provider's own tools cannot be carried.",
    "search_parameters": "the provider's own search cannot be carried.",
}
# Values that say what is so anyway: they cost nobody a warning.
_DEFAULTS: dict[str, Any] = {
    "service_tier": "auto",
    "store": False,
    "verbosity": "medium",
    "safe_prompt": False,
}
_EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})


class FunctionsCall(wire.ChatCall, frozen=True):
    """A call in the old form (`functions`): its answer has `function_call`, not `tool_calls`."""


def read_plain(body: bytes) -> dict[str, Any]:
    """The body as a JSON object.

    Raises:
        InvalidInputError: it is something else.
    """
    return read(dict[str, Any], body)


def read_chat(plain: Mapping[str, Any], *, model: str, dialect: str) -> wire.ChatCall:
    """The canonical call that a request stands for.

    Raises:
        InvalidInputError: a field has the wrong form; `param` is its path.
        UnsupportedContentError: it asks for what only one provider could do.
    """
    request = read(ChatIn, plain)
    reader = MessageReader(dialect=dialect)
    extras = _extras(plain, request)
    messages = reader.read(request.messages, plain["messages"])
    choice, tools = read_choice(
        request, read_tools(request, plain.get("tools") or (), reader.warnings)
    )
    old = bool(request.functions) and not request.tools
    kind = FunctionsCall if old else wire.ChatCall
    cap = request.max_completion_tokens
    return kind(
        model=model or request.model or "",
        messages=messages,
        tools=tools,
        tool_choice=choice if tools else None,
        parallel_tool_calls=False if old else request.parallel_tool_calls,
        max_output_tokens=request.max_tokens if cap is None else cap,
        temperature=request.temperature,
        top_p=request.top_p,
        top_k=request.top_k,
        frequency_penalty=request.frequency_penalty,
        presence_penalty=request.presence_penalty,
        seed=request.seed,
        logit_bias=request.logit_bias or None,
        stop=_stop(request.stop),
        n=_number(request.n),
        logprobs=bool(request.logprobs),
        top_logprobs=request.top_logprobs,
        output_format=read_format(request.response_format),
        reasoning=_reasoning(request),
        user=request.user or request.safety_identifier,
        metadata=request.metadata or None,
        stream=bool(request.stream),
        include_usage=bool(request.stream_options and request.stream_options.include_usage),
        extras=extras,
        warnings=tuple(reader.warnings),
    )


def _extras(plain: Mapping[str, Any], request: ChatIn) -> dict[str, Any]:
    if request.modalities and request.modalities != ["text"]:
        raise UnsupportedContentError(
            "`modalities`: answers other than text cannot be carried.", param="modalities"
        )
    extras: dict[str, Any] = {}
    for key, value in plain.items():
        if key in FIELDS or _is_empty(value) or _DEFAULTS.get(key, ...) == value:
            continue
        if key in _CONTRACTS:
            raise UnsupportedContentError(f"`{key}`: {_CONTRACTS[key]}", param=key)
        if key == "store":
            raise UnsupportedContentError(
                "`store`: stored completions live at the provider.", param=key
            )
        extras[key] = value
    if request.user and request.safety_identifier not in (None, "", request.user):
        extras["safety_identifier"] = request.safety_identifier
    return extras


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, (str, list, dict)) and not value)


def _stop(stop: str | list[str] | None) -> tuple[str, ...]:
    if isinstance(stop, str):
        return (stop,) if stop else ()
    return tuple(stop or ())


def _number(n: int | None) -> int:
    if n is not None and n < 1:
        raise InvalidInputError("`n`: at least 1.", param="n")
    return n or 1


def _reasoning(request: ChatIn) -> wire.ReasoningRequest | None:
    effort = request.reasoning_effort
    if request.reasoning is None:
        asked = wire.ReasoningRequest(effort=_effort(effort, "reasoning_effort"))
    else:
        given = request.reasoning
        effort = effort or given.effort
        if effort is None and given.max_tokens is None and given.enabled is not None:
            effort = "medium" if given.enabled else "none"
        asked = wire.ReasoningRequest(
            effort=_effort(effort, "reasoning.effort"),
            budget_tokens=given.max_tokens,
            summary=None if given.exclude is None else not given.exclude,
        )
    return None if asked == wire.ReasoningRequest() else asked


def _effort(effort: str | None, at: str) -> str | None:
    if effort is not None and effort not in _EFFORTS:
        known = ", ".join(sorted(_EFFORTS))
        raise InvalidInputError(f"`{at}`: `{effort[:40]}` is none of {known}.", param=at)
    return effort
