"""What a caller of the chat family may send, typed; null stands for absence everywhere.

Wider than the specification where clients are known to be: `image_url` as a bare string,
arguments as an object, tools without a type.
"""

from typing import Any

import msgspec

Content = str | list[str | dict[str, Any]] | None


class FunctionIn(msgspec.Struct):
    """A function call that a model once made."""

    name: str
    arguments: str | dict[str, Any] | None = None


class ToolCallIn(msgspec.Struct):
    """A tool call in the history."""

    function: FunctionIn | None = None
    id: str | None = None
    type: str | None = None
    extra_content: dict[str, Any] | None = None


class MessageIn(msgspec.Struct):
    """One message, of any role."""

    role: str
    content: Content = None
    name: str | None = None
    tool_calls: list[ToolCallIn] | None = None
    tool_call_id: str | None = None
    function_call: FunctionIn | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: list[dict[str, Any]] | None = None
    extra_content: dict[str, Any] | None = None


class FunctionDefinition(msgspec.Struct):
    """A function that the model may call."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ToolIn(msgspec.Struct):
    """A tool that the model may use; only functions can be carried."""

    type: str | None = None
    function: FunctionDefinition | None = None
    cache_control: dict[str, Any] | None = None


class JsonSchemaIn(msgspec.Struct):
    """The `json_schema` of a response format."""

    name: str | None = None
    schema: dict[str, Any] | None = None
    description: str | None = None
    strict: bool | None = None


class FormatIn(msgspec.Struct):
    """A response format."""

    type: str
    json_schema: JsonSchemaIn | None = None


class StreamOptions(msgspec.Struct):
    """What a stream is to hold besides the answer."""

    include_usage: bool | None = None


class ReasoningIn(msgspec.Struct):
    """The `reasoning` object of OpenRouter.

    Source: openrouter.ai/docs/use-cases/reasoning-tokens.
    """

    effort: str | None = None
    max_tokens: int | None = None
    exclude: bool | None = None
    enabled: bool | None = None


class NameIn(msgspec.Struct):
    """A function by name."""

    name: str


class ChatIn(msgspec.Struct):
    """The fields of a chat request that have a canonical meaning."""

    messages: list[MessageIn]
    model: str | None = None
    tools: list[ToolIn] | None = None
    tool_choice: str | dict[str, Any] | None = None
    functions: list[FunctionDefinition] | None = None
    function_call: str | NameIn | None = None
    parallel_tool_calls: bool | None = None
    max_completion_tokens: int | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None
    logit_bias: dict[str, float] | None = None
    stop: str | list[str] | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    response_format: FormatIn | None = None
    reasoning_effort: str | None = None
    reasoning: ReasoningIn | None = None
    safety_identifier: str | None = None
    user: str | None = None
    metadata: dict[str, str] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    modalities: list[str] | None = None


FIELDS = frozenset(ChatIn.__struct_fields__)
MESSAGE_FIELDS = frozenset(MessageIn.__struct_fields__)
