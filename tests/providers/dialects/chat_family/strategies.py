"""Calls, replies and streams of all kinds that the chat family can carry."""

import base64
from collections.abc import Sequence

from hypothesis import strategies as st

from apps.providers import wire
from apps.providers.wire import FinishReason, Role, ToolMode

texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=20)
names = st.from_regex(r"\A[a-zA-Z0-9_-]{1,12}\Z")
data = st.binary(min_size=1, max_size=12).map(lambda raw: base64.b64encode(raw).decode())
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=4,
)
schemas = st.dictionaries(names, json_values, max_size=3)
arguments = st.sampled_from(["{}", '{"city": "Zürich"}', "{broken", '{"a":[1,{"b":null}]}'])
counts = st.integers(0, 10_000)

text_parts = st.builds(wire.TextPart, text=texts)
image_parts = st.builds(
    wire.ImagePart,
    media=st.one_of(
        st.builds(wire.Media, media_type=st.sampled_from(["image/png", "image/gif"]), data=data),
        st.builds(wire.Media, url=names.map("https://x.test/{}".format)),
    ),
    detail=st.sampled_from([None, "low", "high"]),
)
document_parts = st.builds(
    wire.DocumentPart,
    media=st.builds(wire.Media, media_type=st.just("application/pdf"), data=data),
    name=names,
)
audio_by_value = st.builds(
    wire.AudioPart,
    media=st.builds(wire.Media, media_type=st.sampled_from(["audio/wav", "audio/mpeg"]), data=data),
)
audio_by_url = st.builds(
    wire.AudioPart, media=st.builds(wire.Media, url=names.map("https://x.test/{}".format))
)
call_parts = st.builds(wire.ToolCallPart, id=names, name=names, arguments=arguments)


def signed(part: st.SearchStrategy[wire.Part], dialect: str) -> st.SearchStrategy[wire.Part]:
    """Parts with a signature of some dialect."""
    return st.builds(
        lambda made, text, origin: _sign(made, text, origin),
        part,
        texts.filter(lambda text: not text.startswith("portal:")),
        st.sampled_from([dialect, "gemini_generate", "anthropic_messages"]),
    )


def _sign(part: wire.Part, signature: str, origin: str) -> wire.Part:
    if isinstance(part, wire.ToolCallPart):
        return wire.ToolCallPart(
            id=part.id,
            name=part.name,
            arguments=part.arguments,
            signature=signature,
            origin=origin,
        )
    assert isinstance(part, wire.ReasoningPart)
    return wire.ReasoningPart(
        text="" if part.redacted else part.text,
        signature=signature,
        origin=origin,
        redacted=part.redacted,
        id=part.id,
    )


def histories(
    *user_parts: st.SearchStrategy[wire.Part], participants: bool, one_text: bool
) -> st.SearchStrategy[tuple[wire.Message, ...]]:
    """Conversations; with `one_text` only the user speaks in several parts."""
    speakers = st.none() | names if participants else st.none()
    said = st.tuples(text_parts) if one_text else _tuples(text_parts, 2)
    system = st.builds(wire.Message, role=st.just(Role.SYSTEM), parts=said, name=speakers)
    user = st.builds(
        wire.Message,
        role=st.just(Role.USER),
        parts=_tuples(st.one_of(text_parts, *user_parts), 3),
        name=speakers,
    )
    answer = st.builds(
        lambda first, calls: wire.Message(role=Role.ASSISTANT, parts=(*first, *calls)),
        said | st.just(()),
        st.lists(call_parts, max_size=2, unique_by=lambda call: call.id),
    )
    return st.lists(st.one_of(system, user, answer), min_size=1, max_size=5).map(_answered)


def _tuples(
    parts: st.SearchStrategy[wire.TextPart] | st.SearchStrategy[wire.Part], most: int
) -> st.SearchStrategy[tuple[wire.Part, ...]]:
    return st.lists(parts, min_size=1, max_size=most).map(tuple)


def _answered(messages: Sequence[wire.Message]) -> tuple[wire.Message, ...]:
    """Each tool call gets its own id and, in one message after it, its result."""
    found: list[wire.Message] = []
    number = 0
    for message in messages:
        parts: list[wire.Part] = []
        results: list[wire.Part] = []
        for part in message.parts:
            if isinstance(part, wire.ToolCallPart):
                identity = f"call_{number}"
                number += 1
                parts.append(
                    wire.ToolCallPart(id=identity, name=part.name, arguments=part.arguments)
                )
                said = wire.TextPart(text=f"result {number}")
                results.append(
                    wire.ToolResultPart(call_id=identity, name=part.name, content=(said,))
                )
            else:
                parts.append(part)
        found.append(wire.Message(role=message.role, parts=tuple(parts), name=message.name))
        if results:
            found.append(wire.Message(role=Role.TOOL, parts=tuple(results)))
    return tuple(found)


def tools(*, strict: bool) -> st.SearchStrategy[tuple[wire.Tool, ...]]:
    """Some tools with names of their own."""
    tool = st.builds(
        wire.Tool,
        name=names,
        description=st.none() | texts,
        parameters=st.none() | schemas,
        strict=st.sampled_from([None, True, False]) if strict else st.none(),
    )
    return st.lists(tool, max_size=3, unique_by=lambda made: made.name).map(tuple)


formats = st.one_of(
    st.none(),
    st.just(wire.OutputFormat()),
    st.builds(
        wire.OutputFormat,
        schema=schemas,
        name=names,
        description=st.none() | texts,
        strict=st.sampled_from([None, True]),
    ),
)


