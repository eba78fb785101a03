"""Write canonical deltas as a stream of Azure AI Model Inference.

Source: recorded answers: usage stands in the last chunk that has a choice, fragments of
tool calls have neither index nor type. A later fragment has an empty id, unless it belongs to
another call than the one before it.
"""

from typing import Any

import msgspec
from typing_extensions import override

from apps.providers import wire
from apps.providers.dialects.chat_family.stream_renderer import ChatStreamRenderer
from apps.providers.dialects.chat_family.usage import write_usage

_encode = msgspec.json.Encoder().encode
_END = b"}\n\n"


class AzureStreamRenderer(ChatStreamRenderer):
    """Renders one stream; the end of a choice waits for the usage."""

    def __init__(self, call: wire.ChatCall, *, dialect: str) -> None:
        super().__init__(call, dialect=dialect)
        self._tail = _END
        self._held = b""
        self._ids: dict[tuple[int, int], str] = {}
        self._current: dict[int, int] = {}

    @override
    def feed(self, delta: wire.ChatDelta) -> bytes:
        if isinstance(delta, wire.UsageReport):
            return super().feed(delta)
        held, self._held = self._held, b""
        before = held + self._tail if held else b""
        return before + super().feed(delta)

    @override
    def _last(self) -> bytes:
        if not self._held:
            return b""
        held, self._held = self._held, b""
        usage = b"" if self._usage is None else b',"usage":' + _encode(write_usage(self._usage))
        return held + usage + self._tail

    @override
    def _finish(self, delta: wire.Finish) -> bytes:
        rendered = super()._finish(delta)
        before, _, last = rendered.rpartition(b"data: ")
        self._held = b"data: " + last.removesuffix(self._tail)
        return before

    @override
    def _write(
        self,
        choice: int,
        delta: dict[str, Any],
        logprobs: dict[str, Any] | None = None,
        finish: str | None = None,
    ) -> bytes:
        shown = {"index": choice, "delta": delta, "finish_reason": finish}
        if logprobs is not None:
            shown["logprobs"] = logprobs
        return self._header() + b'"choices":[' + _encode(shown) + b"]" + self._tail

    @override
    def refusal_field(self, text: str) -> dict[str, Any]:
        return {"content": text}

    @override
    def call_start(self, start: wire.ToolCallStart, call: dict[str, Any]) -> dict[str, Any]:
        self._ids[start.choice, start.index] = start.id
        self._current[start.choice] = start.index
        return {key: value for key, value in call.items() if key not in ("index", "type")}

    @override
    def call_fragment(self, delta: wire.ToolCallDelta) -> dict[str, Any]:
        identity = ""
        if self._current.get(delta.choice) != delta.index:
            identity = self._ids.get((delta.choice, delta.index), "")
            self._current[delta.choice] = delta.index
        return {"id": identity, "function": {"name": "", "arguments": delta.arguments}}
