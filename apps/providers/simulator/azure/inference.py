"""Answer the Azure AI Model Inference API: chat, embeddings and info.

Source: swagger `ChatCompletions`, `EmbeddingsResult`, `ModelInfo`.
"""

from collections.abc import Iterator
from typing import Any, Final

from apps.providers.simulator import answers, catalogue, reading, tokens, vectors
from apps.providers.simulator.answers import Answer
from apps.providers.simulator.asks import Ask
from apps.providers.simulator.exchange import (
    DONE,
    Incoming,
    SimError,
    Stream,
    Whole,
    data_event,
    json_reply,
)
from apps.providers.simulator.openai import chat
from apps.providers.simulator.openai.embeddings import read_inputs, result_of, wanted_size
from apps.providers.simulator.openai.messages import read_ask
from apps.providers.simulator.reading import Body

CHAT_FIELDS: Final = frozenset(
    [
        "messages",
        "frequency_penalty",
        "presence_penalty",
        "temperature",
        "top_p",
        "max_tokens",
        "response_format",
        "stop",
        "tools",
        "tool_choice",
        "seed",
        "model",
        "modalities",
        "stream",
        "user_security_context",
    ]
)
EMBEDDING_FIELDS: Final = frozenset(
    ["input", "dimensions", "encoding_format", "input_type", "model"]
)
DEFAULT_MODEL: Final = "sim-small"
ENCODINGS: Final = ("float", "base64", "binary", "ubinary", "int8", "uint8")
ARGUMENT_TOKENS: Final = 3
FINISH: Final = {**chat.FINISH, "refusal": "content_filter"}


def complete(incoming: Incoming) -> Whole | Stream:
    """Answer POST /chat/completions."""
    body = _known(incoming, CHAT_FIELDS)
    reading.required(body, "messages")
    reading.number(body, "temperature", 0, 1)
    if body.get("stop") is not None:
        reading.items(body["stop"], "stop", least=1)
    ask = read_ask({**body, "model": body.get("model") or DEFAULT_MODEL})
    if answers.wants_block(ask):
        message = "[simulated] The prompt was filtered by the content management policy."
        raise SimError(400, message, code="content_filter", param="messages")
    said = answers.answers(ask)
    if body.get("stream"):
        return Stream(_events(ask, said))
    whole = chat.whole_of(chat.head_of(ask), ask, said)
    for choice, answer in zip(whole["choices"], said, strict=True):
        choice["finish_reason"] = FINISH[answer.finish]
        choice["message"] = _message(choice["message"])
        if choice["logprobs"] is None:
            del choice["logprobs"]
    kept = ("id", "object", "created", "model", "choices", "usage")
    return json_reply({name: whole[name] for name in kept})


def _known(incoming: Incoming, known: frozenset[str]) -> Body:
    """Apply the header `extra-parameters`; without it an unknown field is an error.

    Source: Azure AI Model Inference REST reference
    """
    rule = incoming.headers.get("extra-parameters", "error")
    if rule not in ("error", "drop", "pass-through"):
        raise SimError(400, f"[simulated] extra-parameters has no value {rule!r}.")
    extra = sorted(set(incoming.body) - known)
    if extra and rule == "error":
        message = f"[simulated] Unrecognized request argument supplied: {', '.join(extra)}"
        raise SimError(400, message, code="unrecognized_parameter", param=extra[0])
    if rule == "drop":
        return {name: value for name, value in incoming.body.items() if name in known}
    return incoming.body


def _message(message: dict[str, Any]) -> dict[str, Any]:
    kept = ("role", "reasoning_content", "tool_calls")
    content = message["content"] if message["content"] is not None else ""
    return {"content": content, **{name: message[name] for name in kept if name in message}}


def _events(ask: Ask, said: list[Answer]) -> Iterator[bytes]:
    """Give the chunks; the usage comes in the last one that has a choice.

    Source: Azure AI Model Inference REST reference
    """
    head = {**chat.head_of(ask), "object": "chat.completion.chunk"}
    for answer in said:
        for delta in _deltas(answer):
            choice = {"index": answer.index, "delta": delta, "finish_reason": None}
            yield data_event({**head, "choices": [choice]})
        ending: dict[str, Any] = {"index": answer.index, "delta": {"content": ""}}
        ending["finish_reason"] = FINISH[answer.finish]
        usage = {"usage": chat.usage_of(ask, said)} if answer is said[-1] else {}
        yield data_event({**head, "choices": [ending], **usage})
    yield DONE


def _deltas(answer: Answer) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": ""}
    for piece in tokens.fragments(answer.reasoning):
        yield {"reasoning_content": piece}
    for piece in tokens.fragments(answer.text):
        yield {"content": piece}
    for call in answer.calls:
        yield _call(f"call_{call.key}", call.name, "")
        for piece in tokens.fragments(call.arguments_json, ARGUMENT_TOKENS):
            yield _call("", "", piece)


def _call(identity: str, name: str, arguments: str) -> dict[str, Any]:
    """Return a fragment of a call: no index, no type, and an empty id on all but the first."""
    return {"tool_calls": [{"id": identity, "function": {"name": name, "arguments": arguments}}]}


def embed(incoming: Incoming) -> Whole:
    """Answer POST /embeddings."""
    body = _known(incoming, EMBEDDING_FIELDS)
    reading.required(body, "input")
    encoding = body.get("encoding_format") or "float"
    if encoding not in ENCODINGS:
        message = f"[simulated] encoding_format has no value {encoding!r}."
        raise SimError(422, message, param="encoding_format")
    inputs = read_inputs(reading.items(body["input"], "input", least=1))
    result = result_of({**body, "model": body.get("model") or "sim-embed"}, inputs, encoding)
    size = wanted_size(reading.whole(body, "dimensions"))
    for item, (text, _) in zip(result["data"], inputs, strict=True):
        if encoding not in ("float", "base64"):
            item["embedding"] = _quantised(vectors.vector(text, size), encoding)
    return json_reply({"id": f"sim-{incoming.number}", **result})


def _quantised(values: list[float], encoding: str) -> list[int]:
    """Return the vector in a coarser form: bytes, or one bit a number, eight to a byte."""
    if encoding == "int8":
        return [round(value * 127) for value in values]
    if encoding == "uint8":
        return [round((value + 1) * 127.5) for value in values]
    bits = [value > 0 for value in values]
    packed = [
        sum(bit << (7 - at) for at, bit in enumerate(bits[start : start + 8]))
        for start in range(0, len(bits), 8)
    ]
    return [byte - 128 for byte in packed] if encoding == "binary" else packed


def info(incoming: Incoming) -> Whole:
    """Answer GET /info."""
    name = incoming.query.get("model") or DEFAULT_MODEL
    kinds = {"chat": "chat-completion", "embeddings": "embeddings"}
    return json_reply(
        {
            "model_name": name,
            "model_type": kinds[catalogue.kind_of(name)],
            "model_provider_name": "simulated",
        }
    )
