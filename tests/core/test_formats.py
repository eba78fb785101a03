"""Numbers as people read them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from apps.core import formats


class TestUsd:
    @pytest.mark.parametrize(
        ("micros", "text"),
        [
            (None, "–"),
            (0, "$0"),
            (1, "$0.000001"),
            (12_345, "$0.0123"),
            (1_234_567_890, "$1,234.57"),
            (-2_000_000, "-$2.00"),
        ],
    )
    def test_has_as_many_places_as_say_something(self, micros: int | None, text: str) -> None:
        assert formats.usd(micros) == text


class TestDuration:
    @pytest.mark.parametrize(
        ("ms", "text"),
        [
            (None, "–"),
            (0.123, "0.12 ms"),
            (12.6, "13 ms"),
            (1234.0, "1.23 s"),
            (61_000.0, "1 min 1 s"),
        ],
    )
    def test_has_the_unit_that_fits(self, ms: float | None, text: str) -> None:
        assert formats.duration(ms) == text


class TestCount:
    def test_keeps_thousands_apart(self) -> None:
        assert formats.count(1_234_567) == "1,234,567"
        assert formats.count(None) == "–"


class TestTokens:
    def test_shows_both_directions(self) -> None:
        assert formats.tokens(1000, 5) == "1,000 → 5"


class TestMoment:
    def test_is_in_utc_whatever_it_came_in(self) -> None:
        there = datetime(2026, 11, 23, 1, 2, 3, tzinfo=timezone(timedelta(hours=2)))

        assert formats.moment(there) == "2026-11-22 23:02:03"
        assert formats.moment(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01 00:00:00"
        assert formats.moment(None) == "–"
