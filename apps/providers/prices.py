"""What a call costs: the operator's own prices first, then the bundled price data."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

import genai_prices

from apps.providers import wire

_PICO_PER_MICRO: Final = 1_000_000
_SAMPLE: Final = 1000


@dataclass(frozen=True, slots=True)
class Price:
    """Millionths of a millionth of a US dollar per token, as integers.

    A dollar per million tokens is 1,000,000 of them.
    """

    input: int
    output: int
    cache_read: int
    cache_write: int


def price_of(
    *,
    base_url: str,
    model: str,
    input_usd: Decimal | None,
    output_usd: Decimal | None,
    cache_read_usd: Decimal | None,
    cache_write_usd: Decimal | None,
) -> Price | None:
    """The price of a model; own figures (US dollars per million tokens) win one by one.

    None when nothing is known: then a cost is not known either, and never zero.
    """
    known = bundled_price(base_url, model)
    if known is None and (input_usd is None or output_usd is None):
        return None
    read = _pico(input_usd) if input_usd is not None else (known.input if known else 0)
    write = _pico(output_usd) if output_usd is not None else (known.output if known else 0)
    own_input = input_usd is not None
    cached = read if own_input or known is None else known.cache_read
    stored = read if own_input or known is None else known.cache_write
    return Price(
        input=read,
        output=write,
        cache_read=_pico(cache_read_usd) if cache_read_usd is not None else cached,
        cache_write=_pico(cache_write_usd) if cache_write_usd is not None else stored,
    )


def usd_micros(usage: wire.Usage, price: Price) -> int:
    """Cost in millionths of a US dollar, rounded to the nearest.

    Cache counts are part of the input and can never be more than it.
    """
    read = min(usage.cache_read_tokens, usage.input_tokens)
    written = min(usage.cache_write_tokens, usage.input_tokens - read)
    plain = usage.input_tokens - read - written
    pico = (
        plain * price.input
        + read * price.cache_read
        + written * price.cache_write
        + usage.output_tokens * price.output
    )
    return (pico + _PICO_PER_MICRO // 2) // _PICO_PER_MICRO


@lru_cache(maxsize=4096)
def bundled_price(base_url: str, model: str) -> Price | None:
    """The price in the bundled data, found by the provider's address and the model's name.

    A price of zero there means that the data does not know (audio by the hour, for example).
    """
    plain = _sample(base_url, model, genai_prices.Usage(input_tokens=_SAMPLE))
    output = _sample(base_url, model, genai_prices.Usage(output_tokens=_SAMPLE))
    if not plain or not output:
        return None
    cached = genai_prices.Usage(input_tokens=_SAMPLE, cache_read_tokens=_SAMPLE)
    stored = genai_prices.Usage(input_tokens=_SAMPLE, cache_write_tokens=_SAMPLE)
    return Price(
        input=plain,
        output=output,
        cache_read=_sample(base_url, model, cached) or plain,
        cache_write=_sample(base_url, model, stored) or plain,
    )


def _sample(base_url: str, model: str, usage: genai_prices.Usage) -> int | None:
    try:
        found = genai_prices.calc_price(usage, model, provider_api_url=base_url)
    except (LookupError, ValueError):
        return None
    return int(found.total_price * 10**12 / _SAMPLE)


def _pico(usd_per_mtok: Decimal) -> int:
    return int(usd_per_mtok * _PICO_PER_MICRO)
