"""The models' own paths, which three SDKs share: each gets its own form."""

from typing import Final

from apps.gateway.shapes.anthropic import VERSION
from apps.gateway.shapes.words import JSON, Document, query, ref, text

_SPEAKERS: Final = ("openai_chat", "anthropic_messages", "gemini_generate")
_FORMS: Final = (
    "Callers with `anthropic-version` get Anthropic's form, callers with `x-goog-api-key` "
    "Google's, all others OpenAI's."
)

MODELS: Final = Document(
    answers={JSON: {"anyOf": [ref("OpenAIModels"), ref("AnthropicModels"), ref("GeminiModels")]}},
    parameters=(
        VERSION,
        query(
            "limit",
            {"type": "integer", "minimum": 1, "maximum": 1000, "default": 20},
            "Most entries of a page (Anthropic's form only; the others list all).",
        ),
        query("after_id", text("A name."), "Begin behind it (Anthropic's form only)."),
        query("before_id", text("A name."), "End before it (Anthropic's form only)."),
    ),
    dialects=_SPEAKERS,
    note=_FORMS,
)
MODEL: Final = Document(
    summary="Say what one endpoint is.",
    answers={JSON: {"anyOf": [ref("OpenAIModel"), ref("AnthropicModel"), ref("GeminiModel")]}},
    parameters=(VERSION,),
    dialects=_SPEAKERS,
    note=_FORMS,
)
