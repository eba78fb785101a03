"""Objects of this dialect for what is text elsewhere: arguments of calls and results of tools.

Arguments that are no JSON object (a model's slip) become `{"_raw": "<text>"}`.

A result becomes an object, so that every text comes back as it was:

- text that is a JSON object is sent as that object, unless it could be mistaken for one of the
  wrappings below;
- any other text is sent as `{"result": "<text>"}`, no text at all as `{}`;
- an error is sent as `{"error": "<text>"}`, without text as `{"error": null}`; text that is itself
  an object `{"error": <no text>}` is sent as that object.

Source: ai.google.dev/api/caching#FunctionResponse (keys `output` and `error` or any other).
"""

from typing import Any

import msgspec

NULL = msgspec.Raw(b"null")
"""An untouched value that is absent; msgspec knows no optional Raw."""

_RAW = "_raw"
_NO_ARGUMENTS = (b"{}", b"null", b"")


def arguments_object(arguments: str) -> msgspec.Raw:
    """The JSON object for the text of a call's arguments, its spelling kept."""
    if arguments in ("{}", ""):
        return msgspec.Raw(b"{}")
    held = _object(arguments)
    if held is None or _is_wrapped(held, _RAW):
        return msgspec.Raw(msgspec.json.encode({_RAW: arguments}))
    if "\n" in arguments or "\r" in arguments:  # an event's data is one line
        return msgspec.Raw(msgspec.json.format(arguments, indent=-1).encode())
    return msgspec.Raw(arguments.encode())


def is_set(raw: msgspec.Raw) -> bool:
    """Whether there is a value other than null."""
    return bytes(raw) != b"null"


def arguments_text(args: msgspec.Raw) -> str:
    """The JSON text of a call's arguments; `{}` when there are none."""
    data = bytes(args)
    if data in _NO_ARGUMENTS:
        return "{}"
    if b'"_raw"' in data:
        held = _object(data)
        if held is not None and _is_wrapped(held, _RAW):
            return str(held[_RAW])
    return data.decode()


def result_object(text: str | None, *, is_error: bool) -> msgspec.Raw:
    """The `response` object for a tool's text; `text` is None when it gave none."""
    held = _object(text) if text else None
    if is_error:
        if held is not None and _is_error_object(held) and held["error"] is not None:
            return _raw(text)
        return msgspec.Raw(msgspec.json.encode({"error": text}))
    if text is None:
        return msgspec.Raw(b"{}")
    if not held or _is_wrapped(held, "result") or set(held) == {"error"}:
        return msgspec.Raw(msgspec.json.encode({"result": text}))
    return _raw(text)


def result_text(response: msgspec.Raw) -> tuple[str | None, bool]:
    """Give (text, is_error) of a `response` object; text is None when there is none."""
    data = bytes(response)
    held = _object(data)
    if not held:
        return None, False
    if _is_wrapped(held, "result"):
        return str(held["result"]), False
    if _is_wrapped(held, "error"):
        return str(held["error"]), True
    if _is_error_object(held):
        return (None if held["error"] is None else data.decode()), True
    return data.decode(), False


def _raw(text: str | None) -> msgspec.Raw:
    return msgspec.Raw((text or "").encode())


def _object(text: str | bytes) -> dict[str, Any] | None:
    try:
        held = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    return held if isinstance(held, dict) else None


def _is_wrapped(held: dict[str, Any], key: str) -> bool:
    return len(held) == 1 and isinstance(held.get(key), str)


def _is_error_object(held: dict[str, Any]) -> bool:
    return set(held) == {"error"} and not isinstance(held["error"], str)
