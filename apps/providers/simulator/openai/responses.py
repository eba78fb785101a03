"""Answer the Responses API, whole or in events, and count its input tokens.

Source: openapi `Response`, `ResponseStreamEvent`.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from apps.providers.simulator import answers, reading
from apps.providers.simulator.answers import Answer
from apps.providers.simulator.asks import Ask
from apps.providers.simulator.dice import digest
from apps.providers.simulator.exchange import Incoming, SimError, Stream, Whole, json_reply
from apps.providers.simulator.openai.chat import logprobs_of
from apps.providers.simulator.openai.items import read_ask
from apps.providers.simulator.openai.response_events import events_of
from apps.providers.simulator.openai.shared import created
from apps.providers.simulator.reading import Body
from apps.providers.simulator.signatures import sign

ECHOED: Final = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "store": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
}


def create(incoming: Incoming) -> Whole | Stream:
    """Answer POST /responses."""
    body = incoming.body
    reading.required(body, "model", "input")
    reading.text(body["model"], "model")
    if body.get("background"):
        message = "[simulated] Nothing runs in the background here."
        raise SimError(400, message, param="background")
    ask = read_ask(body)
    if answers.wants_block(ask):
        message = "[simulated] Your prompt was flagged as potentially violating our usage policy."
        raise SimError(400, message, code="invalid_prompt")
    answer = answers.answer(ask)
    response = _response(body, ask, answer)
    if body.get("stream"):
        return Stream(events_of(response))
    return json_reply(response)


def count(incoming: Incoming) -> Whole:
    """Answer POST /responses/input_tokens."""
    reading.required(incoming.body, "model", "input")
    spent = read_ask(incoming.body).input_tokens
    return json_reply({"object": "response.input_tokens", "input_tokens": spent})


def _response(body: Body, ask: Ask, answer: Answer) -> dict[str, Any]:
    key = digest(ask.model, ask.seed)
    cut = answer.finish == "length"
    echoed = {
        name: body[name] if body.get(name) is not None else default
        for name, default in ECHOED.items()
    }
    return {
        "id": f"resp_sim{key[:45]}",
        "object": "response",
        "created_at": created(key),
        "completed_at": None if cut else created(key),
        "status": "incomplete" if cut else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "model": ask.model,
        "output": list(_items(ask, answer)),
        **echoed,
        "service_tier": "default",
        "text": _shown_format(body),
        "tools": [_shown_tool(tool) for tool in body.get("tools") or []],
        "usage": _usage(ask, answer),
    }


def _items(ask: Ask, answer: Answer) -> Iterator[dict[str, Any]]:
    if answer.reasoning:
        item: dict[str, Any] = {"id": f"rs_sim{answer.key}", "type": "reasoning", "summary": []}
        if ask.extra["summary"]:
            item["summary"] = [{"type": "summary_text", "text": answer.reasoning}]
        if ask.extra["encrypted"]:
            item["encrypted_content"] = sign("openai", answer.reasoning)
        yield item
    for call in answer.calls:
        yield {
            "id": f"fc_sim{call.key}",
            "type": "function_call",
            "call_id": f"call_{call.key}",
            "name": call.name,
            "arguments": call.arguments_json,
            "status": "completed",
        }
    if not answer.calls and (answer.text or answer.refusal):
        yield {
            "id": f"msg_sim{answer.key}",
            "type": "message",
            "role": "assistant",
            "status": "incomplete" if answer.finish == "length" else "completed",
            "content": [_part(ask, answer)],
        }


def _part(ask: Ask, answer: Answer) -> dict[str, Any]:
    if answer.refusal:
        return {"type": "refusal", "refusal": answer.refusal}
    logprobs = logprobs_of(answer.text, ask.top_logprobs)
    said = logprobs["content"] if logprobs else []
    return {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": said}


def _usage(ask: Ask, answer: Answer) -> dict[str, Any]:
    return {
        "input_tokens": ask.input_tokens,
        "input_tokens_details": {
            "cached_tokens": ask.cached_tokens,
            "cache_write_tokens": ask.cache_write_tokens,
        },
        "output_tokens": answer.output_tokens,
        "output_tokens_details": {"reasoning_tokens": answer.reasoning_tokens},
        "total_tokens": ask.input_tokens + answer.output_tokens,
    }


def _shown_format(body: Body) -> dict[str, Any]:
    asked = body.get("text") or {}
    shown = {"format": asked.get("format") or {"type": "text"}}
    return {**shown, "verbosity": asked.get("verbosity") or "medium"}


def _shown_tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tool as the service echoes it: a function has all its fields."""
    if tool.get("type") != "function":
        return dict(tool)
    empty = {"type": "object", "properties": {}}
    shown = {"strict": True, "description": None, **tool}
    return {**shown, "parameters": tool.get("parameters") or empty}
