from datetime import UTC, datetime, timedelta

import pytest
from celery import current_app

from apps.telemetry import services, tasks
from apps.telemetry.models import CallLog
from apps.telemetry.rows import rows_of
from tests.telemetry.factories import call_record


@pytest.mark.django_db
class TestDeleteOldLogs:
    def test_deletes_what_is_old_and_may_run_twice(self) -> None:
        old = datetime.now(UTC) - timedelta(days=10_000)
        services.store_calls([rows_of(call_record(created_at=old))])

        tasks.delete_old_logs()
        tasks.delete_old_logs()

        assert not CallLog.objects.exists()

    def test_has_the_name_that_the_schedule_uses(self) -> None:
        assert "telemetry.delete_old_logs" in current_app.tasks
