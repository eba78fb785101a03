from typing import Any

import pytest
from hypothesis import given

from apps.providers import wire
from apps.providers.dialects.chat_family.usage import read_usage, write_usage
from tests.providers.dialects.chat_family.strategies import usages


class TestReadUsage:
    def test_reads_the_counts_and_their_parts(self) -> None:
        usage = read_usage(
            {
                "prompt_tokens": 10,
                "completion_tokens": 7,
                "total_tokens": 17,
                "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
                "completion_tokens_details": {"reasoning_tokens": 5},
            }
        )

        assert usage == wire.Usage(
            input_tokens=10,
            output_tokens=7,
            cache_read_tokens=4,
            cache_write_tokens=3,
            reasoning_tokens=5,
        )

    def test_takes_thoughts_that_only_the_total_counts_as_output(self) -> None:
        usage = read_usage({"prompt_tokens": 66, "completion_tokens": 6, "total_tokens": 100})

        assert usage == wire.Usage(input_tokens=66, output_tokens=34, reasoning_tokens=28)

    def test_does_not_count_thoughts_twice_when_they_are_named_too(self) -> None:
        usage = read_usage(
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 315,
                "completion_tokens_details": {"reasoning_tokens": 300},
            }
        )

        assert usage == wire.Usage(input_tokens=10, output_tokens=305, reasoning_tokens=300)

    @pytest.mark.parametrize("given", [None, [], "many", 7])
    def test_finds_none_in_nonsense(self, given: Any) -> None:
        assert read_usage(given) is None

    def test_takes_nulls_and_nonsense_for_nothing(self) -> None:
        usage = read_usage(
            {
                "prompt_tokens": None,
                "completion_tokens": "3",
                "total_tokens": -1,
                "prompt_tokens_details": None,
                "completion_tokens_details": [],
            }
        )

        assert usage == wire.Usage()


class TestWriteUsage:
    @given(usages())
    def test_is_read_back_and_adds_up(self, usage: wire.Usage) -> None:
        written = write_usage(usage)

        assert read_usage(written) == usage
        assert written["total_tokens"] == written["prompt_tokens"] + written["completion_tokens"]
