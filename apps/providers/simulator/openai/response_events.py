"""Take a finished response apart into the events that build it.

Source: openapi `ResponseStreamEvent`.
"""

from collections.abc import Iterator
from typing import Any, Final

from apps.providers.simulator import tokens
from apps.providers.simulator.exchange import named_event

ARGUMENT_TOKENS: Final = 3
Event = dict[str, Any]


def events_of(response: dict[str, Any]) -> Iterator[bytes]:
    """Give the named events in order, numbered from 0 without gaps; there is no [DONE]."""
    for number, event in enumerate(_events(response)):
        yield named_event({**event, "sequence_number": number})


def _events(response: dict[str, Any]) -> Iterator[Event]:
    unfinished = {"incomplete_details": None, "completed_at": None, "usage": None}
    opening = {**response, **unfinished, "status": "in_progress", "output": []}
    del opening["usage"]
    yield {"type": "response.created", "response": opening}
    yield {"type": "response.in_progress", "response": opening}
    for index, item in enumerate(response["output"]):
        place = {"item_id": item["id"], "output_index": index}
        begun = _begun(item)
        yield {"type": "response.output_item.added", "output_index": index, "item": begun}
        if item["type"] == "reasoning":
            yield from _summary_events(item, place)
        elif item["type"] == "function_call":
            yield from _argument_events(item, place)
        else:
            yield from _message_events(item, place)
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    yield {"type": f"response.{response['status']}", "response": response}


def _begun(item: Event) -> Event:
    """Return an item as it is announced: without what the deltas will bring."""
    if item["type"] == "reasoning":
        return {**item, "summary": []}
    if item["type"] == "function_call":
        return {**item, "arguments": "", "status": "in_progress"}
    return {**item, "content": [], "status": "in_progress"}


def _summary_events(item: Event, place: Event) -> Iterator[Event]:
    kind = "response.reasoning_summary"
    for index, part in enumerate(item["summary"]):
        here = {**place, "summary_index": index}
        empty = {**part, "text": ""}
        yield {"type": f"{kind}_part.added", **here, "part": empty}
        for piece in tokens.fragments(part["text"]):
            yield {"type": f"{kind}_text.delta", **here, "delta": piece}
        yield {"type": f"{kind}_text.done", **here, "text": part["text"]}
        yield {"type": f"{kind}_part.done", **here, "part": part}


def _argument_events(item: Event, place: Event) -> Iterator[Event]:
    kind = "response.function_call_arguments"
    for piece in tokens.fragments(item["arguments"], ARGUMENT_TOKENS):
        yield {"type": f"{kind}.delta", **place, "delta": piece}
    finished = {"name": item["name"], "arguments": item["arguments"]}
    yield {"type": f"{kind}.done", **place, **finished}


def _message_events(item: Event, place: Event) -> Iterator[Event]:
    for index, part in enumerate(item["content"]):
        here = {**place, "content_index": index}
        refused = part["type"] == "refusal"
        empty = {**part, "refusal": ""} if refused else {**part, "text": "", "logprobs": []}
        yield {"type": "response.content_part.added", **here, "part": empty}
        yield from _refusal_events(part, here) if refused else _text_events(part, here)
        yield {"type": "response.content_part.done", **here, "part": part}


def _refusal_events(part: Event, here: Event) -> Iterator[Event]:
    for piece in tokens.fragments(part["refusal"]):
        yield {"type": "response.refusal.delta", **here, "delta": piece}
    yield {"type": "response.refusal.done", **here, "refusal": part["refusal"]}


def _text_events(part: Event, here: Event) -> Iterator[Event]:
    """Give the text with the log probabilities of the tokens in each piece, if there are any."""
    waiting = [_slim(token) for token in part["logprobs"]]
    for piece in tokens.fragments(part["text"]):
        size = tokens.count(piece)
        said, waiting = waiting[:size], waiting[size:]
        yield {"type": "response.output_text.delta", **here, "delta": piece, "logprobs": said}
    said = [_slim(token) for token in part["logprobs"]]
    yield {"type": "response.output_text.done", **here, "text": part["text"], "logprobs": said}


def _slim(token: Event) -> Event:
    """Return a log probability as events have it, without bytes."""
    top = [{"token": one["token"], "logprob": one["logprob"]} for one in token["top_logprobs"]]
    return {"token": token["token"], "logprob": token["logprob"], "top_logprobs": top}
