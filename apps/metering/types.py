"""Usage as it is handed to the ledger."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class UsageEntry:
    """What one attempt used. `usd_micros` is None where the price is not known."""

    attempt_id: str
    call_id: str
    created_at: datetime
    team_id: str
    application_id: str
    key_id: str
    endpoint: str
    provider: str
    model: str
    input_tokens: int
    output_tokens: int
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    estimated: bool
    usd_micros: int | None
