"""The portal's own shapes of a model call: what every dialect translates to and from."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import msgspec


class Shape(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all wire shapes: immutable, keyword-only."""


class Role(StrEnum):
    """Who speaks. TOOL messages hold nothing but tool results."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


# --- content ------------------------------------------------------------------------------------


class TextPart(Shape, frozen=True, tag="text"):
    """Plain text. `cache` marks the end of a prefix that the caller asks to cache."""

    text: str
    cache: bool = False


class Media(Shape, frozen=True):
    """Bytes by value or by name: exactly one of `data` (base64), `url`, `file_id` is set."""

    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    file_id: str | None = None


class ImagePart(Shape, frozen=True, tag="image"):
    """An image; `detail` is the OpenAI hint (auto, low, high)."""

    media: Media
    detail: str | None = None
    cache: bool = False


class DocumentPart(Shape, frozen=True, tag="document"):
    """A PDF or text document; a text document's media is base64 of UTF-8 with `text/plain`."""

    media: Media
    name: str | None = None
    cache: bool = False


class AudioPart(Shape, frozen=True, tag="audio"):
    """Spoken input."""

    media: Media


class RefusalPart(Shape, frozen=True, tag="refusal"):
    """The model's own words when it declines."""

    text: str


class ReasoningPart(Shape, frozen=True, tag="reasoning"):
    """Thoughts of a model. `signature` is opaque and valid only for dialect `origin`.

    `redacted` marks thoughts that the provider shows only in encrypted form: `signature` then
    holds that form and `text` is empty. `id` is the provider's item id (Responses).
    """

    text: str = ""
    signature: str | None = None
    origin: str = ""
    redacted: bool = False
    id: str | None = None


class ToolCallPart(Shape, frozen=True, tag="tool_call"):
    """A call that the model asks for; `arguments` is JSON text, `{}` when there are none.

    `signature` is Gemini's thoughtSignature on this part; see ReasoningPart.
    """

    id: str
    name: str
    arguments: str = "{}"
    signature: str | None = None
    origin: str = ""
    cache: bool = False


class ToolResultPart(Shape, frozen=True, tag="tool_result"):
    """What a tool answered; `name` is known when the matching call is in the same request."""

    call_id: str
    content: tuple[TextPart | ImagePart | DocumentPart, ...] = ()
    name: str | None = None
    is_error: bool = False
    cache: bool = False


Part = (
    TextPart
    | ImagePart
    | DocumentPart
    | AudioPart
    | RefusalPart
    | ReasoningPart
    | ToolCallPart
    | ToolResultPart
)


class Message(Shape, frozen=True):
    """One turn. `name` is the OpenAI participant name."""

    role: Role
    parts: tuple[Part, ...]
    name: str | None = None


# --- request ------------------------------------------------------------------------------------


class Tool(Shape, frozen=True):
    """A function the model may call; `parameters` is a JSON Schema object."""

    name: str
    description: str | None = None
    parameters: Mapping[str, Any] | None = None
    strict: bool | None = None
    cache: bool = False


class ToolMode(StrEnum):
    """How free the model is to call tools. NAMED: it must call one of `ToolChoice.names`."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"
    NAMED = "named"


class ToolChoice(Shape, frozen=True):
    """Tool mode, with the names it is narrowed to (only for NAMED)."""

    mode: ToolMode
    names: tuple[str, ...] = ()


class OutputFormat(Shape, frozen=True):
    """JSON output: any object when `schema` is None, else an instance of `schema`."""

    schema: Mapping[str, Any] | None = None
    name: str | None = None
    description: str | None = None
    strict: bool | None = None


class ReasoningRequest(Shape, frozen=True):
    """How much to think. `effort`: none, minimal, low, medium, high, xhigh, max.

    `budget_tokens` is an explicit budget (0 = off, -1 = the model decides). `summary`: whether
    thoughts are to be shown (True), hidden (False) or as the provider does it (None).
    """

    effort: str | None = None
    budget_tokens: int | None = None
    summary: bool | None = None


class ChatCall(Shape, frozen=True):
    """One stateless chat request, whole context included.

    `extras` are top-level fields of the caller's dialect that have no canonical meaning, in their
    own spelling: a dialect of the same family may send them on, every other names them in its
    warnings. `warnings` are losses that the decoding itself caused.
    """

    model: str
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    logit_bias: Mapping[str, float] | None = None
    stop: tuple[str, ...] = ()
    n: int = 1
    logprobs: bool = False
    top_logprobs: int | None = None
    output_format: OutputFormat | None = None
    reasoning: ReasoningRequest | None = None
    user: str | None = None
    metadata: Mapping[str, str] | None = None
    stream: bool = False
    include_usage: bool = False
    extras: Mapping[str, Any] = {}
    warnings: tuple[str, ...] = ()


class EmbeddingCall(Shape, frozen=True):
    """Texts (or token ids) to turn into vectors. `encoding` is float or base64."""

    model: str
    inputs: tuple[str | tuple[int, ...], ...]
    dimensions: int | None = None
    encoding: str = "float"
    kind: str | None = None  # query, document, text: what the vector is for
    user: str | None = None
    single: bool = False  # the caller sent one bare text, not a list
    extras: Mapping[str, Any] = {}
    warnings: tuple[str, ...] = ()


# --- reply --------------------------------------------------------------------------------------


class FinishReason(StrEnum):
    """Why a choice ended (the canonical column of the stop-reason table)."""

    STOP = "stop"
    STOP_SEQUENCE = "stop_sequence"
    LENGTH = "length"
    CONTEXT_WINDOW = "context_window"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    REFUSAL = "refusal"
    PAUSE = "pause"
    MALFORMED_CALL = "malformed_call"
    OTHER = "other"


class Usage(Shape, frozen=True):
    """Tokens of one attempt. Cache counts are part of input, reasoning is part of output."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    estimated: bool = False

    @property
    def total_tokens(self) -> int:
        """Input plus output, in every dialect."""
        return self.input_tokens + self.output_tokens


