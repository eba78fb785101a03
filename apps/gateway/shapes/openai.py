"""The bodies of OpenAI's chat completions, embeddings and models.

Source: platform.openai.com/docs/api-reference.
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
    number,
    ref,
    some,
    text,
    thing,
    whole,
)

_TEXT_OR_NULL: Final = {"type": ["string", "null"]}

SHAPES: Final[dict[str, Schema]] = {
    "OpenAIError": thing(
        "An error in OpenAI's form.",
        {
            "error": thing(
                "What went wrong.",
                {
                    "message": text("A sentence for people."),
                    "type": text(
                        "invalid_request_error, permission_error, rate_limit_error or "
                        "server_error; a provider's own refusal may have another."
                    ),
                    "param": {**_TEXT_OR_NULL, "description": "Path of the field at fault."},
                    "code": {**_TEXT_OR_NULL, "description": "A word for programs."},
                },
                required=("message", "type", "param", "code"),
            )
        },
        required=("error",),
    ),
    "OpenAIChatRequest": thing(
        "A chat completions request as the OpenAI SDK sends it. Fields that are not named here "
        "pass to providers of the same dialect; for others see docs/dialects.md.",
        {
            "model": MODEL,
            "messages": each(
                thing(
                    "One message.",
                    {
                        "role": text("system, developer, user, assistant or tool."),
                        "content": anything("Text, or a list of content parts."),
                        "tool_calls": each(some("A call."), "The calls that the model made."),
                        "tool_call_id": text("Which call a tool message answers."),
                    },
                    required=("role",),
                ),
                "The conversation so far.",
            ),
            "stream": flag("Answer as server-sent events.", default=False),
            "stream_options": some("`include_usage: true` asks for a last chunk with usage."),
            "max_completion_tokens": whole("Most tokens of the answer (older: max_tokens)."),
            "temperature": number("How freely words are chosen."),
            "top_p": number("Share of likely words that are chosen from."),
            "n": whole("How many answers."),
            "stop": anything("A text, or a list of texts, at which the answer ends."),
            "tools": each(some("A function."), "What the model may call."),
            "tool_choice": anything("auto, none, required, or an object that names a function."),
            "response_format": some("text, json_object, or json_schema with its schema."),
            "reasoning_effort": text("none, minimal, low, medium, high, xhigh or max."),
        },
        required=("model", "messages"),
    ),
    "OpenAIChatCompletion": thing(
        "A chat completion.",
        {
            "id": text("The provider's id of the answer."),
            "object": text("chat.completion"),
            "created": whole("When, in Unix seconds."),
            "model": text("The model as the provider names it."),
            "choices": each(
                thing(
                    "One answer.",
                    {
                        "index": whole("Its place."),
                        "message": some("role, content, tool_calls, refusal."),
                        "finish_reason": anything(
                            "stop, length, tool_calls, content_filter; null while unfinished."
                        ),
                    },
                ),
                "The answers.",
            ),
            "usage": some("prompt_tokens, completion_tokens, total_tokens and their details."),
        },
    ),
    "OpenAIEmbeddingsRequest": thing(
        "An embeddings request as the OpenAI SDK sends it.",
        {
            "model": MODEL,
            "input": anything("A text, a list of texts, a list of token ids, or lists of them."),
            "dimensions": whole("Length of the vectors, where the model can shorten them."),
            "encoding_format": text("float (default) or base64."),
        },
        required=("model", "input"),
    ),
    "OpenAIEmbeddings": thing(
        "A list of embeddings.",
        {
            "object": text("list"),
            "model": text("The model as the provider names it."),
            "data": each(
                thing(
                    "One vector.",
                    {
                        "object": text("embedding"),
                        "index": whole("Which input it belongs to."),
                        "embedding": anything("Numbers, or base64 of little-endian floats."),
                    },
                ),
                "The vectors, in the order of the inputs.",
            ),
            "usage": some("prompt_tokens and total_tokens."),
        },
    ),
    "OpenAIModel": exactly(
        "A published endpoint, in OpenAI's form.",
        {
            "id": text("Its name: what callers put in `model`."),
            "object": {"const": "model"},
            "created": whole("When it was published, in Unix seconds."),
            "owned_by": text("The slug of its team, or `portal` when it is shared."),
        },
    ),
    "OpenAIModels": exactly(
        "The endpoints that the key may call, in OpenAI's form.",
        {
            "object": {"const": "list"},
            "data": each(ref("OpenAIModel"), "All of them, by name."),
        },
    ),
    "OpenAIResponseRequest": thing(
        "A Responses request as the OpenAI SDK sends it, stateless: store, background, "
        "previous_response_id, conversation, prompt and item references are refused.",
        {
            "model": MODEL,
            "input": anything("A text, or a list of items: messages, calls and their outputs."),
            "instructions": text("What is said to the model before the input."),
            "stream": flag("Answer as server-sent events.", default=False),
            "max_output_tokens": whole("Most tokens of the answer, reasoning included."),
            "temperature": number("How freely words are chosen."),
            "top_p": number("Share of likely words that are chosen from."),
            "tools": each(some("A function."), "What the model may call."),
            "tool_choice": anything("auto, none, required, or an object that names a function."),
            "parallel_tool_calls": flag("Whether several calls may come at once."),
            "text": some("`format`: text, json_object, or json_schema with its schema."),
            "reasoning": some("`effort` and `summary`."),
            "include": each(text("A path."), "What else the answer should hold."),
        },
        required=("model", "input"),
    ),
    "OpenAIResponse": thing(
        "A response.",
        {
            "id": text("An id of the answer; nothing is stored under it."),
            "object": text("response"),
            "status": text("completed, incomplete or failed."),
            "model": text("The model as the provider names it."),
            "output": each(some("An item."), "Messages, function calls and reasoning."),
            "usage": some("input_tokens, output_tokens, total_tokens and their details."),
        },
    ),
}

CHAT: Final = Document(
    body={JSON: ref("OpenAIChatRequest")},
    answers={
        JSON: ref("OpenAIChatCompletion"),
        EVENTS: text("With `stream: true`: chunks (`data: {…}`), then `data: [DONE]`."),
    },
)
EMBEDDINGS: Final = Document(
    body={JSON: ref("OpenAIEmbeddingsRequest")}, answers={JSON: ref("OpenAIEmbeddings")}
)
RESPONSES: Final = Document(
    body={JSON: ref("OpenAIResponseRequest")},
    answers={
        JSON: ref("OpenAIResponse"),
        EVENTS: text("With `stream: true`: `response.created` to `response.completed`."),
    },
)
