"""Answer moderations by looking for plain words.

Source: openapi `CreateModerationResponse`.
"""

from typing import Any, Final

from apps.providers.simulator import reading
from apps.providers.simulator.dice import digest
from apps.providers.simulator.exchange import Incoming, Whole, json_reply

# The words that flag each category; the others are never flagged.
WORDS: Final[dict[str, tuple[str, ...]]] = {
    "harassment": ("idiot", "harass"),
    "harassment/threatening": (),
    "hate": ("hate",),
    "hate/threatening": (),
    "illicit": ("steal", "counterfeit"),
    "illicit/violent": ("bomb",),
    "self-harm": ("self-harm", "suicide"),
    "self-harm/instructions": (),
    "self-harm/intent": (),
    "sexual": ("sexual",),
    "sexual/minors": (),
    "violence": ("kill", "violence", "bomb"),
    "violence/graphic": (),
}
TEXT_ONLY: Final = ("harassment", "hate", "illicit", "sexual/minors")
DEFAULT_MODEL: Final = "sim-moderation"


def moderate(incoming: Incoming) -> Whole:
    """Answer POST /moderations."""
    body = incoming.body
    reading.required(body, "input")
    inputs = _inputs(body["input"])
    key = digest(*(text for text, _ in inputs))
    return json_reply(
        {
            "id": f"modr-sim{key[:24]}",
            "model": body.get("model") or DEFAULT_MODEL,
            "results": [_result(text, has_image=has_image) for text, has_image in inputs],
        }
    )


def _inputs(value: Any) -> list[tuple[str, bool]]:
    """Return each input as its text and whether an image came with it."""
    if isinstance(value, str):
        return [(value, False)]
    parts = reading.items(value, "input", least=1)
    if all(isinstance(part, str) for part in parts):
        return [(part, False) for part in parts]
    known = [reading.mapping(part, "input") for part in parts]
    said = " ".join(str(part.get("text", "")) for part in known)
    return [(said, any(part.get("type") == "image_url" for part in known))]


def _result(text: str, *, has_image: bool) -> dict[str, Any]:
    said = text.lower()
    flagged = {name: any(word in said for word in words) for name, words in WORDS.items()}
    kinds = ["text", "image"] if has_image else ["text"]
    return {
        "flagged": any(flagged.values()),
        "categories": flagged,
        "category_scores": {name: _score(name, text, hit=hit) for name, hit in flagged.items()},
        "category_applied_input_types": {
            name: ["text"] if name.startswith(TEXT_ONLY) else kinds for name in WORDS
        },
    }


def _score(name: str, text: str, *, hit: bool) -> float:
    chance = int(digest(name, text)[:6], 16) / 0xFFFFFF
    return round(0.9 + chance / 10 if hit else chance / 100, 8)
