"""Write what happened, show what was said, and let go of what is old."""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings

from apps.core import writer
from apps.telemetry import rows
from apps.telemetry.models import AttemptLog, CallBody, CallLog
from apps.telemetry.rows import CallRows

FIRST_SLICE: Final = 50
MAX_SLICE: Final = 1000
# On SQLite everybody else waits for a write transaction: deletions stay below this.
TRANSACTION_S: Final = 0.004


def register_handlers() -> None:
    """Tell the writer how calls are stored."""
    writer.register("call", store_calls, prepare=rows.rows_of)


def store_calls(calls: Sequence[CallRows]) -> None:
    """Write calls with their attempts and bodies, in the writer's transaction."""
    rows.CALLS.insert([call.call for call in calls])
    rows.ATTEMPTS.insert([attempt for call in calls for attempt in call.attempts])
    rows.BODIES.insert([call.body for call in calls if call.body is not None])


def read_bodies(*, call_id: str) -> tuple[bytes | None, bytes | None]:
    """Request and response of a call as they were kept, or None each.

    Raises:
        SealBrokenError: they were sealed under a key that is gone.
    """
    row = CallBody.objects.filter(call_id=call_id).first()
    if row is None:
        return None, None
    return (
        rows.unseal(row.request, call_id=call_id, part="request"),
        rows.unseal(row.response, call_id=call_id, part="response"),
    )


def delete_old_logs(*, now: datetime) -> int:
    """Delete calls past their retention, in small transactions; gives how many calls went."""
    limit = now - timedelta(days=settings.PORTAL_LOG_RETENTION_DAYS)
    _delete_slices(CallBody.objects.filter(created_at__lt=limit))
    _delete_slices(AttemptLog.objects.filter(started_at__lt=limit))
    return _delete_slices(CallLog.objects.older_than(limit))


def _delete_slices(old: Any) -> int:
    """Delete in slices that take a few milliseconds each, and leave as long for others between."""
    deleted = 0
    size = FIRST_SLICE
    while ids := list(old.order_by().values_list("pk", flat=True)[:size]):
        began = time.perf_counter()
        old.model.objects.filter(pk__in=ids).delete()
        took = time.perf_counter() - began
        deleted += len(ids)
        size = max(10, size // 2) if took > TRANSACTION_S else min(MAX_SLICE, size * 2)
        time.sleep(min(took, TRANSACTION_S))
    return deleted


def masked_headers(headers: Iterable[Sequence[str]]) -> str:
    """Stored headers as lines for people."""
    return "\n".join(f"{name}: {value}" for name, value in headers)
