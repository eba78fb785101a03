"""Canonical calls and replies in the form in which this dialect can carry them whole."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from hypothesis import strategies as st

from apps.providers import wire
from apps.providers.wire import FinishReason, Media, ReasoningRequest, ToolChoice, ToolMode
from tests.providers.dialects.anthropic_messages.examples import (
    assistant,
    results,
    system,
    user,
)

OWN = "anthropic_messages"

words = st.text(min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
cached = st.booleans()
texts = st.builds(wire.TextPart, text=words, cache=cached)
plain_texts = st.builds(wire.TextPart, text=words)
images = st.builds(
    wire.ImagePart,
    media=st.sampled_from(
        [
            Media(media_type="image/png", data="iVBORw0KGgo="),
            Media(media_type="image/gif", data="AAAA"),
            Media(url="https://example.org/a.png"),
        ]
    ),
    cache=cached,
)
documents = st.builds(
    wire.DocumentPart,
    media=st.sampled_from(
        [
            Media(media_type="application/pdf", data="JVBERi0="),
            Media(media_type="application/pdf", url="https://example.org/a.pdf"),
            Media(media_type="text/plain", data="R3LDvMOfZQ=="),
        ]
    ),
    name=st.none() | words,
    cache=cached,
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)
arguments = st.dictionaries(st.text(max_size=3), json_values, max_size=3).map(
    lambda value: msgspec.json.encode(value).decode()
) | st.sampled_from(["{}", '{"a": 1.50}', "[1]", '{"a":', "oops"])
own_thoughts = st.builds(
    wire.ReasoningPart, text=words, signature=words, origin=st.just(OWN)
) | st.builds(wire.ReasoningPart, signature=words, origin=st.just(OWN), redacted=st.just(True))
foreign_thoughts = st.builds(
    wire.ReasoningPart,
    text=words,
    signature=st.none() | words,
    origin=st.just("openai_responses"),
    id=st.just("rs_1"),
) | st.builds(
    wire.ReasoningPart,
    text=words,
    signature=words,
    origin=st.sampled_from(["gemini_generate", "azure_inference"]),
)
bare_thoughts = st.builds(wire.ReasoningPart, text=words)
usages = st.builds(
    lambda fresh, read, write, thought, said: wire.Usage(
        input_tokens=fresh + read + write,
        cache_read_tokens=read,
        cache_write_tokens=write,
        output_tokens=thought + said,
        reasoning_tokens=thought,
    ),
    *[st.integers(0, 5000)] * 5,
)
schemas = st.sampled_from(
    [
        {"type": "object", "properties": {}, "additionalProperties": False},
        {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False},
    ]
)
tools = st.lists(
    st.builds(
        wire.Tool,
        name=st.sampled_from(["f", "g", "h-1"]),
        description=st.none() | words,
        parameters=schemas,
        strict=st.sampled_from([None, True]),
        cache=cached,
    ),
    unique_by=lambda tool: tool.name,
    max_size=3,
).map(tuple)


@st.composite
def calls(draw: st.DrawFn) -> wire.ChatCall:
    """A call that survives the way into this dialect and back."""
    offered = draw(tools)
    choice, parallel = draw(_choices(offered)) if offered else (None, None)
    reasoning = draw(_reasonings)
    calm = reasoning is None or reasoning.effort == "none"
    return wire.ChatCall(
        model="some-model",
        messages=draw(conversations()),
        tools=offered,
        tool_choice=choice,
        parallel_tool_calls=parallel,
        max_output_tokens=draw(st.integers(1, 9999)),
        temperature=draw(st.none() | st.floats(0, 1)) if calm else None,
        top_p=draw(st.none() | st.floats(0.1, 1)) if calm else None,
        top_k=draw(st.none() | st.integers(1, 99)) if calm else None,
        stop=tuple(draw(st.lists(words, max_size=2))),
        output_format=draw(st.none() | st.builds(wire.OutputFormat, schema=schemas)),
        reasoning=reasoning,
        user=draw(st.none() | words),
        stream=draw(st.booleans()),
        include_usage=True,
        extras=draw(st.sampled_from([{}, {"service_tier": "auto"}])),
    )


_reasonings = st.none() | st.sampled_from(
    [
        ReasoningRequest(effort="none"),
        ReasoningRequest(effort="low"),
        ReasoningRequest(effort="max", summary=True),
        ReasoningRequest(budget_tokens=-1),
        ReasoningRequest(budget_tokens=-1, summary=False),
    ]
)


def _choices(
    offered: Sequence[wire.Tool],
) -> st.SearchStrategy[tuple[ToolChoice | None, bool | None]]:
    free = st.sampled_from([ToolMode.AUTO, ToolMode.REQUIRED]).map(
        lambda mode: ToolChoice(mode=mode)
    )
    named = st.sampled_from(offered).map(
        lambda tool: ToolChoice(mode=ToolMode.NAMED, names=(tool.name,))
    )
    return st.sampled_from([(None, None), (ToolChoice(mode=ToolMode.NONE), None)]) | st.tuples(
        free | named, st.none() | st.booleans()
    )


@st.composite
def conversations(draw: st.DrawFn) -> tuple[wire.Message, ...]:
    """Turns in the order that the service wants, each role's parts in one message."""
    messages: list[wire.Message] = []
    if draw(st.booleans()):
        messages.append(system(*draw(st.lists(texts, min_size=1, max_size=2))))
    said = st.lists(texts | images | documents, min_size=1, max_size=3)
    messages.append(user(*draw(said)))
    for turn in range(draw(st.integers(0, 2))):
        asked = draw(_requested(turn))
        spoken = draw(st.lists(texts | own_thoughts, min_size=0 if asked else 1, max_size=2))
        messages.append(assistant(*spoken, *asked))
        if asked:
            messages.append(results(*(draw(_results(call)) for call in asked)))
        if not asked or draw(st.booleans()):
            messages.append(user(*draw(said)))
    return tuple(messages)


