"""Write what happened, show what was said, and let go of what is old."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings

from apps.core import crypto
from apps.core.redaction import MASK, is_secret_name, redact_text
from apps.telemetry.models import AttemptLog, CallBody, CallLog
from apps.telemetry.types import AttemptRecord, BodyRecord, CallRecord, Headers

# Small enough that one deletion holds the write lock of SQLite for a few milliseconds only.
SLICE: Final = 200
_LONGEST_MESSAGE: Final = 2000


@dataclass(frozen=True, slots=True)
class CallRows:
    """The rows of one call, masked and sealed."""

    call: CallLog
    attempts: list[AttemptLog]
    body: CallBody | None


def prepare_call(record: CallRecord) -> CallRows:
    """Mask and seal; runs in the writer's thread, outside of its transaction."""
    bodies = record.bodies
    return CallRows(
        call=_call_row(record),
        attempts=[_attempt_row(record.id, attempt) for attempt in record.attempts],
        body=None if bodies is None else _body_row(record.id, record.created_at, bodies),
    )


def store_calls(rows: Sequence[CallRows]) -> None:
    """Write calls with their attempts and bodies, in the writer's transaction."""
    CallLog.objects.bulk_create([row.call for row in rows])
    AttemptLog.objects.bulk_create([attempt for row in rows for attempt in row.attempts])
    CallBody.objects.bulk_create([row.body for row in rows if row.body is not None])


def read_bodies(*, call_id: str) -> tuple[bytes | None, bytes | None]:
    """Request and response of a call as they were kept, or None each."""
    row = CallBody.objects.filter(call_id=call_id).first()
    if row is None:
        return None, None
    return _open(row.request, f"{call_id}:request"), _open(row.response, f"{call_id}:response")


def delete_old_logs(*, now: datetime) -> int:
    """Delete calls past their retention, in small transactions; gives how many calls went."""
    limit = now - timedelta(days=settings.PORTAL_LOG_RETENTION_DAYS)
    _delete_slices(CallBody.objects.filter(created_at__lt=limit), "call_id")
    _delete_slices(AttemptLog.objects.filter(started_at__lt=limit), "id")
    return _delete_slices(CallLog.objects.older_than(limit), "id")


def _delete_slices(rows: Any, key: str) -> int:
    deleted = 0
    while ids := list(rows.values_list(key, flat=True)[:SLICE]):
        rows.model.objects.filter(pk__in=ids).delete()
        deleted += len(ids)
    return deleted


def _call_row(record: CallRecord) -> CallLog:
    return CallLog(
        id=record.id,
        created_at=record.created_at,
        state=record.state,
        team_id=record.team_id,
        application_id=record.application_id,
        application=record.application,
        key_id=record.key_id,
        client_kind=record.client_kind,
        scope=record.scope,
        endpoint=record.endpoint[:128],
        operation=record.operation,
        dialect=record.dialect,
        provider=record.provider,
        provider_dialect=record.provider_dialect,
        model=record.model[:200],
        is_simulated=record.is_simulated,
        stream=record.stream,
        attempts=len(record.attempts),
        error_code=record.error_code[:64],
        error_message=_message(record.error_message),
        finish_reason=record.finish_reason,
        input_tokens=record.input_tokens,
        output_tokens=record.output_tokens,
        cache_read_tokens=record.cache_read_tokens,
        cache_write_tokens=record.cache_write_tokens,
        reasoning_tokens=record.reasoning_tokens,
        usage_estimated=record.usage_estimated,
        usd_micros=record.usd_micros,
        duration_ms=record.duration_ms,
        first_byte_ms=record.first_byte_ms,
        warnings=list(record.warnings),
        session_id=_line(record.session_id),
        user_agent=_line(record.user_agent),
    )


def _attempt_row(call_id: str, attempt: AttemptRecord) -> AttemptLog:
    return AttemptLog(
        id=attempt.id,
        call_id=call_id,
        number=attempt.number,
        state=attempt.state,
        provider=attempt.provider,
        model=attempt.model[:200],
        target_id=attempt.target_id,
        credential_version_id=attempt.credential_version_id,
        status=attempt.status,
        request_headers=_masked(attempt.request_headers),
        response_headers=_masked(attempt.response_headers),
        upstream_request_id=_line(attempt.upstream_request_id),
        started_at=attempt.started_at,
        first_byte_ms=attempt.first_byte_ms,
        duration_ms=attempt.duration_ms,
        error_class=attempt.error_class,
        error_message=_message(attempt.error_message),
    )


def _body_row(call_id: str, created_at: datetime, bodies: BodyRecord) -> CallBody:
    return CallBody(
        call_id=call_id,
        created_at=created_at,
        request=_seal(bodies.request, f"{call_id}:request"),
        response=_seal(bodies.response, f"{call_id}:response"),
        request_truncated=bodies.request_truncated,
        response_truncated=bodies.response_truncated,
    )


def _seal(body: bytes | None, context: str) -> bytes | None:
    return None if body is None else crypto.seal(body, context=context)


def _open(sealed: bytes | memoryview | None, context: str) -> bytes | None:
    return None if sealed is None else crypto.open_sealed(bytes(sealed), context=context)


def _masked(headers: Headers) -> list[list[str]]:
    """Order and repetitions kept; what is secret by name or by looks is masked."""
    return [
        [_clean(name), MASK if is_secret_name(name) else redact_text(_clean(value))]
        for name, value in headers
    ]


def _message(text: str) -> str:
    return redact_text(_clean(text))[:_LONGEST_MESSAGE]


def _line(text: str) -> str:
    return _clean(text)[:200]


def _clean(text: str) -> str:
    # PostgreSQL stores no NUL in text.
    return text.replace("\0", "�")


def masked_headers(headers: Iterable[Sequence[str]]) -> str:
    """Stored headers as lines for people."""
    return "\n".join(f"{name}: {value}" for name, value in headers)
