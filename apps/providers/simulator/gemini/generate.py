"""Answer generateContent, its two kinds of stream, and countTokens.

Source: https://ai.google.dev/api/generate-content
"""

from collections.abc import Iterator
from typing import Any, Final

from apps.providers.simulator import answers, reading, tokens
from apps.providers.simulator.answers import Answer
from apps.providers.simulator.asks import Ask
from apps.providers.simulator.dice import digest
from apps.providers.simulator.exchange import (
    Incoming,
    SimError,
    Stream,
    Whole,
    data_event,
    json_reply,
)
from apps.providers.simulator.gemini.reading import field, read_ask, read_turns
from apps.providers.simulator.gemini.shared import CRLF, is_array_stream
from apps.providers.simulator.signatures import sign

FINISH: Final = {
    "stop": "STOP",
    "stop_sequence": "STOP",
    "length": "MAX_TOKENS",
    "tools": "STOP",
    "refusal": "SAFETY",
}
CHUNK_TOKENS: Final = 6


def generate(incoming: Incoming) -> Whole:
    """Answer POST models/{model}:generateContent."""
    ask = _ask(incoming)
    if answers.wants_block(ask):
        return json_reply(_blocked(ask))
    said = answers.answers(ask)
    candidates = [_candidate(ask, answer, _parts(answer), last=True) for answer in said]
    return json_reply(_response(ask, candidates, _usage(ask, said)))


def stream(incoming: Incoming) -> Stream:
    """Answer POST models/{model}:streamGenerateContent, as events or as one JSON array."""
    ask = _ask(incoming)
    chunks = _chunks(ask, answers.answers(ask))
    if is_array_stream(incoming):
        return Stream(_array(chunks), "application/json")
    return Stream((data_event(chunk, line_end=CRLF) for chunk in chunks), "text/event-stream")


def count(incoming: Incoming) -> Whole:
    """Answer POST models/{model}:countTokens."""
    inner = field(incoming.body, "generateContentRequest")
    body = incoming.body if inner is None else reading.mapping(inner, "generateContentRequest")
    ask = Ask(incoming.parts["model"], read_turns(body.get("contents")))
    return json_reply({"totalTokens": ask.input_tokens})


def _ask(incoming: Incoming) -> Ask:
    if not incoming.body.get("contents"):
        raise SimError(
            400, "[simulated] * GenerateContentRequest.contents: contents is not specified"
        )
    return read_ask(incoming.body, incoming.parts["model"])


def _response(ask: Ask, candidates: list[dict[str, Any]], usage: dict[str, Any]) -> dict[str, Any]:
    return {
        "candidates": candidates,
        "usageMetadata": usage,
        "modelVersion": ask.model,
        "responseId": f"sim{digest(ask.model, ask.seed)[:20]}",
    }


def _blocked(ask: Ask) -> dict[str, Any]:
    usage = {"promptTokenCount": ask.input_tokens, "totalTokenCount": ask.input_tokens}
    blocked = _response(ask, [], usage)
    del blocked["candidates"]
    return {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, **blocked}


def _parts(answer: Answer) -> list[dict[str, Any]]:
    """Return the parts; a signature goes on the first call, or on the text if there is none."""
    parts: list[dict[str, Any]] = []
    if answer.reasoning:
        parts.append({"text": answer.reasoning, "thought": True})
    if answer.text:
        parts.append({"text": answer.text})
    parts += [
        {"functionCall": {"name": call.name, "args": call.arguments}} for call in answer.calls
    ]
    spoken = [part for part in parts if "thought" not in part]
    if answer.reasoning and spoken:
        spoken[0]["thoughtSignature"] = sign("gemini", answer.reasoning)
    return parts