@st.composite
def _requested(draw: st.DrawFn, turn: int) -> list[wire.ToolCallPart]:
    return [
        wire.ToolCallPart(
            id=f"call_{turn}-{number}",
            name=draw(st.sampled_from(["f", "g"])),
            arguments=draw(arguments),
            cache=draw(cached),
        )
        for number in range(draw(st.integers(0, 2)))
    ]


def _results(call: wire.ToolCallPart) -> st.SearchStrategy[wire.ToolResultPart]:
    return st.builds(
        wire.ToolResultPart,
        call_id=st.just(call.id),
        name=st.just(call.name),
        content=st.lists(texts | images | documents, max_size=2).map(tuple),
        is_error=st.booleans(),
        cache=cached,
    )


@st.composite
def replies(
    draw: st.DrawFn, thoughts: st.SearchStrategy[wire.ReasoningPart], *, signed: bool = False
) -> wire.ChatReply:
    """A reply with no two texts in a row, as a stream would spell it."""
    parts: list[wire.Part] = []
    for part in draw(st.lists(plain_texts | thoughts, max_size=4)):
        if not (parts and isinstance(part, wire.TextPart) and isinstance(parts[-1], wire.TextPart)):
            parts.append(part)
    seal, origin = ("sig", "gemini_generate") if signed else (None, "")
    parts += [
        wire.ToolCallPart(
            id=f"c{number}", name="f", arguments=draw(arguments), signature=seal, origin=origin
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    called = bool(parts) and isinstance(parts[-1], wire.ToolCallPart)
    finish = draw(st.sampled_from(_CALLED if called else _SAID))
    hit = draw(st.none() | words) if finish is FinishReason.STOP_SEQUENCE else None
    return wire.ChatReply(
        id="msg_1",
        model="m",
        choices=(wire.Choice(parts=tuple(parts), finish=finish, stop_sequence=hit),),
        usage=draw(usages),
    )


_SAID = [
    FinishReason.STOP,
    FinishReason.STOP_SEQUENCE,
    FinishReason.LENGTH,
    FinishReason.CONTEXT_WINDOW,
    FinishReason.CONTENT_FILTER,
    FinishReason.PAUSE,
]
_CALLED = [FinishReason.TOOL_CALLS, FinishReason.LENGTH]


def deltas_of(reply: wire.ChatReply, size: int) -> Iterable[wire.ChatDelta]:
    """The reply as a stream: pieces of `size` characters, calls side by side."""
    choice = reply.choices[0]
    yield wire.StreamStart(id=reply.id, model=reply.model)
    for part in choice.parts:
        match part:
            case wire.TextPart():
                for piece in _pieces(part.text, size):
                    yield wire.TextDelta(text=piece)
            case wire.ReasoningPart():
                for piece in _pieces(part.text, size):
                    yield wire.ReasoningDelta(text=piece)
                yield wire.ReasoningEnd(
                    signature=part.signature,
                    origin=part.origin,
                    redacted=part.redacted,
                    id=part.id,
                )
    yield from _calls_side_by_side(
        [part for part in choice.parts if isinstance(part, wire.ToolCallPart)], size
    )
    yield wire.Finish(reason=choice.finish, stop_sequence=choice.stop_sequence)
    yield wire.UsageReport(usage=reply.usage or wire.Usage())


def _calls_side_by_side(asked: list[wire.ToolCallPart], size: int) -> Iterable[wire.ChatDelta]:
    for index, call in enumerate(asked):
        yield wire.ToolCallStart(index=index, id=call.id, name=call.name)
    waiting = [_pieces(call.arguments, size) for call in asked]
    while any(waiting):
        for index, pieces in enumerate(waiting):
            if pieces:
                yield wire.ToolCallDelta(index=index, arguments=pieces.pop(0))
    for index in reversed(range(len(asked))):
        yield wire.ToolCallEnd(index=index)


def _pieces(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]
