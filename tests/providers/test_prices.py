from decimal import Decimal
from typing import Any

import genai_prices
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.providers import prices, wire
from apps.providers.prices import Price, Rates

OPENAI = "https://api.openai.com/v1"
GOOGLE = "https://generativelanguage.googleapis.com/v1beta"
NOTHING: dict[str, Any] = {
    "input_usd": None,
    "output_usd": None,
    "cache_read_usd": None,
    "cache_write_usd": None,
}


def flat(*rates: int | None) -> Price:
    return Price(((0, Rates(*rates)),))


class TestUsdMicros:
    def test_multiplies_each_kind_of_token_by_its_rate(self) -> None:
        price = flat(250_000, 2_000_000, 25_000, 300_000)
        usage = wire.Usage(
            input_tokens=1000, output_tokens=100, cache_read_tokens=400, cache_write_tokens=200
        )

        cost = prices.usd_micros(usage, price)

        assert cost == (400 * 250_000 + 400 * 25_000 + 200 * 300_000 + 100 * 2_000_000) // 1_000_000

    @pytest.mark.parametrize(("tokens", "cost"), [(1, 0), (2, 1), (3, 1), (5, 1), (6, 2)])
    def test_rounds_to_the_nearest(self, tokens: int, cost: int) -> None:
        assert prices.usd_micros(wire.Usage(input_tokens=tokens), flat(250_000, 0)) == cost

    def test_an_unknown_cache_rate_is_the_rate_of_input(self) -> None:
        usage = wire.Usage(input_tokens=1000, cache_read_tokens=1000)

        assert prices.usd_micros(usage, flat(1_000_000, 0)) == 1000

    def test_more_cache_than_input_counts_as_input(self) -> None:
        usage = wire.Usage(input_tokens=10, cache_read_tokens=50, cache_write_tokens=50)

        assert prices.usd_micros(usage, flat(9_000_000, 0, 1_000_000, 5_000_000)) == 10

    def test_a_missing_rate_makes_the_cost_unknown_and_not_zero(self) -> None:
        usage = wire.Usage(input_tokens=10, output_tokens=1)

        assert prices.usd_micros(usage, flat(1_000_000)) is None
        assert prices.usd_micros(wire.Usage(input_tokens=10), flat(1_000_000)) == 10

    @pytest.mark.parametrize(("tokens", "cost"), [(200_000, 200_000), (200_001, 400_002)])
    def test_a_long_call_pays_the_higher_step_for_everything(self, tokens: int, cost: int) -> None:
        price = Price(((0, Rates(1_000_000, 0)), (200_000, Rates(2_000_000, 0))))

        assert prices.usd_micros(wire.Usage(input_tokens=tokens), price) == cost

    @given(
        st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**7)
    )
    def test_is_never_negative_and_never_more_than_all_at_the_dearest_rate(
        self, tokens: int, read: int, write: int, output: int
    ) -> None:
        price = flat(3_000_000, 15_000_000, 300_000, 3_750_000)
        usage = wire.Usage(
            input_tokens=tokens,
            output_tokens=output,
            cache_read_tokens=read,
            cache_write_tokens=write,
        )

        cost = prices.usd_micros(usage, price)

        assert cost is not None
        assert 0 <= cost <= (tokens + output) * 15 + 1


class TestBundledPrice:
    @pytest.mark.parametrize(
        ("base_url", "model"),
        [
            (OPENAI, "gpt-5-mini"),
            (OPENAI, "text-embedding-3-small"),
            ("https://api.anthropic.com", "claude-sonnet-4-5"),
            (GOOGLE, "gemini-2.5-pro"),
            ("https://api.groq.com/openai/v1", "llama-3.3-70b-versatile"),
        ],
    )
    @pytest.mark.parametrize("tokens", [1_000, 150_000, 900_000])
    def test_agrees_with_the_library(self, base_url: str, model: str, tokens: int) -> None:
        usage = wire.Usage(input_tokens=tokens, cache_read_tokens=tokens // 2)
        listed = genai_prices.calc_price(
            genai_prices.Usage(input_tokens=tokens, cache_read_tokens=tokens // 2),
            model,
            provider_api_url=base_url,
        )

        price = prices.bundled_price(base_url, model)

        assert price is not None
        assert prices.usd_micros(usage, price) == round(listed.total_price * 1_000_000)

    def test_finds_a_model_behind_another_host_by_its_dialect(self) -> None:
        price = prices.bundled_price("http://127.0.0.1:9001/openai/v1", "gpt-5-mini", "openai_chat")

        assert price == prices.bundled_price(OPENAI, "gpt-5-mini")

    @pytest.mark.parametrize(
        ("base_url", "model"),
        [(OPENAI, "no-such-model"), ("https://llm.example.com", "gpt-5-mini"),
         (OPENAI, "whisper-1")],
    )  # fmt: skip
    def test_knows_nothing_rather_than_zero(self, base_url: str, model: str) -> None:
        assert prices.bundled_price(base_url, model) is None


class TestPriceOf:
    def test_own_figures_win_one_by_one(self) -> None:
        own = NOTHING | {"output_usd": Decimal("7.5")}

        price = prices.price_of(base_url=OPENAI, model="gpt-5-mini", **own)

        bundled = prices.bundled_price(OPENAI, "gpt-5-mini")
        assert price is not None
        assert bundled is not None
        assert price.steps[0][1].output == 7_500_000
        assert price.steps[0][1].input == bundled.steps[0][1].input

    def test_an_own_input_price_leaves_no_bundled_cache_rate(self) -> None:
        own = NOTHING | {"input_usd": Decimal("0.1")}

        price = prices.price_of(base_url=OPENAI, model="gpt-5-mini", **own)

        assert price is not None
        assert price.steps[0][1].cache_read is None

    def test_own_prices_serve_a_model_that_nobody_lists(self) -> None:
        own = NOTHING | {"input_usd": Decimal("0.000001"), "output_usd": Decimal(2)}

        price = prices.price_of(base_url="https://llm.example.com", model="own", **own)

        assert price == flat(1, 2_000_000)

    def test_an_own_price_of_zero_is_believed(self) -> None:
        own = NOTHING | {"input_usd": Decimal(0), "output_usd": Decimal(0)}
        usage = wire.Usage(input_tokens=10, output_tokens=10)

        price = prices.price_of(base_url="https://llm.example.com", model="own", **own)

        assert price is not None
        assert prices.usd_micros(usage, price) == 0

    def test_nothing_known_is_no_price(self) -> None:
        assert prices.price_of(base_url="https://x.example.com", model="own", **NOTHING) is None
