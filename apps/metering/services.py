"""Keep the ledger."""

from collections.abc import Sequence
from dataclasses import asdict

from apps.metering.models import UsageRecord
from apps.metering.types import UsageEntry


def store_usage(entries: Sequence[UsageEntry]) -> None:
    """Write entries; runs in the writer's thread and transaction. An attempt is charged once."""
    UsageRecord.objects.bulk_create(UsageRecord(**asdict(entry)) for entry in entries)
