from datetime import timedelta

import pytest

from apps.telemetry import services
from apps.telemetry.models import AttemptLog, CallBody, CallLog
from apps.telemetry.rows import rows_of
from tests.telemetry.factories import NOW, call_record


@pytest.mark.django_db
class TestOlderThan:
    def test_finds_calls_that_began_before(self) -> None:
        old = call_record(created_at=NOW - timedelta(seconds=1))
        services.store_calls([rows_of(old), rows_of(call_record(created_at=NOW))])

        assert [row.id for row in CallLog.objects.older_than(NOW)] == [old.id]


class TestKeys:
    @pytest.mark.parametrize("model", [CallLog, AttemptLog, CallBody])
    def test_a_log_points_at_no_row(self, model: type[CallLog | AttemptLog | CallBody]) -> None:
        assert [field for field in model._meta.get_fields() if field.is_relation] == []