def choices_among(
    given: tuple[wire.Tool, ...], most: int
) -> st.SearchStrategy[wire.ToolChoice | None]:
    """A tool choice that these tools allow."""
    if not given:
        return st.none()
    modes = st.sampled_from([ToolMode.AUTO, ToolMode.NONE, ToolMode.REQUIRED])
    known = [tool.name for tool in given]
    some = st.lists(st.sampled_from(known), min_size=1, max_size=most, unique=True)
    return st.one_of(
        st.none(),
        st.builds(wire.ToolChoice, mode=modes),
        st.builds(wire.ToolChoice, mode=st.just(ToolMode.NAMED), names=some.map(tuple)),
    )


numbers = st.none() | st.floats(-1, 1, allow_nan=False)


@st.composite
def usages(draw: st.DrawFn) -> wire.Usage:
    """Usage that adds up."""
    spent, made = draw(counts), draw(counts)
    return wire.Usage(
        input_tokens=spent,
        output_tokens=made,
        cache_read_tokens=draw(st.integers(0, spent)),
        cache_write_tokens=draw(st.integers(0, spent)),
        reasoning_tokens=draw(st.integers(0, made)),
    )


_tokens = st.builds(
    wire.TokenLogprob,
    token=texts,
    logprob=st.floats(-9, 0),
    bytes=st.none() | st.lists(st.integers(0, 255), max_size=3).map(tuple),
)
logprobs = st.builds(
    lambda token, top: wire.TokenLogprob(
        token=token.token, logprob=token.logprob, bytes=token.bytes, top=top
    ),
    _tokens,
    st.lists(_tokens, max_size=2).map(tuple),
)


@st.composite
def choices(draw: st.DrawFn, index: int, dialect: str, *, refusals: bool) -> wire.Choice:
    """One answer with whatever an answer may hold, in the order of the dialect."""
    parts: list[wire.Part] = []
    thought = st.builds(wire.ReasoningPart, text=texts, redacted=st.booleans())
    if draw(st.booleans()):
        parts += draw(st.lists(signed(thought, dialect), max_size=2))
    elif draw(st.booleans()):
        parts.append(wire.ReasoningPart(text=draw(texts)))
    if draw(st.booleans()):
        parts.append(draw(text_parts))
    if refusals and draw(st.booleans()):
        parts.append(wire.RefusalPart(text=draw(texts)))
    calls = draw(
        st.lists(call_parts | signed(call_parts, dialect), max_size=2, unique_by=_identity)
    )
    parts += calls
    finish = draw(
        st.sampled_from([FinishReason.LENGTH, FinishReason.CONTENT_FILTER, FinishReason.STOP])
    )
    if finish is FinishReason.STOP and calls:
        finish = FinishReason.TOOL_CALLS
    elif finish is FinishReason.STOP and any(isinstance(p, wire.RefusalPart) for p in parts):
        finish = FinishReason.REFUSAL
    return wire.Choice(
        index=index,
        parts=tuple(parts),
        finish=finish,
        logprobs=draw(st.none() | st.lists(logprobs, min_size=1, max_size=2).map(tuple)),
    )


def _identity(part: wire.Part) -> str:
    assert isinstance(part, wire.ToolCallPart)
    return part.id


@st.composite
def replies(draw: st.DrawFn, dialect: str, *, refusals: bool = True) -> wire.ChatReply:
    """A whole reply."""
    number = draw(st.integers(1, 2))
    return wire.ChatReply(
        id=draw(names),
        model=draw(names),
        created=draw(counts),
        choices=tuple(draw(choices(index, dialect, refusals=refusals)) for index in range(number)),
        usage=draw(usages()),
    )


def deltas_of(reply: wire.ChatReply, *, pieces: int = 2) -> list[wire.ChatDelta]:
    """A stream that spells the reply, its text in pieces."""
    deltas: list[wire.ChatDelta] = [
        wire.StreamStart(id=reply.id, model=reply.model, created=reply.created)
    ]
    for choice in reply.choices:
        deltas += _deltas(choice, pieces)
        deltas.append(wire.Finish(reason=choice.finish, choice=choice.index))
    if reply.usage is not None:
        deltas.append(wire.UsageReport(usage=reply.usage))
    return deltas


def _deltas(choice: wire.Choice, pieces: int) -> list[wire.ChatDelta]:
    at = choice.index
    deltas: list[wire.ChatDelta] = []
    calls = 0
    for part in choice.parts:
        match part:
            case wire.TextPart():
                deltas += [wire.TextDelta(text=t, choice=at) for t in _cut(part.text, pieces)]
            case wire.RefusalPart():
                deltas += [wire.RefusalDelta(text=t, choice=at) for t in _cut(part.text, pieces)]
            case wire.ReasoningPart():
                deltas += [wire.ReasoningDelta(text=t, choice=at) for t in _cut(part.text, pieces)]
                deltas.append(
                    wire.ReasoningEnd(
                        signature=part.signature,
                        origin=part.origin,
                        redacted=part.redacted,
                        choice=at,
                    )
                )
            case wire.ToolCallPart():
                deltas.append(
                    wire.ToolCallStart(
                        index=calls,
                        id=part.id,
                        name=part.name,
                        signature=part.signature,
                        origin=part.origin,
                        choice=at,
                    )
                )
                deltas += [
                    wire.ToolCallDelta(index=calls, arguments=t, choice=at)
                    for t in _cut(part.arguments, pieces)
                ]
                deltas.append(wire.ToolCallEnd(index=calls, choice=at))
                calls += 1
            case _:
                raise AssertionError(part)
    if choice.logprobs is not None:
        deltas.append(wire.TextDelta(text="", choice=at, logprobs=choice.logprobs))
    return deltas


def _cut(text: str, pieces: int) -> list[str]:
    size = max(len(text) // pieces, 1)
    return [text[at : at + size] for at in range(0, len(text), size)]
