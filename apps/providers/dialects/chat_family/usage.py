"""Translate token counts of the chat dialects.

Source: OpenAI API reference, the usage object.
"""

from typing import Any

from apps.providers import wire


def count(value: Any) -> int:
    """A token count as a provider sent it; 0 for null and nonsense."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0
    return max(int(value), 0)


def read_usage(usage: Any) -> wire.Usage | None:
    """Read a `usage` object; None when there is none.

    Some providers (the compatible surfaces of Gemini and xAI) leave thoughts out of
    `completion_tokens` and count them in `total_tokens` only: what the total has more than its
    two parts is output.
    """
    if not isinstance(usage, dict):
        return None
    spent, made = count(usage.get("prompt_tokens")), count(usage.get("completion_tokens"))
    hidden = max(count(usage.get("total_tokens")) - spent - made, 0)
    made += hidden
    prompt = usage.get("prompt_tokens_details")
    completion = usage.get("completion_tokens_details")
    prompt = prompt if isinstance(prompt, dict) else {}
    completion = completion if isinstance(completion, dict) else {}
    return wire.Usage(
        input_tokens=spent,
        output_tokens=made,
        cache_read_tokens=min(count(prompt.get("cached_tokens")), spent),
        cache_write_tokens=min(count(prompt.get("cache_write_tokens")), spent),
        reasoning_tokens=min(max(count(completion.get("reasoning_tokens")), hidden), made),
    )


def write_usage(usage: wire.Usage) -> dict[str, Any]:
    """The `usage` object of chat completions."""
    prompt = {"cached_tokens": usage.cache_read_tokens}
    if usage.cache_write_tokens:
        prompt["cache_write_tokens"] = usage.cache_write_tokens
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": prompt,
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
