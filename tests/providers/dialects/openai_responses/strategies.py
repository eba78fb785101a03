"""Calls, replies and streams of all kinds that this dialect can carry."""

import base64

from hypothesis import strategies as st

from apps.providers import wire
from apps.providers.wire import FinishReason, Role, ToolMode

NAME = "openai_responses"

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

text_parts = st.builds(wire.TextPart, text=texts)
image_parts = st.builds(
    wire.ImagePart,
    media=st.one_of(
        st.builds(wire.Media, media_type=st.just("image/png"), data=data),
        st.builds(wire.Media, url=names.map("https://x.test/{}".format)),
        st.builds(wire.Media, file_id=names.map("file-{}".format)),
    ),
    detail=st.sampled_from([None, "low", "high"]),
)
document_parts = st.builds(
    wire.DocumentPart,
    media=st.builds(wire.Media, media_type=st.just("application/pdf"), data=data),
    name=names,
)
audio_parts = st.builds(
    wire.AudioPart,
    media=st.builds(wire.Media, media_type=st.sampled_from(["audio/wav", "audio/mpeg"]), data=data),
)
refusals = st.builds(wire.RefusalPart, text=texts)
call_parts = st.builds(wire.ToolCallPart, id=names, name=names, arguments=arguments)


@st.composite
def own_thoughts(draw: st.DrawFn) -> wire.ReasoningPart:
    """Thoughts of this dialect: with text, a signature, or both."""
    text = draw(st.just("") | texts)
    signature = draw(names if not text else st.none() | names)
    return wire.ReasoningPart(
        text=text,
        signature=signature,
        origin=NAME,
        redacted=signature is not None and not text,
        id=draw(names.map("rs_{}".format)),
    )


users = st.lists(
    st.one_of(text_parts, image_parts, document_parts, audio_parts), min_size=1, max_size=3
).map(lambda parts: wire.Message(role=Role.USER, parts=tuple(parts)))
systems = st.lists(text_parts, min_size=1, max_size=2).map(
    lambda parts: wire.Message(role=Role.SYSTEM, parts=tuple(parts))
)


@st.composite
def turns(draw: st.DrawFn) -> list[wire.Message]:
    """What the assistant said and did, and what came of it.

    Its words stand together: this dialect has no difference between one message with words on
    both sides of a call, and two.
    """
    thoughts = draw(st.lists(own_thoughts(), max_size=1))
    spoken = draw(st.lists(st.one_of(text_parts, refusals), max_size=3))
    calls = draw(st.lists(call_parts, max_size=2, unique_by=lambda call: call.id))
    parts: list[wire.Part] = [*thoughts, *spoken, *calls] or [wire.TextPart(text="Yes.")]
    found = [wire.Message(role=Role.ASSISTANT, parts=tuple(parts))]
    if calls:
        content = st.lists(
            st.one_of(text_parts, image_parts, document_parts), min_size=1, max_size=2
        )
        answers = tuple(
            wire.ToolResultPart(call_id=call.id, name=call.name, content=tuple(draw(content)))
            for call in calls
        )
        found.append(wire.Message(role=Role.TOOL, parts=answers))
    return [*found, draw(users)]


@st.composite
def messages(draw: st.DrawFn) -> tuple[wire.Message, ...]:
    """A conversation in which call ids are unique."""
    found = [*draw(st.lists(systems, max_size=2)), draw(users)]
    for number, turn in enumerate(draw(st.lists(turns(), max_size=2))):
        found += [_renamed(message, number) for message in turn]
    return tuple(found)


def _renamed(message: wire.Message, number: int) -> wire.Message:
    parts: list[wire.Part] = []
    for part in message.parts:
        if isinstance(part, wire.ToolCallPart):
            parts.append(
                wire.ToolCallPart(
                    id=f"{part.id}_{number}", name=part.name, arguments=part.arguments
                )
            )
        elif isinstance(part, wire.ToolResultPart):
            parts.append(
                wire.ToolResultPart(
                    call_id=f"{part.call_id}_{number}", name=part.name, content=part.content
                )
            )
        else:
            parts.append(part)
    return wire.Message(role=message.role, parts=tuple(parts))


tools = st.lists(
    st.builds(
        wire.Tool,
        name=names,
        description=st.none() | texts,
        parameters=schemas,
        strict=st.booleans(),
    ),
    max_size=2,
    unique_by=lambda tool: tool.name,
)
formats = st.one_of(
    st.none(),
    st.just(wire.OutputFormat()),
    st.builds(
        wire.OutputFormat,
        schema=schemas,
        name=names,
        description=st.none() | texts,
        strict=st.none() | st.booleans(),
    ),
)
reasonings = st.one_of(
    st.none(),
    st.builds(
        wire.ReasoningRequest,
        effort=st.sampled_from(["minimal", "low", "medium", "high", "xhigh", "max"]),
        summary=st.sampled_from([None, True]),
    ),
)


