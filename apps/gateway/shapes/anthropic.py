"""The bodies of Anthropic's Messages, token counts and models.

Source: platform.claude.com/docs/en/api.
"""

from typing import Final

from apps.gateway.shapes.words import (
    EVENTS,
    JSON,
    MODEL,
    Document,
    Schema,
    anything,
    each,
    exactly,
    flag,
    header,
    number,
    ref,
    some,
    text,
    thing,
    whole,
)

VERSION: Final = header(
    "anthropic-version",
    {"type": "string"},
    "The version of the API, as the Anthropic SDK sends it; handed on to Anthropic.",
)
_BETA: Final = header(
    "anthropic-beta",
    {"type": "string"},
    "Names of beta features, handed on to Anthropic.",
)
_MESSAGES: Final = each(
    thing(
        "One message.",
        {
            "role": text("user or assistant."),
            "content": anything("Text, or a list of content blocks."),
        },
        required=("role", "content"),
    ),
    "The conversation so far.",
    minItems=1,
)
_INPUT: Final[dict[str, Schema]] = {
    "model": MODEL,
    "messages": _MESSAGES,
    "system": anything("What is said before the conversation: text, or text blocks."),
    "tools": each(some("name, description and input_schema."), "What the model may call."),
    "tool_choice": some("`type`: auto, any, tool (with its name) or none."),
    "thinking": some("`type`: enabled (with budget_tokens), adaptive or disabled."),
    "output_config": some("`effort`, and `format` with a JSON schema."),
}
_NAME_OR_NULL: Final = {"type": ["string", "null"]}

SHAPES: Final[dict[str, Schema]] = {
    "AnthropicError": thing(
        "An error in Anthropic's form.",
        {
            "type": {"const": "error"},
            "error": thing(
                "What went wrong.",
                {
                    "type": text(
                        "invalid_request_error, authentication_error, permission_error, "
                        "not_found_error, request_too_large, rate_limit_error, api_error, "
                        "timeout_error or overloaded_error."
                    ),
                    "message": text("A sentence for people."),
                },
                required=("type", "message"),
            ),
            "request_id": {**_NAME_OR_NULL, "description": "The id of the request."},
        },
        required=("type", "error"),
    ),
    "AnthropicRequest": thing(
        "A Messages request as the Anthropic SDK sends it. Fields that are not named here pass "
        "to providers of the same dialect; for others see docs/dialects.md.",
        {
            **_INPUT,
            "max_tokens": whole("Most tokens of the answer.", minimum=1),
            "stream": flag("Answer as server-sent events.", default=False),
            "temperature": number("How freely words are chosen, 0 to 1."),
            "top_p": number("Share of likely words that are chosen from."),
            "top_k": whole("Number of likely words that are chosen from."),
            "stop_sequences": each(text("A text."), "At which the answer ends."),
            "metadata": some("`user_id`."),
        },
        required=("model", "messages", "max_tokens"),
    ),
    "AnthropicMessage": thing(
        "A message of the model.",
        {
            "id": text("The provider's id of the answer."),
            "type": text("message"),
            "role": text("assistant"),
            "model": text("The model as the provider names it."),
            "content": each(some("A block."), "text, thinking and tool_use blocks."),
            "stop_reason": anything("end_turn, max_tokens, stop_sequence, tool_use, refusal …"),
            "usage": some("input_tokens, output_tokens and what was read from or put into cache."),
        },
    ),
    "AnthropicCountRequest": thing(
        "What is to be counted: a Messages request without its answer's settings.",
        _INPUT,
        required=("model", "messages"),
    ),
    "AnthropicCount": thing(
        "The count.", {"input_tokens": whole("How many tokens the request has.")}
    ),
    "AnthropicModel": exactly(
        "A published endpoint, in Anthropic's form.",
        {
            "type": {"const": "model"},
            "id": text("Its name: what callers put in `model`."),
            "display_name": text("Its description, or its name."),
            "created_at": text("When it was published.", format="date-time"),
        },
    ),
    "AnthropicModels": exactly(
        "A page of the endpoints that the key may call, in Anthropic's form.",
        {
            "data": each(ref("AnthropicModel"), "By name."),
            "has_more": flag("Whether there is another page in this direction."),
            "first_id": {**_NAME_OR_NULL, "description": "For `before_id`."},
            "last_id": {**_NAME_OR_NULL, "description": "For `after_id`."},
        },
    ),
}

MESSAGES: Final = Document(
    body={JSON: ref("AnthropicRequest")},
    answers={
        JSON: ref("AnthropicMessage"),
        EVENTS: text("With `stream: true`: `message_start` to `message_stop`."),
    },
    parameters=(VERSION, _BETA),
)
COUNT_TOKENS: Final = Document(
    body={JSON: ref("AnthropicCountRequest")},
    answers={JSON: ref("AnthropicCount")},
    parameters=(VERSION, _BETA),
    note="Where the provider cannot count, the portal estimates and says so in "
    "`X-Portal-Warnings` (`input_tokens: estimated`).",
)
