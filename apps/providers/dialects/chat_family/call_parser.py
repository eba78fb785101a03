"""Follow the tool calls of one streamed choice, with or without an index."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from apps.providers import wire
from apps.providers.dialects.chat_family import reasoning
from apps.providers.dialects.chat_family.read_messages import read_arguments
from apps.providers.dialects.chat_family.read_reply import text_of
from apps.providers.dialects.signatures import unseal


@dataclass
class _Call:
    index: int
    id: str
    name: str
    signature: str | None = None
    started: bool = False
    held: list[str] = field(default_factory=list)


class CallParser:
    """Turns tool-call fragments into deltas.

    Calls end together when the choice ends, because fragments of several may interleave.
    """

    def __init__(self, choice: int, dialect: str) -> None:
        self._choice = choice
        self._dialect = dialect
        self._calls: list[_Call] = []
        self._by_index: dict[int, _Call] = {}
        self._last: _Call | None = None

    @property
    def any(self) -> bool:
        """Whether there was a call."""
        return bool(self._calls)

    def feed(self, fragments: list[Any], deltas: list[wire.ChatDelta]) -> None:
        """Take the `tool_calls` of one delta."""
        for fragment in fragments:
            if isinstance(fragment, dict):
                self._feed(fragment, deltas)

    def close(self, deltas: list[wire.ChatDelta]) -> None:
        """End every call; one that never got a name starts without."""
        for call in self._calls:
            if not call.started:
                self._start(call, deltas)
            deltas.append(wire.ToolCallEnd(index=call.index, choice=self._choice))

    def _feed(self, fragment: Mapping[str, Any], deltas: list[wire.ChatDelta]) -> None:
        function = fragment.get("function")
        function = function if isinstance(function, dict) else {}
        identity, name = text_of(fragment.get("id")), text_of(function.get("name"))
        call = self._last = self._find(fragment.get("index"), identity, name)
        call.id = call.id or identity
        call.name = call.name or name
        call.signature = reasoning.read_signature(fragment) or call.signature
        arguments = function.get("arguments")
        text = arguments if isinstance(arguments, str) else _whole(arguments)
        if call.started:
            if text:
                self._more(call, text, deltas)
            return
        if text:
            call.held.append(text)
        if call.name:
            self._start(call, deltas)

    def _find(self, index: Any, identity: str, name: str) -> _Call:
        """The call that a fragment belongs to.

        With an index it says so itself, unless a complete new call reuses the index, as some
        do. Without one a new id, or a name without an id, begins a call.
        """
        if isinstance(index, int):
            call = self._by_index.get(index)
            if call is None or (identity and name and call.id not in ("", identity)):
                call = self._by_index[index] = self._new()
            return call
        if identity:
            known = next((call for call in self._calls if call.id == identity), None)
            return known or self._new()
        return self._new() if name or self._last is None else self._last

    def _new(self) -> _Call:
        call = _Call(len(self._calls), "", "")
        self._calls.append(call)
        return call

    def _start(self, call: _Call, deltas: list[wire.ChatDelta]) -> None:
        call.started = True
        call.id = call.id or f"call_{call.index}_{call.name}"
        origin, signature = "", None
        if call.signature:
            origin, signature = unseal(call.signature, dialect=self._dialect)
        deltas.append(
            wire.ToolCallStart(
                index=call.index,
                id=call.id,
                name=call.name,
                signature=signature,
                origin=origin,
                choice=self._choice,
            )
        )
        for text in call.held:
            self._more(call, text, deltas)
        call.held.clear()

    def _more(self, call: _Call, text: str, deltas: list[wire.ChatDelta]) -> None:
        deltas.append(wire.ToolCallDelta(index=call.index, arguments=text, choice=self._choice))


def _whole(arguments: Any) -> str:
    """Arguments that came as an object; nothing when there are none."""
    return read_arguments(arguments) if isinstance(arguments, dict) else ""