@st.composite
def calls(draw: st.DrawFn) -> wire.ChatCall:
    """Any call that this dialect carries without loss."""
    offered = tuple(draw(tools))
    choices = [wire.ToolChoice(mode=mode) for mode in ToolMode if mode is not ToolMode.NAMED]
    if offered:
        choices.append(
            wire.ToolChoice(mode=ToolMode.NAMED, names=tuple(tool.name for tool in offered))
        )
    logprobs = draw(st.booleans())
    return wire.ChatCall(
        model="gpt-5-mini",
        messages=draw(messages()),
        tools=offered,
        tool_choice=draw(st.none() | st.sampled_from(choices)),
        parallel_tool_calls=draw(st.none() | st.booleans()),
        max_output_tokens=draw(st.none() | st.integers(16, 10_000)),
        temperature=draw(st.none() | st.floats(0, 2)),
        top_p=draw(st.none() | st.floats(0, 1)),
        logprobs=logprobs,
        top_logprobs=draw(st.none() | st.integers(0, 20)) if logprobs else None,
        output_format=draw(formats),
        reasoning=draw(reasonings),
        user=draw(st.none() | names),
        metadata=draw(st.none() | st.dictionaries(names, texts, min_size=1, max_size=2)),
        stream=draw(st.booleans()),
        include_usage=True,
        extras=draw(st.sampled_from([{}, {"prompt_cache_key": "k", "verbosity": "low"}])),
    )


# Replies


logprob_values = st.builds(
    wire.TokenLogprob,
    token=texts,
    logprob=st.floats(-50, 0),
    bytes=st.lists(st.integers(0, 255), max_size=4).map(tuple),
    top=st.lists(
        st.builds(
            wire.TokenLogprob,
            token=texts,
            logprob=st.floats(-50, 0),
            bytes=st.just((1, 2)),
        ),
        max_size=2,
    ).map(tuple),
)
usages = st.builds(
    wire.Usage,
    input_tokens=st.integers(0, 9999),
    output_tokens=st.integers(0, 9999),
    cache_read_tokens=st.integers(0, 99),
    cache_write_tokens=st.integers(0, 99),
    reasoning_tokens=st.integers(0, 99),
)


@st.composite
def replies(draw: st.DrawFn) -> wire.ChatReply:
    """Any reply that this dialect carries without loss; a refusal or call decides its finish."""
    parts: list[wire.Part] = draw(
        st.lists(st.one_of(text_parts, refusals, call_parts, own_thoughts()), max_size=5)
    )
    logprobs = None
    if any(isinstance(part, wire.TextPart) for part in parts):
        drawn = draw(st.lists(logprob_values, max_size=3))
        logprobs = tuple(drawn) or None
    natural = FinishReason.STOP
    if any(isinstance(part, wire.ToolCallPart) for part in parts):
        natural = FinishReason.TOOL_CALLS
    elif any(isinstance(part, wire.RefusalPart) for part in parts):
        natural = FinishReason.REFUSAL
    finish = draw(st.sampled_from([natural, FinishReason.LENGTH, FinishReason.CONTENT_FILTER]))
    choice = wire.Choice(parts=tuple(parts), finish=finish, logprobs=logprobs)
    return wire.ChatReply(
        id=draw(names.map("resp_{}".format)),
        model=draw(names),
        choices=(choice,),
        usage=draw(st.none() | usages),
        created=draw(st.integers(0, 2_000_000_000)),
    )


def stream_of(reply: wire.ChatReply, pieces: int) -> list[wire.ChatDelta]:
    """The deltas that spell a reply, each text cut into up to `pieces`."""
    (choice,) = reply.choices
    deltas: list[wire.ChatDelta] = [
        wire.StreamStart(id=reply.id, model=reply.model, created=reply.created)
    ]
    logprobs = choice.logprobs
    index = 0
    for part in choice.parts:
        match part:
            case wire.TextPart():
                for piece in _cut(part.text, pieces):
                    deltas.append(wire.TextDelta(text=piece, logprobs=logprobs))
                    logprobs = None
            case wire.RefusalPart():
                deltas += [wire.RefusalDelta(text=piece) for piece in _cut(part.text, pieces)]
            case wire.ReasoningPart():
                deltas += [wire.ReasoningDelta(text=piece) for piece in _cut(part.text, pieces)]
                deltas.append(
                    wire.ReasoningEnd(
                        signature=part.signature, origin=part.origin, redacted=part.redacted
                    )
                )
            case wire.ToolCallPart():
                deltas.append(wire.ToolCallStart(index=index, id=part.id, name=part.name))
                deltas += [
                    wire.ToolCallDelta(index=index, arguments=piece)
                    for piece in _cut(part.arguments, pieces)
                ]
                deltas.append(wire.ToolCallEnd(index=index))
                index += 1
            case _:
                raise AssertionError(part)
    deltas.append(wire.Finish(reason=choice.finish))
    if reply.usage is not None:
        deltas.append(wire.UsageReport(usage=reply.usage))
    return deltas


def _cut(text: str, pieces: int) -> list[str]:
    size = max(1, -(-len(text) // pieces))
    return [text[start : start + size] for start in range(0, len(text), size)]
