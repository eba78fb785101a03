"""Parts of a content as they stand on the wire, and the turn of a model in canonical parts.

A signature on plain text is carried as a ReasoningPart without text right before the text (or
alone, where the signed text is empty), so that it finds the part again that it stood on.
"""

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.gemini_generate.signing import Signature, read_signature
from apps.providers.dialects.gemini_generate.terms import NAME
from apps.providers.dialects.gemini_generate.values import NULL, arguments_text


class Blob(msgspec.Struct, rename="camel"):
    """Bytes by value; `data` is base64 in either alphabet."""

    mime_type: str | None = None
    data: str | None = None
    display_name: str | None = None


class FileRef(msgspec.Struct, rename="camel"):
    """Bytes by address."""

    mime_type: str | None = None
    file_uri: str | None = None
    display_name: str | None = None


class PartialArg(msgspec.Struct, rename="camel"):
    """A piece of streamed arguments: one value, or more of a string, at a JSON path."""

    json_path: str | None = None
    string_value: str | None = None
    number_value: int | float | None = None
    bool_value: bool | None = None
    null_value: Any = None
    will_continue: bool | None = None


class WireCall(msgspec.Struct, rename="camel"):
    """A function call, whole or (newer models) in pieces."""

    id: str | None = None
    name: str | None = None
    args: msgspec.Raw = NULL
    partial_args: list[PartialArg] | None = None
    will_continue: bool | None = None


class WireResult(msgspec.Struct, rename="camel"):
    """What a function answered; `parts` hold its media."""

    id: str | None = None
    name: str | None = None
    response: msgspec.Raw = NULL
    parts: list["WirePart"] | None = None
    will_continue: bool | None = None
    scheduling: str | None = None


class ExecutableCode(msgspec.Struct):
    """Code that the model wrote for the service to run."""

    code: str | None = None
    language: str | int | None = None


class CodeResult(msgspec.Struct):
    """What that code printed."""

    output: str | None = None


class WirePart(msgspec.Struct, rename="camel"):
    """One part; exactly one of its kinds is set."""

    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    inline_data: Blob | None = None
    file_data: FileRef | None = None
    function_call: WireCall | None = None
    function_response: WireResult | None = None
    executable_code: ExecutableCode | None = None
    code_execution_result: CodeResult | None = None


Mint = Callable[[WireCall], str]
"""Gives a call its id: its own, or a new one."""


def mint_id(reply_id: str, place: int) -> str:
    """The id of a call that came without one; the same for the same reply and place.

    Another reply gives another id, so that ids stay distinct in a conversation.
    """
    mark = hashlib.sha256(reply_id.encode()).hexdigest()[:12]
    return f"call_{mark}_{place}"


def read_text(part: WirePart, done: list[wire.Part], *, keep_empty: bool = False) -> None:
    """Add what a text or thought part of a model's turn means to the parts `done` so far."""
    text = part.text or ""
    signature = read_signature(part.thought_signature)
    if part.thought or signature.is_foreign:
        done.append(_thought(text, signature, done))
        return
    if signature.text:
        done.append(wire.ReasoningPart(signature=signature.text, origin=NAME))
    if text or keep_empty:
        done.append(wire.TextPart(text=text))


def _thought(text: str, signature: Signature, done: list[wire.Part]) -> wire.ReasoningPart:
    """A thought; a signature without text closes the thoughts before it (as streams have it)."""
    if not text and not signature.redacted and (signature.text or signature.id):
        text = _take_thoughts(done)
    return wire.ReasoningPart(
        text=text,
        signature=signature.text,
        origin=signature.origin,
        redacted=signature.redacted,
        id=signature.id,
    )


def _take_thoughts(done: list[wire.Part]) -> str:
    texts: list[str] = []
    while done:
        last = done[-1]
        if not isinstance(last, wire.ReasoningPart) or last.signature or not last.text:
            break
        texts.insert(0, last.text)
        done.pop()
    return "".join(texts)


def read_call(part: WirePart, call: WireCall, mint: Mint) -> wire.ToolCallPart:
    """A whole function call."""
    signature = read_signature(part.thought_signature)
    return wire.ToolCallPart(
        id=mint(call),
        name=call.name or "",
        arguments=arguments_text(call.args),
        signature=signature.text,
        origin=signature.origin if signature.text else "",
    )


def code_text(part: WirePart) -> str | None:
    """Code, or what it printed, as the text that shows it; None for other parts."""
    if part.executable_code is not None:
        language = str(part.executable_code.language or "").lower()
        return f"```{language}\n{part.executable_code.code or ''}\n```\n"
    if part.code_execution_result is not None:
        return f"```\n{part.code_execution_result.output or ''}\n```\n"
    return None
