"""What becomes of fields beyond the specification: the caller says so in a header.

Source: Azure AI Model Inference REST reference, extra parameters.
"""

from collections.abc import Mapping, Set
from typing import Any

from apps.core.errors import InvalidInputError

HEADER = "extra-parameters"
CHAT_FIELDS = frozenset(
    {
        "frequency_penalty",
        "max_tokens",
        "messages",
        "modalities",
        "model",
        "presence_penalty",
        "response_format",
        "seed",
        "stop",
        "stream",
        "temperature",
        "tool_choice",
        "tools",
        "top_p",
        "user_security_context",
    }
)
EMBEDDING_FIELDS = frozenset({"dimensions", "encoding_format", "input", "input_type", "model"})


def sift(
    plain: Mapping[str, Any], known: Set[str], headers: Mapping[str, str]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The fields that stay, and warnings for those that were dropped.

    Raises:
        InvalidInputError: a field is unknown and the header does not allow it.
    """
    rule = headers.get(HEADER, "error").strip().lower()
    if rule == "pass-through":
        return dict(plain), ()
    extra = [key for key in plain if key not in known]
    if rule == "drop":
        kept = {key: value for key, value in plain.items() if key in known}
        return kept, tuple(f"{key}: dropped" for key in extra)
    if rule != "error":
        raise InvalidInputError(
            f"The header `{HEADER}` is one of error, drop, pass-through.", param=HEADER
        )
    if extra:
        raise InvalidInputError(
            f"`{extra[0]}`: no parameter of this interface. The header `{HEADER}: pass-through` "
            "hands it on, `drop` leaves it out.",
            param=extra[0],
        )
    return dict(plain), ()
