"""The bodies of Gemini's five methods and of its models.

Source: ai.google.dev/api. Field names are accepted in snake_case too.
"""

from typing import Final

from apps.gateway.shapes.words import (
    EVENTS,
    JSON,
    Document,
    Schema,
    each,
    exactly,
    query,
    ref,
    some,
    text,
    thing,
    whole,
)

_CONTENT: Final = thing(
    "One turn.",
    {
        "role": text("user or model."),
        "parts": each(some("text, inlineData, fileData, functionCall …"), "What is said."),
    },
)
_ALT: Final = query(
    "alt",
    {"type": "string", "enum": ["json", "sse"], "default": "json"},
    "How a stream comes: `sse` as server-sent events, `json` as one array whose elements come "
    "one by one. Other methods answer with JSON either way.",
)

SHAPES: Final[dict[str, Schema]] = {
    "GeminiError": thing(
        "An error in Google's form.",
        {
            "error": thing(
                "What went wrong.",
                {
                    "code": whole("The HTTP status."),
                    "message": text("A sentence for people."),
                    "status": text(
                        "INVALID_ARGUMENT, UNAUTHENTICATED, PERMISSION_DENIED, NOT_FOUND, "
                        "RESOURCE_EXHAUSTED, INTERNAL, UNAVAILABLE or DEADLINE_EXCEEDED."
                    ),
                    "details": each(
                        some("ErrorInfo, BadRequest, RetryInfo or RequestInfo."),
                        "More for programs: a reason, the field at fault, when to try again.",
                    ),
                },
                required=("code", "message", "status"),
            )
        },
        required=("error",),
    ),
    "GeminiRequest": thing(
        "A generateContent request as the Google GenAI SDK sends it.",
        {
            "contents": each(ref("GeminiContent"), "The conversation so far."),
            "systemInstruction": ref("GeminiContent"),
            "tools": each(some("`functionDeclarations`."), "What the model may call."),
            "toolConfig": some("`functionCallingConfig` with mode and allowedFunctionNames."),
            "generationConfig": some(
                "maxOutputTokens, temperature, topP, topK, stopSequences, candidateCount, "
                "responseMimeType, responseJsonSchema, thinkingConfig …"
            ),
        },
        required=("contents",),
    ),
    "GeminiContent": _CONTENT,
    "GeminiResponse": thing(
        "An answer, or a piece of one.",
        {
            "candidates": each(some("content, finishReason, index."), "The answers."),
            "promptFeedback": some("Why the request was blocked, if it was."),
            "usageMetadata": some("promptTokenCount, candidatesTokenCount, totalTokenCount …"),
            "modelVersion": text("The model as the provider names it."),
            "responseId": text("The provider's id of the answer."),
        },
    ),
    "GeminiCountRequest": thing(
        "What is to be counted: contents, or a whole generateContent request.",
        {
            "contents": each(ref("GeminiContent"), "The conversation."),
            "generateContentRequest": ref("GeminiRequest"),
        },
    ),
    "GeminiCount": thing("The count.", {"totalTokens": whole("How many tokens the request has.")}),
    "GeminiEmbedRequest": thing(
        "A text to be embedded.",
        {
            "content": ref("GeminiContent"),
            "taskType": text("What the vector is for, for example RETRIEVAL_QUERY."),
            "outputDimensionality": whole("Length of the vector."),
        },
        required=("content",),
    ),
    "GeminiEmbedding": thing("The vector.", {"embedding": some("`values`: the numbers.")}),
    "GeminiBatchEmbedRequest": thing(
        "Texts to be embedded.",
        {"requests": each(ref("GeminiEmbedRequest"), "One for each text.", minItems=1)},
        required=("requests",),
    ),
    "GeminiEmbeddings": thing(
        "The vectors.",
        {"embeddings": each(some("`values`: the numbers."), "In the order of the requests.")},
    ),
    "GeminiModel": exactly(
        "A published endpoint, in Gemini's form.",
        {
            "name": text("`models/` and its name."),
            "displayName": text("Its name."),
            "description": text("Its description."),
            "supportedGenerationMethods": each(text("A method."), "What it can be asked."),
            "inputTokenLimit": whole("Least of what its targets take."),
            "outputTokenLimit": whole("Least of what its targets give."),
        },
        optional=("inputTokenLimit", "outputTokenLimit"),
    ),
    "GeminiModels": exactly(
        "The endpoints that the key may call, in Gemini's form.",
        {"models": each(ref("GeminiModel"), "All of them, by name.")},
    ),
}

METHODS: Final[dict[str, Document]] = {
    "generateContent": Document(
        summary="Answer one chat call in Gemini's form.",
        scope="inference:call",
        body={JSON: ref("GeminiRequest")},
        answers={JSON: ref("GeminiResponse")},
        parameters=(_ALT,),
    ),
    "streamGenerateContent": Document(
        summary="Answer one chat call in Gemini's form, piece by piece.",
        scope="inference:call",
        body={JSON: ref("GeminiRequest")},
        answers={
            EVENTS: text("With `alt=sse`: each event's data is a GeminiResponse."),
            JSON: each(ref("GeminiResponse"), "Without `alt=sse`; an error may be the last."),
        },
        parameters=(_ALT,),
    ),
    "countTokens": Document(
        summary="Count the input tokens of a request in Gemini's form without running it.",
        scope="inference:call",
        body={JSON: ref("GeminiCountRequest")},
        answers={JSON: ref("GeminiCount")},
        parameters=(_ALT,),
        note="Where the provider cannot count, the portal estimates and says so in "
        "`X-Portal-Warnings` (`input_tokens: estimated`).",
    ),
    "embedContent": Document(
        summary="Turn one text into a vector, in Gemini's form.",
        scope="embeddings:call",
        body={JSON: ref("GeminiEmbedRequest")},
        answers={JSON: ref("GeminiEmbedding")},
        parameters=(_ALT,),
    ),
    "batchEmbedContents": Document(
        summary="Turn several texts into vectors, in Gemini's form.",
        scope="embeddings:call",
        body={JSON: ref("GeminiBatchEmbedRequest")},
        answers={JSON: ref("GeminiEmbeddings")},
        parameters=(_ALT,),
    ),
}
MODELS: Final = Document(answers={JSON: ref("GeminiModels")})
MODEL: Final = Document(
    summary="Say what one endpoint is, in Gemini's form.", answers={JSON: ref("GeminiModel")}
)
