"""Write the response object and its items.

Source: OpenAI API reference, the response object.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from apps.providers import wire
from apps.providers.dialects.openai_responses import encode
from apps.providers.dialects.openai_responses.reasoning import reasoning_item, seal_call
from apps.providers.wire import FinishReason

Item = dict[str, Any]

_NOT_IN_ID = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST_BASE = 48  # ids of items may have 64 characters
_INCOMPLETE: Mapping[FinishReason, str] = {
    FinishReason.LENGTH: "max_output_tokens",
    FinishReason.CONTEXT_WINDOW: "max_output_tokens",
    FinishReason.CONTENT_FILTER: "content_filter",
}
_MALFORMED = {"code": "server_error", "message": "The model asked for a tool in a broken form."}


class Ids:
    """Ids of a response and its items, all derived from the id of the reply."""

    def __init__(self, reply_id: str) -> None:
        base = _NOT_IN_ID.sub("_", reply_id.removeprefix("resp_")) or "0"
        self.response = f"resp_{base}"
        self._base = base[:_LONGEST_BASE]

    def item(self, prefix: str, index: int) -> str:
        """The id of the item at a place in the output; `prefix` is msg, fc or rs."""
        return f"{prefix}_{self._base}_{index}"


def skeleton(call: wire.ChatCall) -> dict[str, Any]:
    """The fields of a response that repeat what the caller asked."""
    instructions, _ = encode.split_instructions(call.messages)
    reasoning = call.reasoning or wire.ReasoningRequest()
    extras = call.extras
    body: dict[str, Any] = {
        "background": False,
        "instructions": instructions,
        "max_output_tokens": call.max_output_tokens,
        "max_tool_calls": None,
        "metadata": call.metadata or {},
        "parallel_tool_calls": call.parallel_tool_calls is not False,
        "previous_response_id": None,
        "prompt_cache_key": extras.get("prompt_cache_key"),
        "reasoning": {
            "effort": reasoning.effort,
            "summary": "auto" if reasoning.summary else None,
        },
        "safety_identifier": extras.get("safety_identifier"),
        "service_tier": "default",
        "store": False,
        "temperature": 1.0 if call.temperature is None else call.temperature,
        "text": {
            "format": encode.format_value(call.output_format),
            "verbosity": extras.get("verbosity", "medium"),
        },
        "tool_choice": encode.choice_value(call.tool_choice) if call.tool_choice else "auto",
        "tools": [_tool(tool) for tool in call.tools],
        "top_logprobs": call.top_logprobs or 0,
        "top_p": 1.0 if call.top_p is None else call.top_p,
        "truncation": "disabled",
    }
    if call.user is not None:
        body["user"] = call.user
    return body


def response_object(
    asked: Mapping[str, Any],
    *,
    response_id: str,
    model: str,
    created: int,
    output: Sequence[Item],
    finish: FinishReason | None = None,
    usage: wire.Usage | None = None,
    error: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The whole object; without `finish` and `error` it is still in progress."""
    reason = _INCOMPLETE.get(finish) if finish is not None else None
    if finish is FinishReason.MALFORMED_CALL:
        error = error or _MALFORMED
    if error is not None:
        status = "failed"
    elif finish is None:
        status = "in_progress"
    else:
        status = "incomplete" if reason else "completed"
    body: dict[str, Any] = {
        "id": response_id,
        "object": "response",
        "created_at": created,
        "status": status,
        "error": error,
        "incomplete_details": {"reason": reason} if reason and error is None else None,
        "model": model,
        "output": output,
        **asked,
    }
    if usage is not None:
        body["usage"] = usage_object(usage)
    return body


def usage_object(usage: wire.Usage) -> dict[str, Any]:
    """Usage with its breakdown."""
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
    }


def output_items(choice: wire.Choice, ids: Ids) -> list[Item]:
    """The output of a whole reply; the last message of an incomplete one is incomplete."""
    items: list[Item] = []
    contents: list[Item] | None = None
    # The reply has one list for all its text: it stands with the first piece.
    logprobs = logprob_values(choice.logprobs or ())
    for part in choice.parts:
        if isinstance(part, (wire.TextPart, wire.RefusalPart)):
            if contents is None:
                contents = []
                items.append(message_item(ids.item("msg", len(items)), contents, "completed"))
            if isinstance(part, wire.RefusalPart):
                contents.append(refusal_content(part.text))
            else:
                contents.append(text_content(part.text, logprobs))
                logprobs = []
            continue
        contents = None
        if isinstance(part, wire.ReasoningPart):
            items.append(thoughts_item(part, ids.item("rs", len(items))))
        elif isinstance(part, wire.ToolCallPart):
            items.extend(_call(part, ids, len(items)))
    if items and choice.finish in _INCOMPLETE:
        mark_incomplete(items[-1])
    return items


def mark_incomplete(item: Item) -> None:
    """Say of a message that it was cut off; a call ends before anybody knows why."""
    if item["type"] == "message":
        item["status"] = "incomplete"


def is_cut_off(finish: FinishReason) -> bool:
    """Whether a reply that ended so is incomplete."""
    return finish in _INCOMPLETE


def message_item(item_id: str, contents: list[Item], status: str) -> Item:
    """An assistant's message."""
    return {
        "id": item_id,
        "type": "message",
        "status": status,
        "role": "assistant",
        "content": contents,
    }


def call_item(item_id: str, call_id: str, name: str, arguments: str, status: str) -> Item:
    """A function call."""
    return {
        "id": item_id,
        "type": "function_call",
        "status": status,
        "arguments": arguments,
        "call_id": call_id,
        "name": name,
    }


def thoughts_item(part: wire.ReasoningPart, item_id: str) -> Item:
    """Thoughts, under the provider's own id when it gave one."""
    given = part.id if part.id and part.id.startswith("rs") else None
    return {"id": given or item_id, **reasoning_item(part)}


def signature_item(item_id: str, signature: str | None, origin: str) -> Item | None:
    """The reasoning item that carries a function call's signature, where there is one."""
    sealed = seal_call(signature, origin)
    if sealed is None:
        return None
    return {"id": item_id, "type": "reasoning", "summary": [], "encrypted_content": sealed}


def text_content(text: str, logprobs: Sequence[Item] = ()) -> Item:
    """A piece of text."""
    return {"type": "output_text", "annotations": [], "logprobs": logprobs, "text": text}


def refusal_content(text: str) -> Item:
    """The model's own words when it declines."""
    return {"type": "refusal", "refusal": text}


def logprob_values(logprobs: Iterable[wire.TokenLogprob]) -> list[Item]:
    """Log probabilities; bytes that the provider did not tell are those of the token's text."""
    return [
        {**_logprob(one), "top_logprobs": [_logprob(rival) for rival in one.top]}
        for one in logprobs
    ]


def _logprob(one: wire.TokenLogprob) -> Item:
    spelled = one.bytes if one.bytes is not None else one.token.encode("utf-8", "replace")
    return {"token": one.token, "logprob": one.logprob, "bytes": list(spelled)}


def _call(part: wire.ToolCallPart, ids: Ids, index: int) -> list[Item]:
    carrier = signature_item(ids.item("rs", index), part.signature, part.origin)
    before = [carrier] if carrier else []
    item_id = ids.item("fc", index + len(before))
    return [*before, call_item(item_id, part.id, part.name, part.arguments or "{}", "completed")]


def _tool(tool: wire.Tool) -> Item:
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
        "strict": tool.strict,
    }
