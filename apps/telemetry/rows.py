"""Records as rows: masked, sealed, cut to size; in the writer's thread, before its transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from django.db import models

from apps.core import bulk, crypto
from apps.telemetry import redaction
from apps.telemetry.models import AttemptLog, CallBody, CallLog
from apps.telemetry.types import AttemptRecord, BodyRecord, CallRecord

Row = tuple[Any, ...]


class Table:
    """How records become rows of a model: most values as they are, some changed."""

    def __init__(
        self,
        model: type[models.Model],
        same: Sequence[str],
        changed: Mapping[str, Callable[[Any], Any]],
        *,
        given: Sequence[str] = (),
    ) -> None:
        """`same` and `changed` are read from the record; `given` come from whoever makes a row."""
        self._model = model
        self._same = attrgetter(*same)
        self._changed = tuple(changed.values())
        self.columns = (*given, *same, *changed)

    def row(self, record: Any, *given: Any) -> Row:
        return (*given, *self._same(record), *[change(record) for change in self._changed])

    def insert(self, rows: Sequence[Row]) -> None:
        bulk.insert_rows(self._model, self.columns, rows)


CALLS: Final = Table(
    CallLog,
    same=(
        "id", "created_at", "state", "team_id", "application_id", "application", "key_id",
        "client_kind", "scope", "operation", "dialect", "provider", "provider_dialect",
        "is_simulated", "stream", "finish_reason", "input_tokens", "output_tokens",
        "cache_read_tokens", "cache_write_tokens", "reasoning_tokens", "usage_estimated",
        "usd_micros", "duration_ms", "first_byte_ms",
    ),
    changed={
        "endpoint": lambda call: redaction.clean(call.endpoint[:128]),
        "model": lambda call: redaction.line(call.model),
        "attempts": lambda call: len(call.attempts),
        "error_code": lambda call: call.error_code[:64],
        "error_message": lambda call: redaction.message(call.error_message),
        "warnings": lambda call: [redaction.clean(warning) for warning in call.warnings],
        "session_id": lambda call: redaction.line(call.session_id),
        "user_agent": lambda call: redaction.line(call.user_agent),
    },
)  # fmt: skip
ATTEMPTS: Final = Table(
    AttemptLog,
    given=("call_id",),
    same=(
        "id", "number", "state", "provider", "target_id", "credential_version_id", "status",
        "started_at", "first_byte_ms", "duration_ms", "error_class",
    ),
    changed={
        "model": lambda attempt: redaction.line(attempt.model),
        "request_headers": lambda attempt: redaction.masked_headers(attempt.request_headers),
        "response_headers": lambda attempt: redaction.masked_headers(attempt.response_headers),
        "upstream_request_id": lambda attempt: redaction.line(attempt.upstream_request_id),
        "error_message": lambda attempt: redaction.message(attempt.error_message),
    },
)  # fmt: skip
BODIES: Final = Table(
    CallBody,
    given=("call_id", "created_at", "request", "response"),
    same=("request_truncated", "response_truncated"),
    changed={},
)


@dataclass(frozen=True, slots=True)
class CallRows:
    """The rows of one call."""

    call: Row
    attempts: list[Row]
    body: Row | None


def rows_of(record: CallRecord) -> CallRows:
    """The rows of one call."""
    attempts: list[AttemptRecord] = list(record.attempts)
    return CallRows(
        call=CALLS.row(record),
        attempts=[ATTEMPTS.row(attempt, record.id) for attempt in attempts],
        body=None if record.bodies is None else _body_row(record, record.bodies),
    )


def _body_row(record: CallRecord, bodies: BodyRecord) -> Row:
    return BODIES.row(
        bodies,
        record.id,
        record.created_at,
        seal(bodies.request, call_id=record.id, part="request"),
        seal(bodies.response, call_id=record.id, part="response"),
    )


def seal(body: bytes | None, *, call_id: str, part: str) -> bytes | None:
    """Encrypt a body for its call; `part` is request or response."""
    return None if body is None else crypto.seal(body, context=f"{call_id}:{part}")


def unseal(sealed: bytes | memoryview | None, *, call_id: str, part: str) -> bytes | None:
    """Decrypt what `seal` made.

    Raises:
        SealBrokenError: it belongs to another call, or its key is gone.
    """
    if sealed is None:
        return None
    return crypto.open_sealed(bytes(sealed), context=f"{call_id}:{part}")
