"""Canonical calls and replies in the form in which this dialect can carry them whole."""

from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import strategies as st

from apps.providers import wire
from apps.providers.wire import FinishReason, Media, ToolMode
from tests.providers.dialects.gemini_generate.asking import (
    OWN,
    assistant,
    results,
    system,
    user,
)

FOREIGN = ("anthropic_messages", "openai_responses")

words = st.text(min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
# The field holds bytes, so a signature of Google's own is base64.
signatures = st.sampled_from(["c2ln", "AAAA", "Es8F/+8=", "cG9ydA=="])
texts = st.builds(wire.TextPart, text=words)
images = st.builds(
    wire.ImagePart,
    media=st.sampled_from(
        [
            Media(media_type="image/png", data="iVBORw0KGgo="),
            Media(media_type="image/gif", data="AAAA"),
            Media(media_type="image/png", url="https://example.org/a"),
        ]
    ),
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
)
audio = st.builds(wire.AudioPart, media=st.just(Media(media_type="audio/wav", data="UklGRg==")))
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["result", "error"]) | st.text(max_size=3), inner)
    ),
    max_leaves=5,
)
objects = st.dictionaries(st.text(max_size=3), json_values, max_size=3)
json_texts = json_values.map(lambda value: msgspec.json.encode(value).decode())
arguments = objects.map(lambda value: msgspec.json.encode(value).decode()) | st.sampled_from(
    ["{}", '{"a":1.50}', "[1]", '{"a":', "oops", '{"snake_case":{"other_key":1}}']
)

loose = st.builds(wire.ReasoningPart, signature=signatures, origin=st.just(OWN))
thoughts = st.builds(
    wire.ReasoningPart, text=words, signature=st.none() | signatures, origin=st.just(OWN)
)
foreign_thoughts = st.builds(
    wire.ReasoningPart,
    text=words,
    signature=words,
    origin=st.sampled_from(FOREIGN),
    id=st.none() | st.just("rs_1"),
) | st.builds(
    wire.ReasoningPart,
    signature=words,
    origin=st.sampled_from(FOREIGN),
    redacted=st.just(True),
)
unnumbered_calls = st.builds(
    wire.ToolCallPart, id=st.just(""), name=st.sampled_from(["get", "put_it"]), arguments=arguments
)
signed_calls = st.builds(
    wire.ToolCallPart,
    id=st.just(""),
    name=st.just("get"),
    arguments=arguments,
    signature=signatures,
    origin=st.just(OWN),
)
calls = unnumbered_calls | signed_calls


def _apart(parts: list[wire.Part]) -> bool:
    """Whether no two neighbours would be read as one, or exchange a signature."""
    for one, other in pairwise(parts):
        if isinstance(one, wire.TextPart) and isinstance(other, wire.TextPart):
            return False
        bare = isinstance(one, wire.ReasoningPart) and one.signature is None
        lone = isinstance(other, wire.ReasoningPart) and other.origin == OWN and not other.text
        if bare and isinstance(other, wire.ReasoningPart) and not lone:
            # The pieces of a streamed thought look like this.
            return False
    return True


def _number(parts: list[wire.Part], prefix: str) -> list[wire.Part]:
    return [
        msgspec.structs.replace(part, id=f"{prefix}_{place}")
        if isinstance(part, wire.ToolCallPart)
        else part
        for place, part in enumerate(parts)
    ]


def model_parts(*, foreign: bool) -> st.SearchStrategy[list[wire.Part]]:
    kinds: st.SearchStrategy[wire.Part] = texts | calls | thoughts | loose
    if foreign:
        kinds |= foreign_thoughts
    return st.lists(kinds, min_size=1, max_size=5).filter(_apart)


@st.composite
def conversations(draw: st.DrawFn) -> tuple[wire.Message, ...]:
    messages: list[wire.Message] = []
    if draw(st.booleans()):
        messages.append(system(*draw(st.lists(texts, min_size=1, max_size=2))))
    for turn in range(draw(st.integers(1, 3))):
        said = st.lists(texts | images | documents | audio, min_size=1, max_size=3)
        messages.append(user(*draw(said)))
        parts = _number(draw(model_parts(foreign=False)), f"call{turn}")
        messages.append(assistant(*parts))
        answers = [
            draw(_result(part.id, part.name))
            for part in parts
            if isinstance(part, wire.ToolCallPart)
        ]
        if answers:
            messages.append(results(*draw(st.permutations(answers))))
    return tuple(messages)


def _result(call_id: str, name: str) -> st.SearchStrategy[wire.ToolResultPart]:
    text = st.builds(wire.TextPart, text=st.text(max_size=8) | json_texts)
    media = st.lists(images | documents, max_size=2)
    content = st.tuples(st.lists(text, max_size=1), media).map(lambda both: (*both[0], *both[1]))
    return st.builds(
        wire.ToolResultPart,
        call_id=st.just(call_id),
        name=st.just(name),
        content=content,
        is_error=st.booleans(),
    )


tools = st.lists(
    st.builds(
        wire.Tool,
        name=st.sampled_from(["get", "put_it", "other"]),
        description=st.none() | words,
        parameters=st.none() | objects,
    ),
    max_size=3,
    unique_by=lambda tool: tool.name,
).map(tuple)
formats = st.none() | st.builds(wire.OutputFormat, schema=st.none() | objects)
reasoning = st.sampled_from(
    [
        None,
        wire.ReasoningRequest(effort="low"),
        wire.ReasoningRequest(effort="xhigh", summary=True),
        wire.ReasoningRequest(budget_tokens=100, summary=False),
        wire.ReasoningRequest(summary=True),
    ]
)


