"""Calls as the engine hands them to the record."""

from datetime import UTC, datetime
from typing import Any

from apps.core.ids import new_id
from apps.telemetry.types import AttemptRecord, CallRecord

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


def attempt_record(**fields: Any) -> AttemptRecord:
    usual: dict[str, Any] = {
        "id": new_id("att"),
        "number": 1,
        "provider": "acme",
        "model": "acme-large",
        "target_id": "tgt_1",
        "credential_version_id": "ver_1",
        "state": "done",
        "started_at": NOW,
    }
    return AttemptRecord(**usual | fields)


def call_record(**fields: Any) -> CallRecord:
    usual: dict[str, Any] = {
        "id": new_id("req"),
        "created_at": NOW,
        "state": "done",
        "team_id": "team_1",
        "application_id": "app_1",
        "application": "ci-bot",
        "key_id": "key_1",
        "client_kind": "agent",
        "scope": "inference:call",
        "endpoint": "fast",
        "operation": "chat",
        "dialect": "openai_chat",
        "stream": False,
        "duration_ms": 12.5,
    }
    return CallRecord(**usual | fields)
