"""What every answer of the data plane has in common: its headers, and its errors by dialect."""

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Final

from apps.core.errors import PortalError
from apps.gateway.shapes.words import JSON, Schema, ref
from apps.providers.dialects import DIALECTS

ERROR_SHAPES: Final[Mapping[str, str]] = {
    "openai_chat": "OpenAIError",
    "openai_responses": "OpenAIError",
    "anthropic_messages": "AnthropicError",
    "gemini_generate": "GeminiError",
    "azure_inference": "AzureError",
}

_NAMES: Final[Mapping[str, str]] = {
    "openai_chat": "OpenAI",
    "openai_responses": "OpenAIResponses",
    "anthropic_messages": "Anthropic",
    "gemini_generate": "Gemini",
    "azure_inference": "Azure",
}

# Kinds of error, in plain words; which status a kind has is each dialect's own matter.
ALWAYS: Final[Mapping[str, str]] = {
    "unauthenticated": "No API key, or one that is not valid now.",
    "forbidden": "The key lacks the scope, or may not call this endpoint.",
    "internal": "The portal failed to answer.",
}
NAMED: Final[Mapping[str, str]] = {"not_found": "No such endpoint or path for this key."}
WRONG: Final[Mapping[str, str]] = {"invalid": "The request cannot be understood or carried."}
CALLED: Final[Mapping[str, str]] = {
    "too_large": "The request is larger than the portal, or the provider, accepts.",
    "refused": "A content filter refused the request.",
    "limited": "The provider limits the portal's account.",
    "upstream": "The provider could not be reached, refused the portal's own credential, or gave "
    "an answer that cannot be read.",
    "upstream_fault": "The provider failed.",
    "overloaded": "The provider has no capacity now.",
    "unavailable": "The portal has no target that can answer now.",
    "timeout": "The provider did not answer in time.",
}
# A provider's refusal has whatever status the provider chose.
REFUSAL: Final = "4XX"
_REFUSED: Final = (
    "The provider refused the request; when it speaks the caller's dialect, status and body are "
    "the provider's own."
)

REQUEST_ID: Final = "X-Request-Id"
OF_CALLS: Final = (
    "X-Portal-Attempts",
    "X-Portal-Provider",
    "X-Portal-Model",
    "X-Portal-Simulated",
    "X-Portal-Upstream-Request-Id",
    "X-Portal-Cost-Usd",
    "X-Portal-Warnings",
)
HEADERS: Final[Mapping[str, str]] = {
    REQUEST_ID: "The portal's id of the call.",
    "Retry-After": "Whole seconds after which another try may succeed.",
    "X-Portal-Attempts": "How many targets were tried.",
    "X-Portal-Provider": "The slug of the provider that was tried last.",
    "X-Portal-Model": "The provider's own name of the model that was tried last.",
    "X-Portal-Simulated": "`true` when that provider only simulates answers.",
    "X-Portal-Upstream-Request-Id": "The provider's id of its request.",
    "X-Portal-Cost-Usd": "What it cost in US dollars, where prices are known; not on streams.",
    "X-Portal-Warnings": "What was dropped or changed between two dialects, divided by `, `.",
}
_PATIENCE: Final = frozenset({429, 503, 529})


class _SampleError(PortalError):
    """An error of a given kind, to see what a dialect makes of it."""

    def __init__(self, kind: str) -> None:
        super().__init__("…")
        self.kind = kind  # type: ignore[misc]


def header_of(name: str) -> Schema:
    """One of the portal's own headers."""
    return {"description": HEADERS[name], "schema": {"type": "string"}}


def headers(*names: str) -> dict[str, Schema]:
    """References to the portal's own headers."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def errors(
    dialects: tuple[str, ...], kinds: Mapping[str, str], *, calls: bool
) -> Iterator[tuple[str, str, Schema]]:
    """The error answers as (status, name, answer), as each of these dialects renders them.

    `calls`: a provider is asked, and may refuse in its own words.
    """
    found: dict[str, tuple[list[str], list[str]]] = {}
    for name in dialects:
        inbound = DIALECTS[name].inbound
        for kind, words in kinds.items():
            status = str(inbound.render_error(_SampleError(kind), request_id="req_…").status)
            _note(found, status, words, ERROR_SHAPES[name])
        if calls:
            _note(found, REFUSAL, _REFUSED, ERROR_SHAPES[name])
    for status in sorted(found):
        sentences, shapes = found[status]
        patient = status.isdigit() and int(status) in _PATIENCE
        names = (REQUEST_ID, *(["Retry-After"] if patient else []), *(OF_CALLS if calls else ()))
        yield (
            status,
            f"{'And'.join(_NAMES[name] for name in dialects)}{'Call' if calls else 'Read'}{status}",
            {
                "description": f"{_phrase(status)}{' '.join(sentences)}",
                "headers": headers(*names),
                "content": {JSON: {"schema": one_of(shapes)}},
            },
        )


def one_of(shapes: list[str]) -> Schema:
    """One of several named shapes."""
    return ref(shapes[0]) if len(shapes) == 1 else {"anyOf": [ref(name) for name in shapes]}


def _note(
    found: dict[str, tuple[list[str], list[str]]], status: str, words: str, shape: str
) -> None:
    sentences, shapes = found.setdefault(status, ([], []))
    for value, known in ((words, sentences), (shape, shapes)):
        if value not in known:
            known.append(value)


def _phrase(status: str) -> str:
    known = {str(s.value): f"{s.phrase}. " for s in HTTPStatus}
    return known.get(status, "Overloaded. " if status == "529" else "")
