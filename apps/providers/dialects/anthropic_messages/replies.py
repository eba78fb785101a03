"""Read whole replies, leniently: unknown fields and blocks are passed over, nulls are absence.

Blocks of hosted tools and unknown blocks have no canonical form; they come only to callers who
asked for them in this dialect, whose bytes pass unread.
"""

import msgspec

from apps.providers import wire
from apps.providers.dialects.anthropic_messages import terms
from apps.providers.dialects.anthropic_messages.errors import error_in_answer
from apps.providers.dialects.anthropic_messages.terms import NAME, NO_JSON, WireUsage
from apps.providers.dialects.reading import read_provider
from apps.providers.errors import ProviderProtocolError
from apps.providers.wire import FinishReason


class Block(msgspec.Struct):
    """One content block; which fields are set depends on `type`."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = NO_JSON


class Reply(msgspec.Struct):
    """A Message object, or an error object in its place."""

    type: str | None = None
    id: str | None = None
    model: str | None = None
    content: list[Block] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    usage: WireUsage | None = None


class _Kind(msgspec.Struct):
    type: str | None = None


class _Facts(msgspec.Struct):
    id: str | None = None
    model: str | None = None
    stop_reason: str | None = None
    usage: WireUsage | None = None


class _Count(msgspec.Struct):
    input_tokens: int


_facts = msgspec.json.Decoder(_Facts, strict=False)


def parse_reply(body: bytes) -> wire.ChatReply:
    """Read a Message.

    Raises:
        ProviderError: the body is an error object, or no Message at all.
    """
    if read_provider(_Kind, body).type == "error":
        raise error_in_answer(body)
    reply = read_provider(Reply, body)
    if reply.content is None and reply.stop_reason is None:
        raise ProviderProtocolError("The provider's answer is no message.", body=body)
    parts = tuple(part for block in reply.content or () if (part := read_block(block)) is not None)
    finish = terms.read_finish(reply.stop_reason)
    return wire.ChatReply(
        id=reply.id or "",
        model=reply.model or "",
        choices=(
            wire.Choice(
                parts=parts,
                finish=finish,
                stop_sequence=(
                    reply.stop_sequence if finish is FinishReason.STOP_SEQUENCE else None
                ),
            ),
        ),
        usage=terms.read_usage(reply.usage) if reply.usage is not None else None,
    )


def read_block(block: Block) -> wire.Part | None:
    """The part that a block stands for; None for what has no canonical form."""
    match block.type:
        case "text":
            return wire.TextPart(text=block.text or "")
        case "tool_use":
            return wire.ToolCallPart(
                id=block.id or "",
                name=block.name or "",
                arguments=terms.arguments_text(block.input),
            )
        case "thinking":
            return wire.ReasoningPart(
                text=block.thinking or "",
                signature=block.signature or None,
                origin=NAME if block.signature else "",
            )
        case "redacted_thinking":
            return wire.ReasoningPart(signature=block.data, origin=NAME, redacted=True)
        case _:
            return None


def parse_count(body: bytes) -> int:
    """Read the answer of count_tokens."""
    return read_provider(_Count, body).input_tokens


def read_facts(body: bytes) -> wire.Facts:
    """Id, model, usage and finish of a Message; what cannot be read is left out."""
    try:
        found = _facts.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return wire.Facts()
    return wire.Facts(
        id=found.id,
        model=found.model,
        usage=terms.read_usage(found.usage) if found.usage is not None else None,
        finish=terms.read_finish(found.stop_reason) if found.stop_reason else None,
    )
