"""What was asked, in the simulator's own words, whatever dialect it came in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import orjson

from apps.providers.simulator import tokens
from apps.providers.simulator.dice import digest

TURN_TOKENS = 3
IMAGE_TOKENS = 85
BYTES_PER_FILE_TOKEN = 400


@dataclass(frozen=True, slots=True)
class Media:
    """An image, document or sound that came with the question."""

    media_type: str
    size_bytes: int | None = None
    origin: str = "inline"

    @property
    def token_count(self) -> int:
        if self.media_type.startswith("image/"):
            return IMAGE_TOKENS
        return 1 + (self.size_bytes or 0) // BYTES_PER_FILE_TOKEN

    def describe(self) -> str:
        """Return how the answer names it."""
        size = "of unknown size" if self.size_bytes is None else f"of {self.size_bytes} bytes"
        return f"{self.media_type} {size} ({self.origin})"


@dataclass(frozen=True, slots=True)
class PastCall:
    """A tool call that an earlier assistant turn made."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """What a tool answered."""

    call_id: str
    text: str
    name: str = ""
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One message; `role` is system, user, assistant or tool."""

    role: str
    text: str = ""
    media: tuple[Media, ...] = ()
    calls: tuple[PastCall, ...] = ()
    results: tuple[ToolResult, ...] = ()

    @property
    def token_count(self) -> int:
        texts = (self.text, *(call.name + call.arguments for call in self.calls))
        results = (result.text for result in self.results)
        return (
            TURN_TOKENS
            + sum(tokens.count(text) for text in (*texts, *results))
            + sum(media.token_count for media in self.media)
        )


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that may be called."""

    name: str
    schema: Mapping[str, Any]
    description: str = ""


@dataclass(frozen=True)
class Ask:
    """One question with its whole context.

    `tool_choice` is auto, none, required, or `=name` for one function. `cache_write` says that
    the caller marked something for caching.
    """

    model: str
    turns: tuple[Turn, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    parallel: bool = True
    schema: Mapping[str, Any] | None = None
    json_object: bool = False
    reasoning: bool = False
    max_tokens: int | None = None
    stops: tuple[str, ...] = ()
    choices: int = 1
    top_logprobs: int | None = None
    cache_write: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def system_text(self) -> str:
        return "\n".join(turn.text for turn in self.turns if turn.role == "system")

    @cached_property
    def latest(self) -> tuple[Turn, ...]:
        """The turns after the last assistant turn, system turns left out."""
        turns = [turn for turn in self.turns if turn.role != "system"]
        spoken = [at for at, turn in enumerate(turns) if turn.role == "assistant"]
        return tuple(turns[spoken[-1] + 1 :] if spoken else turns)

    @cached_property
    def user_text(self) -> str:
        """What the user said last."""
        texts = [turn.text for turn in self.latest if turn.role == "user" and turn.text]
        if not texts:
            texts = [turn.text for turn in self.turns if turn.role == "user" and turn.text][-1:]
        return "\n".join(texts)

    @cached_property
    def media(self) -> tuple[Media, ...]:
        return tuple(media for turn in self.latest for media in turn.media)

    @cached_property
    def results(self) -> tuple[ToolResult, ...]:
        """The tool results that wait for an answer, with the names of their tools."""
        names = {call.id: call.name for turn in self.turns for call in turn.calls}
        return tuple(
            ToolResult(
                result.call_id,
                result.text,
                result.name or names.get(result.call_id, "unknown"),
                result.is_error,
            )
            for turn in self.latest
            for result in turn.results
        )

    @cached_property
    def seed(self) -> str:
        """What answers derive from: the words alone, so that every dialect says the same."""
        words = [turn.text for turn in self.turns]
        results = [result.text for turn in self.turns for result in turn.results]
        return digest(*words, *results, *(tool.name for tool in self.tools))

    @cached_property
    def input_tokens(self) -> int:
        declared = [
            tool.name + tool.description + orjson.dumps(tool.schema).decode() for tool in self.tools
        ]
        return sum(turn.token_count for turn in self.turns) + sum(map(tokens.count, declared))

    @cached_property
    def cached_tokens(self) -> int:
        """The part of the input that is said to come out of a cache."""
        spoken = any("cached" in turn.text.lower() for turn in self.turns)
        return self.input_tokens // 2 if spoken or self.cache_write else 0

    @cached_property
    def cache_write_tokens(self) -> int:
        """The part of the input that is said to have been written to a cache."""
        return self.input_tokens // 4 if self.cache_write else 0