@st.composite
def chat_calls(draw: st.DrawFn) -> wire.ChatCall:
    declared = draw(tools)
    choice = None
    if declared:
        modes = st.sampled_from([None, ToolMode.AUTO, ToolMode.NONE, ToolMode.REQUIRED])
        if mode := draw(modes):
            choice = wire.ToolChoice(mode=mode)
        if len(declared) > 1 and draw(st.booleans()):
            choice = wire.ToolChoice(mode=ToolMode.NAMED, names=(declared[0].name,))
    logprobs = draw(st.booleans())
    return wire.ChatCall(
        model="fast",
        messages=draw(conversations()),
        tools=declared,
        tool_choice=choice,
        max_output_tokens=draw(st.none() | st.integers(1, 9999)),
        temperature=draw(st.none() | st.floats(0, 2)),
        top_p=draw(st.none() | st.floats(0, 1)),
        top_k=draw(st.none() | st.integers(1, 100)),
        frequency_penalty=draw(st.none() | st.floats(-2, 2)),
        presence_penalty=draw(st.none() | st.floats(-2, 2)),
        seed=draw(st.none() | st.integers(-(2**31), 2**31 - 1)),
        stop=tuple(draw(st.lists(words, max_size=5))),
        n=draw(st.integers(1, 8)),
        logprobs=logprobs,
        top_logprobs=draw(st.none() | st.integers(0, 20)) if logprobs else None,
        output_format=draw(formats),
        reasoning=draw(reasoning),
        stream=draw(st.booleans()),
        include_usage=True,
    )


usages = st.builds(
    lambda fresh, read, thought, said: wire.Usage(
        input_tokens=fresh + read,
        cache_read_tokens=read,
        output_tokens=thought + said,
        reasoning_tokens=thought,
    ),
    *[st.integers(0, 5000)] * 4,
)
logprobs = st.builds(
    wire.TokenLogprob,
    token=words,
    logprob=st.floats(-9, 0),
    top=st.lists(
        st.builds(wire.TokenLogprob, token=words, logprob=st.floats(-9, 0)), max_size=2
    ).map(tuple),
)


@st.composite
def replies(draw: st.DrawFn) -> wire.ChatReply:
    choices = []
    for index in range(draw(st.integers(1, 3))):
        parts = _number(draw(model_parts(foreign=True)), f"call{index}")
        called = any(isinstance(part, wire.ToolCallPart) for part in parts)
        natural = FinishReason.TOOL_CALLS if called else FinishReason.STOP
        ends = [natural, FinishReason.LENGTH, FinishReason.CONTENT_FILTER, FinishReason.OTHER]
        choices.append(
            wire.Choice(parts=tuple(parts), finish=draw(st.sampled_from(ends)), index=index)
        )
    if draw(st.booleans()) and isinstance(choices[0].parts[0], wire.TextPart):
        found = tuple(draw(st.lists(logprobs, min_size=1, max_size=2)))
        choices[0] = msgspec.structs.replace(choices[0], logprobs=found)
    return wire.ChatReply(
        id=draw(words),
        model=draw(words),
        created=draw(st.integers(0, 2**31)),
        choices=tuple(choices),
        usage=draw(st.none() | usages),
    )


def deltas_of(reply: wire.ChatReply, pieces: int) -> list[wire.ChatDelta]:
    """The stream that spells a reply, texts cut into `pieces` characters."""
    deltas: list[wire.ChatDelta] = [
        wire.StreamStart(id=reply.id, model=reply.model, created=reply.created)
    ]
    for choice in reply.choices:
        deltas.extend(_choice_deltas(choice, pieces))
    if reply.usage is not None:
        deltas.append(wire.UsageReport(usage=reply.usage))
    return deltas


def _choice_deltas(choice: wire.Choice, pieces: int) -> list[wire.ChatDelta]:
    deltas: list[wire.ChatDelta] = []
    calls_so_far = 0
    logprobs_left = choice.logprobs
    for part in choice.parts:
        if isinstance(part, wire.TextPart):
            for text in _cut(part.text, pieces):
                deltas.append(
                    wire.TextDelta(text=text, choice=choice.index, logprobs=logprobs_left)
                )
                logprobs_left = None
        elif isinstance(part, wire.ReasoningPart):
            deltas.extend(
                wire.ReasoningDelta(text=text, choice=choice.index)
                for text in _cut(part.text, pieces)
            )
            deltas.append(
                wire.ReasoningEnd(
                    signature=part.signature,
                    origin=part.origin,
                    redacted=part.redacted,
                    id=part.id,
                    choice=choice.index,
                )
            )
        elif isinstance(part, wire.ToolCallPart):
            deltas.append(
                wire.ToolCallStart(
                    index=calls_so_far,
                    id=part.id,
                    name=part.name,
                    signature=part.signature,
                    origin=part.origin,
                    choice=choice.index,
                )
            )
            deltas.extend(
                wire.ToolCallDelta(index=calls_so_far, arguments=text, choice=choice.index)
                for text in _cut(part.arguments, pieces)
            )
            deltas.append(wire.ToolCallEnd(index=calls_so_far, choice=choice.index))
            calls_so_far += 1
    deltas.append(wire.Finish(reason=choice.finish, choice=choice.index))
    return deltas


def _cut(text: str, size: int) -> list[str]:
    return [text[start : start + size] for start in range(0, len(text), size)]