class TokenLogprob(Shape, frozen=True):
    """Log probability of one token and of its rivals; `bytes` as OpenAI gives it."""

    token: str
    logprob: float
    bytes: tuple[int, ...] | None = None
    top: tuple["TokenLogprob", ...] = ()


class Choice(Shape, frozen=True):
    """One answer."""

    parts: tuple[Part, ...]
    finish: FinishReason = FinishReason.STOP
    index: int = 0
    stop_sequence: str | None = None
    logprobs: tuple[TokenLogprob, ...] | None = None


class ChatReply(Shape, frozen=True):
    """A whole reply. `created` is Unix seconds; `model` is what the provider says answered."""

    id: str
    model: str
    choices: tuple[Choice, ...]
    usage: Usage | None = None
    created: int = 0


class EmbeddingReply(Shape, frozen=True):
    """Vectors in the order of the inputs."""

    model: str
    vectors: tuple[tuple[float, ...], ...]
    usage: Usage | None = None


class Facts(Shape, frozen=True):
    """What a reply that is passed on as bytes tells the books."""

    id: str | None = None
    model: str | None = None
    usage: Usage | None = None
    finish: FinishReason | None = None


# --- stream -------------------------------------------------------------------------------------


class StreamStart(Shape, frozen=True, tag="start"):
    """First of every stream, once."""

    id: str
    model: str
    created: int = 0


class TextDelta(Shape, frozen=True, tag="text_delta"):
    """More text of a choice."""

    text: str
    choice: int = 0
    logprobs: tuple[TokenLogprob, ...] | None = None


class RefusalDelta(Shape, frozen=True, tag="refusal_delta"):
    """More of a refusal."""

    text: str
    choice: int = 0


class ReasoningDelta(Shape, frozen=True, tag="reasoning_delta"):
    """More thoughts."""

    text: str
    choice: int = 0


class ReasoningEnd(Shape, frozen=True, tag="reasoning_end"):
    """Closes the block of thoughts that came before (or a redacted one that had no text)."""

    signature: str | None = None
    origin: str = ""
    redacted: bool = False
    id: str | None = None
    choice: int = 0


class ToolCallStart(Shape, frozen=True, tag="tool_start"):
    """A tool call begins; `index` counts the calls of the choice from 0."""

    index: int
    id: str
    name: str
    signature: str | None = None
    origin: str = ""
    choice: int = 0


class ToolCallDelta(Shape, frozen=True, tag="tool_delta"):
    """More of the JSON text of a call's arguments."""

    index: int
    arguments: str
    choice: int = 0


class ToolCallEnd(Shape, frozen=True, tag="tool_end"):
    """A call's arguments are complete."""

    index: int
    choice: int = 0


class Finish(Shape, frozen=True, tag="finish"):
    """A choice ended."""

    reason: FinishReason
    choice: int = 0
    stop_sequence: str | None = None


class UsageReport(Shape, frozen=True, tag="usage"):
    """Usage so far, cumulative: the last one counts."""

    usage: Usage


class StreamFailure(Shape, frozen=True, tag="failure"):
    """The provider failed after the stream had begun; `error` is a ProviderError.

    `request_id` is the portal's, for dialects whose error events tell it.
    """

    error: Any
    request_id: str = ""


ChatDelta = (
    StreamStart
    | TextDelta
    | RefusalDelta
    | ReasoningDelta
    | ReasoningEnd
    | ToolCallStart
    | ToolCallDelta
    | ToolCallEnd
    | Finish
    | UsageReport
    | StreamFailure
)


# --- what travels -------------------------------------------------------------------------------


class TargetModel(Shape, frozen=True):
    """The provider model that a call is built for, with the facts that a dialect may need."""

    name: str
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None


class Incoming(Shape, frozen=True):
    """A request as it came in, read once and only at the top level.

    `operation` is one of chat, embeddings, count_tokens, moderations, images, speech,
    transcriptions, translations, rerank. `fields` maps each top-level key to its untouched JSON
    text, in order (empty when the body is not JSON, as for uploads). `headers` are lowercase and
    hold only what a dialect may want to see (never a credential). `verb` is the Gemini method.
    """

    operation: str
    model: str
    body: bytes
    fields: Mapping[str, msgspec.Raw] = {}
    stream: bool = False
    headers: Mapping[str, str] = {}
    query: Mapping[str, str] = {}
    verb: str | None = None


class UpstreamRequest(Shape, frozen=True):
    """What the transport sends. `path` is relative to the provider's base URL, query included.

    `hide_usage_event`: usage was asked for on the portal's own account, so the event that holds
    nothing else must not reach the caller. `framing` of a streamed answer is always SSE.
    """

    path: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)
    method: str = "POST"
    warnings: tuple[str, ...] = ()
    hide_usage_event: bool = False


class RenderedError(Shape, frozen=True):
    """An error in a dialect's own shape."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"
