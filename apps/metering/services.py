"""Keep the ledger."""

from collections.abc import Sequence
from dataclasses import asdict

from apps.metering.models import UsageRecord
from apps.metering.types import UsageEntry


def prepare_usage(entry: UsageEntry) -> UsageRecord:
    """Make the row of an entry; runs in the writer's thread."""
    return UsageRecord(**asdict(entry))


def store_usage(rows: Sequence[UsageRecord]) -> None:
    """Write rows, in the writer's transaction. The database lets an attempt be charged once."""
    UsageRecord.objects.bulk_create(rows)
