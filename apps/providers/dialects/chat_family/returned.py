"""Take out of a caller's own body the signatures that another dialect's model gave.

They stand where the portal put them: `reasoning_details` and `extra_content` of messages and tool
calls. The thoughts that they sign go with them.
"""

from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.chat_family.reasoning import read_signature
from apps.providers.dialects.reading import read
from apps.providers.dialects.signatures import is_sealed

_THOUGHTS = ("reasoning_details", "reasoning_content", "reasoning")


def without_foreign_thoughts(incoming: wire.Incoming) -> tuple[wire.Incoming, tuple[str, ...]]:
    """The request to send on, and what it lost; the same request when nothing is foreign."""
    given = incoming.fields.get("messages")
    if given is None or not is_sealed(bytes(given)):
        return incoming, ()
    messages = read(list[dict[str, msgspec.Raw]], given, at="messages")
    kept = [_without_foreign(message) for message in messages]
    if kept == messages:
        return incoming, ()
    fields = {**incoming.fields, "messages": msgspec.Raw(msgspec.json.encode(kept))}
    changed = msgspec.structs.replace(incoming, fields=fields, body=msgspec.json.encode(fields))
    return changed, ("reasoning: dropped",)


def _without_foreign(message: dict[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
    left = dict(message)
    if is_sealed(bytes(message.get("reasoning_details", b""))):
        for key in _THOUGHTS:
            left.pop(key, None)
    if is_sealed(bytes(message.get("extra_content", b""))):
        left.pop("extra_content")
    calls = message.get("tool_calls")
    if calls is not None and is_sealed(bytes(calls)):
        held = read(list[dict[str, Any]], calls, at="tool_calls")
        left["tool_calls"] = msgspec.Raw(msgspec.json.encode([_call(call) for call in held]))
    return left


def _call(call: dict[str, Any]) -> dict[str, Any]:
    if is_sealed((read_signature(call) or "").encode()):
        return {key: value for key, value in call.items() if key != "extra_content"}
    return call
