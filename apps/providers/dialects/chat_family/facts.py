"""Read from an answer that is passed on as bytes what the books need."""

from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.chat_family.embeddings import read_embedding_usage
from apps.providers.dialects.chat_family.finish import read_finish
from apps.providers.dialects.chat_family.read_reply import text_of
from apps.providers.dialects.chat_family.usage import count, read_usage

_WITHOUT_OUTPUT = frozenset({"embeddings", "rerank", "moderations"})


class _Message(msgspec.Struct):
    tool_calls: msgspec.Raw = msgspec.Raw(b"")
    refusal: msgspec.Raw = msgspec.Raw(b"")


class _Choice(msgspec.Struct):
    finish_reason: Any = None
    message: _Message | None = None


class _Answer(msgspec.Struct):
    id: Any = None
    model: Any = None
    usage: Any = None
    choices: list[_Choice] | None = None


_decoder = msgspec.json.Decoder(_Answer)
_NOTHING = frozenset({b"", b"null", b"[]", b'""'})


def read_facts(operation: str, body: bytes) -> wire.Facts:
    """The facts of an answer; empty when it cannot be read."""
    try:
        answer = _decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return wire.Facts()
    return wire.Facts(
        id=text_of(answer.id) or None,
        model=text_of(answer.model) or None,
        usage=_usage(operation, answer.usage),
        finish=_finish(answer.choices[0]) if answer.choices else None,
    )


def _finish(choice: _Choice) -> wire.FinishReason:
    message = choice.message or _Message()
    return read_finish(
        choice.finish_reason,
        called=_says(message.tool_calls),
        refused=_says(message.refusal),
    )


def _says(raw: msgspec.Raw) -> bool:
    return bytes(raw) not in _NOTHING


def _usage(operation: str, usage: Any) -> wire.Usage | None:
    if operation in _WITHOUT_OUTPUT:
        return read_embedding_usage(usage)
    if isinstance(usage, dict) and "input_tokens" in usage:  # images and transcriptions
        return wire.Usage(
            input_tokens=count(usage["input_tokens"]),
            output_tokens=count(usage.get("output_tokens")),
        )
    if isinstance(usage, dict) and "prompt_tokens" not in usage and "total_tokens" not in usage:
        return None  # seconds of sound, and the like
    return read_usage(usage)


class _UsageOnly(msgspec.Struct):
    choices: list[msgspec.Raw] | None = None
    usage: dict[str, Any] | None = None


_usage_decoder = msgspec.json.Decoder(_UsageOnly)


def is_usage_event(data: bytes) -> bool:
    """Whether an event holds usage and no choice; never raises."""
    if b'"usage"' not in data:
        return False
    try:
        event = _usage_decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False
    return not event.choices and bool(event.usage)
