"""Read a provider's whole reply, leniently: vendors differ in what they leave out or add."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.chat_family import reasoning
from apps.providers.dialects.chat_family.failures import raise_embedded
from apps.providers.dialects.chat_family.finish import read_finish
from apps.providers.dialects.chat_family.read_messages import read_arguments
from apps.providers.dialects.chat_family.usage import count, read_usage
from apps.providers.dialects.reading import read_provider
from apps.providers.dialects.signatures import unseal
from apps.providers.errors import ProviderProtocolError


def read_reply(body: bytes, *, dialect: str) -> wire.ChatReply:
    """The canonical reply.

    Raises:
        ProviderProtocolError: the body is no chat completion.
        ProviderError: it is an error in spite of its status.
    """
    plain = read_provider(dict[str, Any], body)
    raise_embedded(plain, body)
    choices = plain.get("choices")
    if not isinstance(choices, list) or not choices:
        raise ProviderProtocolError("The provider's answer has no choices.", body=body)
    return wire.ChatReply(
        id=text_of(plain.get("id")),
        model=text_of(plain.get("model")),
        created=count(plain.get("created")),
        choices=tuple(
            _choice(choice, index, body, dialect) for index, choice in enumerate(choices)
        ),
        usage=read_usage(plain.get("usage")),
    )


def _choice(choice: Any, position: int, body: bytes, dialect: str) -> wire.Choice:
    if not isinstance(choice, dict):
        raise ProviderProtocolError("The provider's answer has an unreadable choice.", body=body)
    raise_embedded(choice, body)
    message = choice.get("message")
    parts = _parts(message, dialect) if isinstance(message, dict) else ()
    index = choice.get("index")
    return wire.Choice(
        index=index if isinstance(index, int) else position,
        parts=parts,
        finish=read_finish(
            choice.get("finish_reason"),
            called=any(isinstance(part, wire.ToolCallPart) for part in parts),
            refused=any(isinstance(part, wire.RefusalPart) for part in parts),
        ),
        logprobs=read_logprobs(choice.get("logprobs")),
    )


def _parts(message: Mapping[str, Any], dialect: str) -> tuple[wire.Part, ...]:
    parts: list[wire.Part] = [*reasoning.read_thoughts(message, dialect=dialect)]
    parts += read_pieces(message.get("content"))
    refusal = text_of(message.get("refusal"))
    if refusal:
        parts.append(wire.RefusalPart(text=refusal))
    calls = message.get("tool_calls")
    calls = list(calls) if isinstance(calls, list) else []
    if isinstance(message.get("function_call"), dict):
        calls.append({"function": message["function_call"]})
    parts += [_call(call, index, dialect) for index, call in enumerate(_dicts(calls))]
    return tuple(parts)


def read_pieces(content: Any) -> list[wire.TextPart | wire.ReasoningPart | wire.RefusalPart]:
    """Text and thoughts of `content`: a string, or Mistral's list of chunks."""
    if isinstance(content, str):
        return [wire.TextPart(text=content)] if content else []
    pieces: list[wire.TextPart | wire.ReasoningPart | wire.RefusalPart] = []
    for item in _dicts(content):
        thinking = item.get("thinking")
        if isinstance(thinking, str):
            pieces.append(wire.ReasoningPart(text=thinking))
        elif thinking is not None:
            texts = (text_of(inner.get("text")) for inner in _dicts(thinking))
            pieces.append(wire.ReasoningPart(text="".join(texts)))
        elif text := text_of(item.get("text")):
            pieces.append(wire.TextPart(text=text))
        elif refusal := text_of(item.get("refusal")):
            pieces.append(wire.RefusalPart(text=refusal))
    return pieces


def _call(call: Mapping[str, Any], index: int, dialect: str) -> wire.ToolCallPart:
    function = call.get("function")
    function = function if isinstance(function, dict) else {}
    name = text_of(function.get("name"))
    signature, origin = reasoning.read_signature(call), ""
    if signature:
        origin, signature = unseal(signature, dialect=dialect)
    return wire.ToolCallPart(
        id=text_of(call.get("id")) or f"call_{index}_{name}",
        name=name,
        arguments=read_arguments(function.get("arguments")),
        signature=signature,
        origin=origin,
    )


def read_logprobs(logprobs: Any) -> tuple[wire.TokenLogprob, ...] | None:
    """Log probabilities of the answer's tokens; None when there are none."""
    if not isinstance(logprobs, dict):
        return None
    tokens = [*_dicts(logprobs.get("content")), *_dicts(logprobs.get("refusal"))]
    if not tokens and not isinstance(logprobs.get("content"), list):
        return None
    try:
        return tuple(_token(token) for token in tokens)
    except msgspec.ValidationError as error:
        raise ProviderProtocolError("The provider's log probabilities cannot be read.") from error


def _token(token: Mapping[str, Any]) -> wire.TokenLogprob:
    return wire.TokenLogprob(
        token=text_of(token.get("token")),
        logprob=msgspec.convert(token.get("logprob", 0.0), float),
        bytes=msgspec.convert(token.get("bytes"), tuple[int, ...] | None),
        top=tuple(_token(rival) for rival in _dicts(token.get("top_logprobs"))),
    )


def text_of(value: Any) -> str:
    """The string; empty for everything else."""
    return value if isinstance(value, str) else ""


def _dicts(value: Any) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else ()
