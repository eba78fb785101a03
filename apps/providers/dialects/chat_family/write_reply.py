"""Write a canonical reply as a chat completion."""

from collections.abc import Sequence
from typing import Any

from apps.providers import wire
from apps.providers.dialects.chat_family import reasoning
from apps.providers.dialects.chat_family.finish import is_refused, write_finish
from apps.providers.dialects.chat_family.read_request import FunctionsCall
from apps.providers.dialects.chat_family.usage import write_usage


def write_reply(
    reply: wire.ChatReply, call: wire.ChatCall, *, dialect: str, refusals: bool = True
) -> dict[str, Any]:
    """The completion.

    `refusals`: the dialect has a field for them, and null for no content; else there is text only.
    """
    written = {
        "id": reply.id,
        "object": "chat.completion",
        "created": reply.created,
        "model": reply.model or call.model,
        "choices": [_choice(choice, call, dialect, refusals) for choice in reply.choices],
    }
    if reply.usage is not None:
        written["usage"] = write_usage(reply.usage)
    return written


def _choice(
    choice: wire.Choice, call: wire.ChatCall, dialect: str, refusals: bool
) -> dict[str, Any]:
    refused = is_refused(choice.parts)
    finish = write_finish(choice.finish, refused=refused)
    message = _message(choice.parts, call, dialect)
    if not refusals:
        message["content"] = (message["content"] or "") + (message.pop("refusal") or "")
    if isinstance(call, FunctionsCall) and "tool_calls" in message:
        _write_old(message)
        finish = "function_call" if finish == "tool_calls" else finish
    return {
        "index": choice.index,
        "message": message,
        "logprobs": write_logprobs(choice.logprobs),
        "finish_reason": finish,
    }


def _message(parts: Sequence[wire.Part], call: wire.ChatCall, dialect: str) -> dict[str, Any]:
    texts = [part.text for part in parts if isinstance(part, wire.TextPart)]
    refusals = [part.text for part in parts if isinstance(part, wire.RefusalPart)]
    thoughts = [part for part in parts if isinstance(part, wire.ReasoningPart)]
    calls = [part for part in parts if isinstance(part, wire.ToolCallPart)]
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(texts) if texts else None,
        "refusal": "".join(refusals) if refusals else None,
    }
    if not hides_thoughts(call):
        message |= reasoning.write_thoughts(thoughts, dialect=dialect)
    if calls:
        message["tool_calls"] = [_call(part, dialect) for part in calls]
    return message


def hides_thoughts(call: wire.ChatCall) -> bool:
    """Whether the caller asked not to see thoughts."""
    return call.reasoning is not None and call.reasoning.summary is False


def _call(part: wire.ToolCallPart, dialect: str) -> dict[str, Any]:
    written: dict[str, Any] = {
        "id": part.id,
        "type": "function",
        "function": {"name": part.name, "arguments": part.arguments},
    }
    if part.signature:
        written["extra_content"] = reasoning.write_signature(
            part.signature, part.origin, dialect=dialect
        )
    return written


def _write_old(message: dict[str, Any]) -> None:
    """The old form has room for one call; further ones stay where they are."""
    first, *rest = message.pop("tool_calls")
    message["function_call"] = first["function"]
    if rest:
        message["tool_calls"] = rest


def write_logprobs(tokens: tuple[wire.TokenLogprob, ...] | None) -> dict[str, Any] | None:
    """The `logprobs` of a choice."""
    if tokens is None:
        return None
    return {
        "content": [
            {**_token(token), "top_logprobs": [_token(rival) for rival in token.top]}
            for token in tokens
        ],
        "refusal": None,
    }


def _token(token: wire.TokenLogprob) -> dict[str, Any]:
    return {"token": token.token, "logprob": token.logprob, "bytes": token.bytes}
