"""Answer chat completions, whole or in chunks.

Source: openapi `CreateChatCompletionResponse` and
`CreateChatCompletionStreamResponse`.
"""

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any, Final

from apps.providers.simulator import answers, reading, tokens
from apps.providers.simulator.answers import Answer
from apps.providers.simulator.asks import Ask
from apps.providers.simulator.dice import digest
from apps.providers.simulator.exchange import (
    DONE,
    Incoming,
    SimError,
    Stream,
    Whole,
    data_event,
    json_reply,
)
from apps.providers.simulator.openai.messages import read_ask
from apps.providers.simulator.openai.shared import created

FINISH: Final = {
    "stop": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "tools": "tool_calls",
    "refusal": "stop",
}
FINGERPRINT: Final = "fp_simulated"
ARGUMENT_TOKENS: Final = 3


def complete(incoming: Incoming) -> Whole | Stream:
    """Answer POST /chat/completions."""
    body = incoming.body
    reading.required(body, "model", "messages")
    reading.text(body["model"], "model")
    reading.number(body, "temperature", 0, 2)
    ask = read_ask(body)
    if answers.wants_block(ask):
        message = "[simulated] Your request was rejected as a result of our safety system."
        raise SimError(400, message, code="content_policy_violation")
    said = answers.answers(ask)
    head = head_of(ask)
    if body.get("stream"):
        options = body.get("stream_options") or {}
        include_usage = bool(reading.mapping(options, "stream_options").get("include_usage"))
        return Stream(_events(head, ask, said, include_usage=include_usage))
    return json_reply(whole_of(head, ask, said))


def head_of(ask: Ask) -> dict[str, Any]:
    """Return the fields that the answer and each of its chunks begin with."""
    key = digest(ask.model, ask.seed)
    return {"id": f"chatcmpl-sim{key[:26]}", "created": created(key), "model": ask.model}


def whole_of(head: Mapping[str, Any], ask: Ask, said: list[Answer]) -> dict[str, Any]:
    """Return the whole completion."""
    return {
        **head,
        "object": "chat.completion",
        "choices": [_choice(ask, answer) for answer in said],
        "usage": usage_of(ask, said),
        "service_tier": "default",
        "system_fingerprint": FINGERPRINT,
    }


def _choice(ask: Ask, answer: Answer) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None if answer.calls or answer.refusal else answer.text,
        "refusal": answer.refusal or None,
        "annotations": [],
    }
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if answer.calls:
        message["tool_calls"] = [
            {
                "id": f"call_{call.key}",
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments_json},
            }
            for call in answer.calls
        ]
    return {
        "index": answer.index,
        "message": message,
        "logprobs": logprobs_of(answer.text, ask.top_logprobs),
        "finish_reason": FINISH[answer.finish],
    }


def logprobs_of(text: str, top: int | None) -> dict[str, Any] | None:
    """Return made-up log probabilities for each token of a text, or None if nobody asked."""
    if top is None:
        return None
    content = [
        {
            **_token(token, 0),
            "top_logprobs": [
                _token(rival, rank) for rank, rival in enumerate(tokens.rivals(token, top))
            ],
        }
        for token in tokens.tokens(text)
    ]
    return {"content": content, "refusal": None}


def _token(token: str, rank: int) -> dict[str, Any]:
    return {"token": token, "logprob": tokens.logprob(token, rank), "bytes": list(token.encode())}


def usage_of(ask: Ask, said: list[Answer]) -> dict[str, Any]:
    """Return the usage of all choices together."""
    produced = sum(answer.output_tokens for answer in said)
    return {
        "prompt_tokens": ask.input_tokens,
        "completion_tokens": produced,
        "total_tokens": ask.input_tokens + produced,
        "prompt_tokens_details": {
            "cached_tokens": ask.cached_tokens,
            "cache_write_tokens": ask.cache_write_tokens,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": sum(answer.reasoning_tokens for answer in said),
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _events(
    head: Mapping[str, Any], ask: Ask, said: list[Answer], *, include_usage: bool
) -> Iterator[bytes]:
    chunk = {
        **head,
        "object": "chat.completion.chunk",
        "service_tier": "default",
        "system_fingerprint": FINGERPRINT,
    }
    if include_usage:
        chunk["usage"] = None
    lanes = [list(_deltas(ask, answer)) for answer in said]
    for row in zip_longest(*lanes):
        for answer, step in zip(said, row, strict=True):
            if step is not None:
                delta, finish, spoken = step
                choice = {
                    "index": answer.index,
                    "delta": delta,
                    "logprobs": logprobs_of(spoken, ask.top_logprobs) if spoken else None,
                    "finish_reason": finish,
                }
                yield data_event({**chunk, "choices": [choice]})
    if include_usage:
        yield data_event({**chunk, "choices": [], "usage": usage_of(ask, said)})
    yield DONE


Step = tuple[dict[str, Any], str | None, str]


def _deltas(ask: Ask, answer: Answer) -> Iterator[Step]:
    """Give each delta with its finish reason and the text that it says."""
    opening: dict[str, Any] = {"role": "assistant", "content": "", "refusal": None}
    yield ({**opening, "content": None} if answer.calls else opening), None, ""
    for piece in tokens.fragments(answer.reasoning):
        yield {"reasoning_content": piece}, None, ""
    for piece in tokens.fragments(answer.text):
        yield {"content": piece}, None, piece
    for piece in tokens.fragments(answer.refusal):
        yield {"refusal": piece}, None, ""
    for call in _call_deltas(ask, answer):
        yield {"tool_calls": [call]}, None, ""
    yield {}, FINISH[answer.finish], ""


def _call_deltas(ask: Ask, answer: Answer) -> Iterator[dict[str, Any]]:
    """Give the fragments of all calls; "interleave" in the question mixes them by index."""
    lanes = []
    for index, call in enumerate(answer.calls):
        function = {"name": call.name, "arguments": ""}
        first = {"index": index, "id": f"call_{call.key}", "type": "function", "function": function}
        pieces = tokens.fragments(call.arguments_json, ARGUMENT_TOKENS)
        lanes.append(
            [first, *({"index": index, "function": {"arguments": piece}} for piece in pieces)]
        )
    if "interleave" in ask.user_text.lower():
        yield from (step for row in zip_longest(*lanes) for step in row if step is not None)
    else:
        yield from (step for lane in lanes for step in lane)
