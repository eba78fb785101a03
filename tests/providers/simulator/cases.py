"""Questions that every dialect is asked, in the words of chat completions."""

from typing import Any, Final

PNG: Final = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA"
    "60e6kgAAAABJRU5ErkJggg=="
)
WEATHER: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "city": {"type": "string"},
        "days": {"type": "integer", "minimum": 1, "maximum": 7},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
    },
    "required": ["city", "days"],
    "additionalProperties": False,
}
NOTHING: Final[dict[str, Any]] = {"type": "object", "properties": {}}
PERSON: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "age": {"type": "integer", "minimum": 18, "maximum": 99},
        "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2},
        "kind": {"enum": ["friend", "foe"]},
    },
    "required": ["name", "age", "tags", "kind"],
    "additionalProperties": False,
}
QUESTION: Final = "What is the capital of France? Grüße, 你好 🦊"
PARALLEL: Final = "Please tell me the weather in Paris and in London, in parallel."
