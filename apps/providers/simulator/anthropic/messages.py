"""Answer the Messages API, whole or in events, and count tokens.

Source: https://platform.claude.com/docs/en/api/messages-streaming
"""

from collections.abc import Iterator
from typing import Any, Final

from apps.providers.simulator import answers, reading, tokens
from apps.providers.simulator.answers import Answer
from apps.providers.simulator.anthropic.reading import read_ask
from apps.providers.simulator.asks import Ask
from apps.providers.simulator.dice import digest
from apps.providers.simulator.exchange import (
    Incoming,
    SimError,
    Stream,
    Whole,
    json_reply,
    named_event,
)
from apps.providers.simulator.signatures import sign

STOPS: Final = {
    "stop": "end_turn",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "tools": "tool_use",
    "refusal": "refusal",
}
ARGUMENT_TOKENS: Final = 3


def create(incoming: Incoming) -> Whole | Stream:
    """Answer POST /v1/messages."""
    body = incoming.body
    for name in ("model", "max_tokens", "messages"):
        if body.get(name) is None:
            raise SimError(400, f"[simulated] {name}: Field required")
    reading.text(body["model"], "model")
    ask = read_ask(body)
    answer = answers.answer(ask)
    message = _message(ask, answer)
    if body.get("stream"):
        return Stream(_events(message))
    return json_reply(message)


def count(incoming: Incoming) -> Whole:
    """Answer POST /v1/messages/count_tokens."""
    for name in ("model", "messages"):
        if incoming.body.get(name) is None:
            raise SimError(400, f"[simulated] {name}: Field required")
    return json_reply({"input_tokens": read_ask(incoming.body).input_tokens})


def _message(ask: Ask, answer: Answer) -> dict[str, Any]:
    message: dict[str, Any] = {
        "id": f"msg_sim{digest(ask.model, ask.seed)[:21]}",
        "type": "message",
        "role": "assistant",
        "model": ask.model,
        "content": list(_blocks(ask, answer)),
        "stop_reason": STOPS[answer.finish],
        "stop_sequence": answer.stop_sequence,
        "usage": _usage(ask, answer),
    }
    if answer.refusal:
        message["stop_details"] = {
            "type": "refusal",
            "category": "general_harms",
            "explanation": answer.refusal,
        }
    return message


def _blocks(ask: Ask, answer: Answer) -> Iterator[dict[str, Any]]:
    if answer.reasoning and "redacted" in ask.user_text.lower():
        yield {"type": "redacted_thinking", "data": sign("anthropic", answer.reasoning)}
    elif answer.reasoning:
        signature = sign("anthropic", answer.reasoning)
        yield {"type": "thinking", "thinking": answer.reasoning, "signature": signature}
    said = answer.text or answer.refusal or _preamble(answer)
    if said:
        yield {"type": "text", "text": said}
    for call in answer.calls:
        identity = f"toolu_{call.key}"
        yield {"type": "tool_use", "id": identity, "name": call.name, "input": call.arguments}


def _preamble(answer: Answer) -> str:
    """Say what is about to be called, as these models like to."""
    names = " and ".join(call.name for call in answer.calls)
    return f"{answers.LABEL} I will call {names}." if names else ""


def _usage(ask: Ask, answer: Answer) -> dict[str, Any]:
    """Count the input without its cached parts.

    Source: Anthropic API reference, Messages
    """
    written, read = ask.cache_write_tokens, ask.cached_tokens
    preamble = tokens.count(_preamble(answer))
    return {
        "input_tokens": ask.input_tokens - written - read,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "cache_creation": {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0},
        "output_tokens": answer.output_tokens + preamble,
        "output_tokens_details": {"thinking_tokens": answer.reasoning_tokens},
        "service_tier": "standard",
    }


def _events(message: dict[str, Any]) -> Iterator[bytes]:
    usage = message["usage"]
    opening = {**message, "content": [], "stop_reason": None, "stop_sequence": None}
    opening.pop("stop_details", None)
    opening["usage"] = {**usage, "output_tokens": 1}
    opening["usage"].pop("output_tokens_details")
    yield named_event({"type": "message_start", "message": opening})
    for index, block in enumerate(message["content"]):
        yield from _block_events(index, block)
    delta = {"stop_reason": message["stop_reason"], "stop_sequence": message["stop_sequence"]}
    if "stop_details" in message:
        delta["stop_details"] = message["stop_details"]
    spent = {name: value for name, value in usage.items() if name.endswith(("tokens", "details"))}
    yield named_event({"type": "message_delta", "delta": delta, "usage": spent})
    yield named_event({"type": "message_stop"})


def _block_events(index: int, block: dict[str, Any]) -> Iterator[bytes]:
    empty, deltas = _taken_apart(block)
    yield named_event({"type": "content_block_start", "index": index, "content_block": empty})
    if index == 0:
        yield named_event({"type": "ping"})
    for delta in deltas:
        yield named_event({"type": "content_block_delta", "index": index, "delta": delta})
    yield named_event({"type": "content_block_stop", "index": index})


def _taken_apart(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Return the block as it begins, and the deltas that fill it."""
    kind = block["type"]
    if kind == "text":
        pieces = tokens.fragments(block["text"])
        return {**block, "text": ""}, [{"type": "text_delta", "text": piece} for piece in pieces]
    if kind == "thinking":
        pieces = tokens.fragments(block["thinking"])
        deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
        signed = {"type": "signature_delta", "signature": block["signature"]}
        return {**block, "thinking": "", "signature": ""}, [*deltas, signed]
    if kind == "tool_use":
        return {**block, "input": {}}, _input_deltas(block["input"])
    return block, []


def _input_deltas(arguments: dict[str, Any]) -> list[dict[str, str]]:
    """Return the fragments of the arguments; a call without any has one that is empty."""
    body = json_reply(arguments).body.decode() if arguments else ""
    pieces = ["", *tokens.fragments(body, ARGUMENT_TOKENS)]
    return [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
