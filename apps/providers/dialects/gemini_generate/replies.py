"""Read the provider's answers, and render answers for callers."""

from typing import Any

import msgspec

from apps.providers import wire
from apps.providers.dialects.gemini_generate.errors import parse_error
from apps.providers.dialects.gemini_generate.parts import (
    WireCall,
    WirePart,
    code_text,
    mint_id,
    read_call,
    read_text,
)
from apps.providers.dialects.gemini_generate.terms import (
    FINISH_NAMES,
    YEAR_10000,
    WireLogprobs,
    WireUsage,
    read_finish,
    read_logprobs,
    read_time,
    read_usage,
    write_logprobs,
    write_time,
    write_usage,
)
from apps.providers.dialects.gemini_generate.values import NULL, is_set
from apps.providers.dialects.gemini_generate.writing import write_turn
from apps.providers.errors import ProviderError, ProviderProtocolError
from apps.providers.wire import FinishReason


class ReplyContent(msgspec.Struct):
    """What a candidate says so far; either may be missing."""

    parts: list[WirePart] | None = None


class Candidate(msgspec.Struct, rename="camel"):
    """One answer, or in a stream a piece of one."""

    content: ReplyContent | None = None
    finish_reason: str | int | None = None
    index: int | None = None
    logprobs_result: WireLogprobs | None = None


class Feedback(msgspec.Struct, rename="camel"):
    """Why a prompt was not answered."""

    block_reason: str | int | None = None


class WireReply(msgspec.Struct, rename="camel"):
    """A GenerateContentResponse; nothing in it is certain."""

    candidates: list[Candidate] | None = None
    prompt_feedback: Feedback | None = None
    usage_metadata: WireUsage | None = None
    model_version: str | None = None
    response_id: str | None = None
    create_time: str | None = None
    error: msgspec.Raw = NULL


_REPLY = msgspec.json.Decoder(WireReply, strict=False)


def read_reply(body: bytes) -> WireReply:
    """Decode an answer or an event.

    Raises:
        ProviderProtocolError: it has another shape.
    """
    try:
        return _REPLY.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderProtocolError(
            "The provider's answer could not be read.", body=body
        ) from error


def parse_reply(body: bytes) -> wire.ChatReply:
    """Raises ProviderError for what is no answer."""
    reply = read_reply(body)
    if is_set(reply.error):
        raise parse_error(200, {}, body)
    if reply.candidates is None and reply.prompt_feedback is None and reply.usage_metadata is None:
        raise ProviderProtocolError("The provider's answer holds no candidates.", body=body)
    reply_id = reply.response_id or ""
    return wire.ChatReply(
        id=reply_id,
        model=reply.model_version or "",
        created=read_time(reply.create_time),
        choices=_choices(reply, reply_id),
        usage=read_usage(reply.usage_metadata),
    )


def _choices(reply: WireReply, reply_id: str) -> tuple[wire.Choice, ...]:
    if not reply.candidates:
        return (wire.Choice(parts=(), finish=blocked(reply) or FinishReason.OTHER),)
    calls = 0

    def mint(call: WireCall) -> str:
        nonlocal calls
        calls += 1
        return call.id or mint_id(reply_id, calls - 1)

    choices = []
    for place, candidate in enumerate(reply.candidates):
        parts: list[wire.Part] = []
        for part in (candidate.content.parts or ()) if candidate.content else ():
            if part.function_call is not None:
                parts.append(read_call(part, part.function_call, mint))
            else:
                read_text(readable(part), parts)
        called = any(isinstance(part, wire.ToolCallPart) for part in parts)
        choices.append(
            wire.Choice(
                parts=tuple(parts),
                finish=read_finish(candidate.finish_reason, called=called),
                index=place if candidate.index is None else candidate.index,
                logprobs=read_logprobs(candidate.logprobs_result),
            )
        )
    return tuple(choices)


def blocked(reply: WireReply) -> FinishReason | None:
    """The finish of a prompt that was blocked."""
    feedback = reply.prompt_feedback
    return FinishReason.CONTENT_FILTER if feedback and feedback.block_reason else None


def readable(part: WirePart) -> WirePart:
    """The part as text.

    Raises:
        ProviderError: media, which no translated reply can carry; nobody asked for them.
    """
    if part.inline_data is not None or part.file_data is not None:
        raise ProviderError("The model answered with media, which this call cannot carry.")
    code = code_text(part)
    if code is None:
        return part
    return WirePart(text=code, thought_signature=part.thought_signature)


class _Count(msgspec.Struct, rename="camel"):
    total_tokens: int


def parse_count(body: bytes) -> int:
    """Raises ProviderError for what is no count."""
    try:
        return msgspec.json.decode(body, type=_Count, strict=False).total_tokens
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ProviderProtocolError("The provider's count could not be read.", body=body) from error


def read_facts(operation: str, body: bytes) -> wire.Facts:
    """What the books need of an answer that passes as bytes. Never raises."""
    try:
        reply = read_reply(body)
    except ProviderProtocolError:
        return wire.Facts()
    usage = read_usage(reply.usage_metadata)
    if operation != "chat":
        return wire.Facts(usage=usage if operation == "embeddings" else None)
    first = reply.candidates[0] if reply.candidates else None
    finish = blocked(reply)
    if first is not None:
        parts = (first.content.parts or ()) if first.content else ()
        called = any(part.function_call is not None for part in parts)
        finish = read_finish(first.finish_reason, called=called)
    return wire.Facts(id=reply.response_id, model=reply.model_version, usage=usage, finish=finish)


def render_reply(reply: wire.ChatReply, call: wire.ChatCall) -> bytes:
    """A GenerateContentResponse for the caller."""
    body: dict[str, Any] = {"candidates": [_render_choice(one) for one in reply.choices]}
    if reply.usage is not None:
        body["usageMetadata"] = write_usage(reply.usage)
    body.update(reply_head(reply.id, reply.model or call.model, reply.created))
    return msgspec.json.encode(body)


def reply_head(reply_id: str, model: str, created: int) -> dict[str, Any]:
    """What every answer and every event repeats."""
    head = {"modelVersion": model, "responseId": reply_id}
    if 0 < created < YEAR_10000:
        head["createTime"] = write_time(created)
    return head


def _render_choice(choice: wire.Choice) -> dict[str, Any]:
    parts = write_turn(choice.parts)
    content: dict[str, Any] = {"parts": parts, "role": "model"} if parts else {"role": "model"}
    shown: dict[str, Any] = {
        "content": content,
        "finishReason": FINISH_NAMES[choice.finish],
        "index": choice.index,
    }
    if choice.logprobs is not None:
        shown["logprobsResult"] = write_logprobs(choice.logprobs)
    return shown


def render_count(input_tokens: int) -> bytes:
    """A CountTokensResponse."""
    return msgspec.json.encode({"totalTokens": input_tokens})
