"""Read the provider's event stream.

The connection's end is the only end marker; usage is cumulative and the last one counts.
"""

import msgspec

from apps.providers import wire
from apps.providers.dialects.gemini_generate.errors import parse_error
from apps.providers.dialects.gemini_generate.partial import PartialArgs
from apps.providers.dialects.gemini_generate.parts import WireCall, WirePart, mint_id
from apps.providers.dialects.gemini_generate.replies import (
    Candidate,
    WireReply,
    blocked,
    read_reply,
    readable,
)
from apps.providers.dialects.gemini_generate.signing import Signature, read_signature
from apps.providers.dialects.gemini_generate.terms import (
    NAME,
    WireUsage,
    read_finish,
    read_logprobs,
    read_time,
    read_usage,
)
from apps.providers.dialects.gemini_generate.values import arguments_text, is_set
from apps.providers.errors import ProviderProtocolError
from apps.providers.sse import Event

_NO_SIGNATURE = Signature()


class _Choice:
    """What is under way in one candidate."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.calls = 0
        self.thinking = False
        self.partial: PartialArgs | None = None
        self.finished = False


class ReplyStreamParser:
    """Turns events into deltas."""

    def __init__(self) -> None:
        self._id: str | None = None
        self._choices: dict[int, _Choice] = {}
        self._usage: WireUsage | None = None
        self._failed = False
        self._calls = 0

    def feed(self, event: Event) -> list[wire.ChatDelta]:
        """Take one event. Raises ProviderError for what cannot be read or carried."""
        data = event.data
        if not data or self._failed or data == b"[DONE]":
            return []
        reply = read_reply(data)
        if is_set(reply.error):
            self._failed = True
            return [wire.StreamFailure(error=parse_error(200, {}, data))]
        deltas: list[wire.ChatDelta] = []
        if self._id is None:
            self._start(reply, deltas)
        for place, candidate in enumerate(reply.candidates or ()):
            self._candidate(candidate, place, deltas)
        if not reply.candidates and (reason := blocked(reply)) and not self._choices:
            self._choice(0).finished = True
            deltas.append(wire.Finish(reason=reason))
        counts = reply.usage_metadata
        if counts is not None and counts != self._usage:
            self._usage = counts
            if (usage := read_usage(counts)) is not None:
                deltas.append(wire.UsageReport(usage=usage))
        return deltas

    def close(self) -> list[wire.ChatDelta]:
        """Take the end of the bytes."""
        if self._failed or (
            self._choices and all(choice.finished for choice in self._choices.values())
        ):
            return []
        self._failed = True
        error = ProviderProtocolError("The provider's stream ended before the answer did.")
        return [wire.StreamFailure(error=error)]

    def _start(self, reply: WireReply, deltas: list[wire.ChatDelta]) -> None:
        self._id = reply.response_id or ""
        deltas.append(
            wire.StreamStart(
                id=self._id,
                model=reply.model_version or "",
                created=read_time(reply.create_time),
            )
        )

    def _choice(self, index: int) -> _Choice:
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = _Choice(index)
        return choice

    def _candidate(self, candidate: Candidate, place: int, deltas: list[wire.ChatDelta]) -> None:
        choice = self._choice(place if candidate.index is None else candidate.index)
        logprobs = read_logprobs(candidate.logprobs_result)
        for part in (candidate.content.parts or ()) if candidate.content else ():
            if part.function_call is not None:
                self._call(part, part.function_call, choice, deltas)
            elif self._text(readable(part), choice, logprobs, deltas):
                logprobs = None
        if logprobs:
            deltas.append(wire.TextDelta(text="", choice=choice.index, logprobs=logprobs))
        if candidate.finish_reason is not None and not choice.finished:
            self._finish(candidate.finish_reason, choice, deltas)

    def _finish(self, reason: str | int, choice: _Choice, deltas: list[wire.ChatDelta]) -> None:
        _end_thinking(choice, deltas)
        _end_partial(choice, deltas)
        choice.finished = True
        finish = read_finish(reason, called=choice.calls > 0)
        deltas.append(wire.Finish(reason=finish, choice=choice.index))

    def _text(
        self,
        part: WirePart,
        choice: _Choice,
        logprobs: tuple[wire.TokenLogprob, ...] | None,
        deltas: list[wire.ChatDelta],
    ) -> bool:
        """Read a text or thought part; whether it was text, and took the log probabilities."""
        text = part.text or ""
        field = part.thought_signature
        signature = read_signature(field) if field else _NO_SIGNATURE
        if part.thought or signature.is_foreign:
            if text:
                choice.thinking = True
                deltas.append(wire.ReasoningDelta(text=text, choice=choice.index))
            if signature.text or signature.id:
                _end_thinking(choice, deltas, signature)
            return False
        if signature.text:
            _end_thinking(choice, deltas)
            _end_thinking(choice, deltas, signature)
        if not text:
            return False
        _end_thinking(choice, deltas)
        deltas.append(wire.TextDelta(text=text, choice=choice.index, logprobs=logprobs))
        return True

    def _call(
        self, part: WirePart, call: WireCall, choice: _Choice, deltas: list[wire.ChatDelta]
    ) -> None:
        _end_thinking(choice, deltas)
        if call.name or choice.partial is None:
            _end_partial(choice, deltas)
            self._start_call(part, call, choice, deltas)
            if not call.will_continue and not call.partial_args:
                arguments = arguments_text(call.args)
                deltas.append(
                    wire.ToolCallDelta(
                        index=choice.calls - 1, arguments=arguments, choice=choice.index
                    )
                )
                deltas.append(wire.ToolCallEnd(index=choice.calls - 1, choice=choice.index))
                return
            choice.partial = PartialArgs()
        partial = choice.partial
        if partial is None:
            return
        if is_set(call.args):
            partial.value.update(msgspec.json.decode(call.args, type=dict[str, object]))
        for piece in call.partial_args or ():
            partial.add(piece)
        if not call.will_continue:
            _end_partial(choice, deltas)

    def _start_call(
        self, part: WirePart, call: WireCall, choice: _Choice, deltas: list[wire.ChatDelta]
    ) -> None:
        signature = read_signature(part.thought_signature)
        deltas.append(
            wire.ToolCallStart(
                index=choice.calls,
                id=call.id or mint_id(self._id or "", self._calls),
                name=call.name or "",
                signature=signature.text,
                origin=signature.origin if signature.text else "",
                choice=choice.index,
            )
        )
        choice.calls += 1
        self._calls += 1


def _end_thinking(
    choice: _Choice,
    deltas: list[wire.ChatDelta],
    signature: Signature | None = None,
) -> None:
    """Close the thoughts that are open; with a `signature`, also when there are none."""
    if signature is None and not choice.thinking:
        return
    held = signature or _NO_SIGNATURE
    choice.thinking = False
    deltas.append(
        wire.ReasoningEnd(
            signature=held.text,
            origin=held.origin or NAME,
            redacted=held.redacted,
            id=held.id,
            choice=choice.index,
        )
    )


def _end_partial(choice: _Choice, deltas: list[wire.ChatDelta]) -> None:
    """Give the arguments that came in pieces, whole."""
    partial, choice.partial = choice.partial, None
    if partial is None:
        return
    index = choice.calls - 1
    arguments = msgspec.json.encode(partial.value).decode()
    deltas.append(wire.ToolCallDelta(index=index, arguments=arguments, choice=choice.index))
    deltas.append(wire.ToolCallEnd(index=index, choice=choice.index))


def stream_parser() -> ReplyStreamParser:
    """A parser for one stream."""
    return ReplyStreamParser()


def is_usage_event(data: bytes) -> bool:
    """Whether an event holds usage and nothing else."""
    try:
        reply = read_reply(data)
    except ProviderProtocolError:
        return False
    lone = not reply.candidates and reply.prompt_feedback is None and not is_set(reply.error)
    return lone and reply.usage_metadata is not None
