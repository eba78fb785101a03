"""Keep the ledger."""

from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final

from apps.core import bulk, writer
from apps.core.ids import new_id
from apps.metering.models import UsageRecord
from apps.metering.types import UsageEntry

_NAMES: Final = tuple(field.name for field in fields(UsageEntry))
_COLUMNS: Final = ("id", *_NAMES)
_values = attrgetter(*_NAMES)

Row = tuple[Any, ...]


def register_handlers() -> None:
    """Tell the writer how usage is stored."""
    writer.register("usage", store_usage, prepare=usage_row)


def usage_row(entry: UsageEntry) -> Row:
    """An entry as a row; runs in the writer's thread."""
    return (new_id("use"), *_values(entry))


def store_usage(rows: Sequence[Row]) -> None:
    """Write rows, in the writer's transaction. The database lets an attempt be charged once."""
    bulk.insert_rows(UsageRecord, _COLUMNS, rows)
