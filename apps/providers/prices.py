"""What a call costs: the operator's own prices first, then the bundled price data.

Resolved once per model when the catalog is loaded; a call only multiplies whole numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import TieredPrices

from apps.providers import wire

_PICO_PER_MICRO: Final = 1_000_000

# Whose price list counts where the host says nothing: a proxy, a simulator.
_VENDORS: Final[Mapping[str, str]] = {
    "openai_chat": "openai",
    "openai_responses": "openai",
    "anthropic_messages": "anthropic",
    "gemini_generate": "google",
    "azure_inference": "azure",
}


@dataclass(frozen=True, slots=True)
class Rates:
    """Millionths of a millionth of a US dollar per token, as integers; None is unknown.

    A dollar per million tokens is 1,000,000 of them. An unknown cache rate is the input's.
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write: int | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs by size of the call.

    Steps ascend: a call with more input tokens than the first number of a step pays that step's
    rates, for all of its tokens.
    """

    steps: tuple[tuple[int, Rates], ...]


def price_of(
    *,
    base_url: str,
    model: str,
    dialect: str = "",
    input_usd: Decimal | None,
    output_usd: Decimal | None,
    cache_read_usd: Decimal | None,
    cache_write_usd: Decimal | None,
) -> Price | None:
    """The price of a model; own figures (US dollars per million tokens) win one by one.

    None when nothing is known: then a cost is not known either, and never zero. An own price of
    zero is believed.
    """
    bundled = bundled_price(base_url, model, dialect)
    steps = bundled.steps if bundled else ((0, Rates()),)
    own_input, own_output = _pico(input_usd), _pico(output_usd)
    own_read, own_write = _pico(cache_read_usd), _pico(cache_write_usd)
    if own_input is not None:
        # Bundled cache rates belong to the bundled input rate.
        steps = tuple((start, Rates(input=own_input, output=r.output)) for start, r in steps)
    priced = tuple(
        (
            start,
            Rates(
                input=rates.input,
                output=rates.output if own_output is None else own_output,
                cache_read=rates.cache_read if own_read is None else own_read,
                cache_write=rates.cache_write if own_write is None else own_write,
            ),
        )
        for start, rates in steps
    )
    return Price(priced) if any(r != Rates() for _, r in priced) else None


def usd_micros(usage: wire.Usage, price: Price) -> int | None:
    """Cost in millionths of a US dollar, rounded to the nearest; None when a rate is missing.

    Cache counts are part of the input and can never be more than it.
    """
    rates = price.steps[0][1]
    for start, higher in price.steps[1:]:
        if usage.input_tokens > start:
            rates = higher
    read = min(usage.cache_read_tokens, usage.input_tokens)
    written = min(usage.cache_write_tokens, usage.input_tokens - read)
    plain = usage.input_tokens - read - written
    pico = 0
    for tokens, rate in (
        (plain, rates.input),
        (read, rates.input if rates.cache_read is None else rates.cache_read),
        (written, rates.input if rates.cache_write is None else rates.cache_write),
        (usage.output_tokens, rates.output),
    ):
        if tokens:
            if rate is None:
                return None
            pico += tokens * rate
    return (pico + _PICO_PER_MICRO // 2) // _PICO_PER_MICRO


def bundled_price(base_url: str, model: str, dialect: str = "") -> Price | None:
    """The price in the bundled data, by the provider's address, else by its dialect.

    Prices that change with the hour are taken as they are now. A list that counts something else
    than tokens (audio by the hour), or says zero, is not believed.
    """
    listed = _listed(base_url, model, dialect)
    if listed is None:
        return None
    starts = {0}
    for price in vars(listed).values():
        if isinstance(price, TieredPrices):
            starts.update(tier.start for tier in price.tiers)
    steps = tuple((start, _rates(listed, start)) for start in sorted(starts))
    first = steps[0][1]
    return Price(steps) if first.input or first.output else None


def _listed(base_url: str, model: str, dialect: str) -> Any:
    for vendor, url in ((None, base_url), (_VENDORS.get(dialect), None)):
        if vendor is None and url is None:
            continue
        try:
            _, found = get_snapshot().find_provider_model(model, None, vendor, url)
        except LookupError:
            continue
        return found.get_prices(datetime.now(UTC))
    return None


def _rates(listed: Any, start: int) -> Rates:
    return Rates(
        input=_at(listed.input_mtok, start),
        output=_at(listed.output_mtok, start),
        cache_read=_at(listed.cache_read_mtok, start),
        cache_write=_at(listed.cache_write_mtok, start),
    )


def _at(price: Decimal | TieredPrices | None, start: int) -> int | None:
    if isinstance(price, TieredPrices):
        reached = [tier.price for tier in price.tiers if tier.start <= start]
        return _pico(reached[-1] if reached else price.base)
    return _pico(price)


def _pico(usd_per_mtok: Decimal | None) -> int | None:
    return None if usd_per_mtok is None else int(Decimal(usd_per_mtok) * _PICO_PER_MICRO)
