"""What tells the dialects and providers of the chat family apart when a request is written."""

from dataclasses import dataclass
from typing import Any, Literal

ReasoningField = Literal["reasoning_content", "reasoning", "reasoning_details"]
CacheField = Literal["cache_control", "prompt_cache_breakpoint"]


@dataclass(frozen=True, slots=True)
class Style:
    """How a request is written.

    `join_text`: only the user's content may be a list of parts. `reasoning_field` and
    `cache_field` are None where the provider takes neither thoughts nor cache hints back.
    `extras` are the fields of the caller that may be sent on; `beyond` are those that the
    specification of the dialect does not know (Azure wants to be told of them in a header).
    """

    name: str
    documents: bool = True
    audio_urls: bool = False
    participants: bool = True
    refusals: bool = True
    strict_tools: bool = True
    allowed_tools: bool = True
    user: bool = True
    join_text: bool = False
    top_k: bool = False
    temperature_max: float = 2.0
    stop_max: int | None = 4
    cap_field: str = "max_completion_tokens"
    stream_usage: bool = True
    reasoning_field: ReasoningField | None = None
    cache_field: CacheField | None = None
    extras: frozenset[str] = frozenset()
    beyond: frozenset[str] = frozenset()

    def cache_hint(self) -> dict[str, Any]:
        """The field that marks the end of a prefix to cache."""
        if self.cache_field == "cache_control":
            return {"cache_control": {"type": "ephemeral"}}
        if self.cache_field == "prompt_cache_breakpoint":
            return {"prompt_cache_breakpoint": {"mode": "explicit"}}
        return {}
