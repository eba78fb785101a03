"""Gather the deltas of a stream into the whole reply that they spell."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from apps.providers import wire


@dataclass
class _Call:
    start: wire.ToolCallStart
    arguments: list[str] = field(default_factory=list)


@dataclass
class _Choice:
    """Parts of one choice in the order in which they began; text pieces are joined at the end."""

    parts: list[wire.Part | _Call] = field(default_factory=list)
    calls: dict[int, _Call] = field(default_factory=dict)
    logprobs: list[wire.TokenLogprob] | None = None
    finish: wire.Finish | None = None
    open_reasoning: bool = False


class Collector:
    """Takes deltas one by one; `reply()` gives what they say so far."""

    def __init__(self) -> None:
        self.start: wire.StreamStart | None = None
        self.usage: wire.Usage | None = None
        self.failure: wire.StreamFailure | None = None
        self._choices: dict[int, _Choice] = {}

    def feed(self, delta: wire.ChatDelta) -> None:
        """Take the next delta."""
        if isinstance(delta, wire.StreamStart):
            self.start = delta
        elif isinstance(delta, wire.UsageReport):
            self.usage = delta.usage
        elif isinstance(delta, wire.StreamFailure):
            self.failure = delta
        else:
            _add(self._choices.setdefault(delta.choice, _Choice()), delta)

    def reply(self) -> wire.ChatReply:
        """The reply so far; a choice that did not finish has reason OTHER."""
        start = self.start or wire.StreamStart(id="", model="")
        return wire.ChatReply(
            id=start.id,
            model=start.model,
            created=start.created,
            choices=tuple(_close(i, c) for i, c in sorted(self._choices.items())),
            usage=self.usage,
        )


def collect(deltas: Iterable[wire.ChatDelta]) -> wire.ChatReply:
    """The reply that a finished stream spells."""
    collector = Collector()
    for delta in deltas:
        collector.feed(delta)
    return collector.reply()


def _add(choice: _Choice, delta: wire.ChatDelta) -> None:
    match delta:
        case wire.TextDelta():
            _extend(choice, wire.TextPart, delta.text)
            if delta.logprobs is not None:
                choice.logprobs = [*(choice.logprobs or ()), *delta.logprobs]
        case wire.RefusalDelta():
            _extend(choice, wire.RefusalPart, delta.text)
        case wire.ReasoningDelta():
            _think(choice, delta.text)
        case wire.ReasoningEnd():
            _stop_thinking(choice, delta)
        case wire.ToolCallStart():
            choice.calls[delta.index] = _Call(delta)
            choice.parts.append(choice.calls[delta.index])
        case wire.ToolCallDelta() if delta.index in choice.calls:
            choice.calls[delta.index].arguments.append(delta.arguments)
        case wire.Finish():
            choice.finish = delta
        case _:
            pass


def _extend(choice: _Choice, kind: type[wire.TextPart] | type[wire.RefusalPart], text: str) -> None:
    last = choice.parts[-1] if choice.parts else None
    if isinstance(last, kind):
        choice.parts[-1] = kind(text=last.text + text)
    elif text:
        choice.parts.append(kind(text=text))


def _think(choice: _Choice, text: str) -> None:
    last = choice.parts[-1] if choice.parts else None
    if choice.open_reasoning and isinstance(last, wire.ReasoningPart):
        choice.parts[-1] = wire.ReasoningPart(text=last.text + text)
    else:
        choice.parts.append(wire.ReasoningPart(text=text))
        choice.open_reasoning = True


def _stop_thinking(choice: _Choice, end: wire.ReasoningEnd) -> None:
    last = choice.parts[-1] if choice.parts else None
    text = ""
    if choice.open_reasoning and isinstance(last, wire.ReasoningPart):
        text = last.text
        choice.parts.pop()
    choice.open_reasoning = False
    choice.parts.append(
        wire.ReasoningPart(
            text=text,
            signature=end.signature,
            origin=end.origin,
            redacted=end.redacted,
            id=end.id,
        )
    )


def _close(index: int, choice: _Choice) -> wire.Choice:
    finish = choice.finish or wire.Finish(reason=wire.FinishReason.OTHER)
    return wire.Choice(
        index=index,
        parts=tuple(_whole(part) for part in choice.parts),
        finish=finish.reason,
        stop_sequence=finish.stop_sequence,
        logprobs=tuple(choice.logprobs) if choice.logprobs is not None else None,
    )


def _whole(part: wire.Part | _Call) -> wire.Part:
    if not isinstance(part, _Call):
        return part
    return wire.ToolCallPart(
        id=part.start.id,
        name=part.start.name,
        arguments="".join(part.arguments) or "{}",
        signature=part.start.signature,
        origin=part.start.origin,
    )
