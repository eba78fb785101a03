"""The bodies of Azure AI Inference.

Source: learn.microsoft.com/azure/machine-learning/reference-model-inference-api.
"""

from typing import Final

from apps.gateway.shapes.words import (
    EVENTS,
    JSON,
    MODEL,
    Document,
    Schema,
    each,
    exactly,
    flag,
    header,
    number,
    query,
    ref,
    some,
    text,
    thing,
    whole,
)

_VERSION: Final = query(
    "api-version",
    {"type": "string"},
    "A version of the service, for example 2024-05-01-preview.",
    required=True,
)
_EXTRA: Final = header(
    "extra-parameters",
    {"type": "string", "enum": ["error", "drop", "pass-through"], "default": "error"},
    "What becomes of fields that the interface does not know: refuse, leave out, or hand on.",
)

SHAPES: Final[dict[str, Schema]] = {
    "AzureError": thing(
        "An error in Azure's form; its code stands in `x-ms-error-code` too.",
        {
            "error": thing(
                "What went wrong.",
                {
                    "code": text("A word for programs."),
                    "message": text("A sentence for people."),
                    "target": text("Path of the field at fault."),
                },
                required=("code", "message"),
            )
        },
        required=("error",),
    ),
    "AzureChatRequest": thing(
        "A chat completions request as the Azure AI Inference SDK sends it. Whether other fields "
        "are allowed, the header `extra-parameters` says.",
        {
            "model": MODEL,
            "messages": each(some("`role` and `content`."), "The conversation so far."),
            "stream": flag("Answer as server-sent events.", default=False),
            "max_tokens": whole("Most tokens of the answer."),
            "temperature": number("How freely words are chosen."),
            "top_p": number("Share of likely words that are chosen from."),
            "stop": each(text("A text."), "At which the answer ends."),
            "tools": each(some("A function."), "What the model may call."),
            "response_format": some("text, json_object, or json_schema with its schema."),
        },
        required=("model", "messages"),
    ),
    "AzureChatCompletion": thing(
        "A chat completion.",
        {
            "id": text("The provider's id of the answer."),
            "created": whole("When, in Unix seconds."),
            "model": text("The model as the provider names it."),
            "choices": each(some("index, message, finish_reason."), "The answers."),
            "usage": some("prompt_tokens, completion_tokens, total_tokens."),
        },
    ),
    "AzureEmbeddingsRequest": thing(
        "An embeddings request as the Azure AI Inference SDK sends it.",
        {
            "model": MODEL,
            "input": each(text("A text."), "What is to be embedded."),
            "dimensions": whole("Length of the vectors."),
            "encoding_format": text(
                "float (default) or base64; others only where the provider speaks this dialect."
            ),
            "input_type": text("text, query or document."),
        },
        required=("model", "input"),
    ),
    "AzureEmbeddings": thing(
        "A list of embeddings.",
        {
            "id": text("An id; empty where the provider gives none."),
            "model": text("The model as the provider names it."),
            "data": each(some("`index` and `embedding`."), "In the order of the inputs."),
            "usage": some("prompt_tokens and total_tokens."),
        },
    ),
    "AzureInfo": exactly(
        "What the endpoint is.",
        {
            "model_name": text("Its name."),
            "model_type": text("chat-completion or embeddings."),
            "model_provider_name": text("The slug of its team, or `portal` when it is shared."),
        },
    ),
}

CHAT: Final = Document(
    body={JSON: ref("AzureChatRequest")},
    answers={
        JSON: ref("AzureChatCompletion"),
        EVENTS: text("With `stream: true`: chunks (`data: {…}`), then `data: [DONE]`."),
    },
    parameters=(_VERSION, _EXTRA),
)
EMBEDDINGS: Final = Document(
    body={JSON: ref("AzureEmbeddingsRequest")},
    answers={JSON: ref("AzureEmbeddings")},
    parameters=(_VERSION, _EXTRA),
)
INFO: Final = Document(
    answers={JSON: ref("AzureInfo")},
    parameters=(
        _VERSION,
        query("model", {"type": "string"}, "An endpoint; needed when the key may call several."),
    ),
)