def _candidate(
    ask: Ask, answer: Answer, parts: list[dict[str, Any]], *, last: bool
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"index": answer.index}
    if parts:
        candidate["content"] = {"role": "model", "parts": parts}
    if last:
        candidate["finishReason"] = FINISH[answer.finish]
    if last and answer.refusal:
        candidate["finishMessage"] = answer.refusal
        candidate["safetyRatings"] = [
            {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}
        ]
    said = "".join(part["text"] for part in parts if "text" in part and "thought" not in part)
    if ask.top_logprobs is not None and said:
        candidate.update(_logprobs(said, ask.top_logprobs))
    return candidate


def _logprobs(said: str, top: int) -> dict[str, Any]:
    pieces = tokens.tokens(said)
    chosen = [{"token": piece, "logProbability": tokens.logprob(piece)} for piece in pieces]
    rows = [
        {
            "candidates": [
                {"token": rival, "logProbability": tokens.logprob(rival, rank)}
                for rank, rival in enumerate(tokens.rivals(piece, max(top, 1)))
            ]
        }
        for piece in pieces
    ]
    average = sum(tokens.logprob(piece) for piece in pieces) / len(pieces)
    return {
        "avgLogprobs": round(average, 6),
        "logprobsResult": {"chosenCandidates": chosen, "topCandidates": rows},
    }


def _usage(ask: Ask, said: list[Answer]) -> dict[str, Any]:
    """Count candidates and thoughts apart; what is nought is left out.

    Source: Gemini API reference, generateContent
    """
    thoughts = sum(answer.reasoning_tokens for answer in said)
    produced = sum(answer.output_tokens for answer in said) - thoughts
    usage: dict[str, Any] = {
        "promptTokenCount": ask.input_tokens,
        "totalTokenCount": ask.input_tokens + produced + thoughts,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": ask.input_tokens}],
    }
    counts = {
        "candidatesTokenCount": produced,
        "thoughtsTokenCount": thoughts,
        "cachedContentTokenCount": ask.cached_tokens,
    }
    return {**usage, **{name: value for name, value in counts.items() if value}}


def _chunks(ask: Ask, said: list[Answer]) -> Iterator[dict[str, Any]]:
    """Give whole responses with a few tokens each; the usage grows from chunk to chunk."""
    if answers.wants_block(ask):
        yield _blocked(ask)
        return
    total, spent = _usage(ask, said), {"candidatesTokenCount": 0, "thoughtsTokenCount": 0}
    for answer in said:
        pieces = _pieces(answer)
        for at, part in enumerate(pieces):
            last = at == len(pieces) - 1
            kind = "thoughtsTokenCount" if part and part.get("thought") else "candidatesTokenCount"
            spent[kind] += tokens.count(str((part or {}).get("text", "")))
            done = last and answer is said[-1]
            candidate = _candidate(ask, answer, [part] if part else [], last=last)
            yield _response(ask, [candidate], total if done else _partial(total, spent))


def _partial(total: dict[str, Any], spent: dict[str, int]) -> dict[str, Any]:
    kept = ("promptTokenCount", "promptTokensDetails", "cachedContentTokenCount")
    usage = {name: total[name] for name in kept if name in total}
    usage["totalTokenCount"] = total["promptTokenCount"] + sum(spent.values())
    return {**usage, **{name: value for name, value in spent.items() if value}}


def _pieces(answer: Answer) -> list[dict[str, Any] | None]:
    """Return one part for each chunk; a function call is never split."""
    pieces: list[dict[str, Any] | None] = []
    for part in _parts(answer):
        if "text" not in part:
            pieces.append(part)
            continue
        texts = tokens.fragments(part["text"], CHUNK_TOKENS)
        rest = {name: value for name, value in part.items() if name != "text"}
        first = {"text": texts[0], **rest}
        thought = {"thought": True} if part.get("thought") else {}
        pieces += [first, *({"text": text, **thought} for text in texts[1:])]
    return pieces or [None]


def _array(chunks: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    opening = b"["
    for chunk in chunks:
        yield opening + json_reply(chunk).body
        opening = b",\r\n"
    yield b"]"
