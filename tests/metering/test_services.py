from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.core import writer
from apps.metering import services
from apps.metering.models import UsageRecord
from apps.metering.types import UsageEntry

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def usage_entry(**fields: Any) -> UsageEntry:
    usual: dict[str, Any] = {
        "attempt_id": "att_1",
        "call_id": "req_1",
        "created_at": NOW,
        "team_id": "team_1",
        "application_id": "app_1",
        "key_id": "key_1",
        "endpoint": "fast",
        "provider": "acme",
        "model": "acme-large",
        "input_tokens": 100,
        "output_tokens": 50,
        "cache_read_tokens": 10,
        "cache_write_tokens": 5,
        "reasoning_tokens": 20,
        "estimated": True,
        "usd_micros": 1234,
    }
    return UsageEntry(**usual | fields)


class TestStoreUsage:
    def test_stores_an_entry_as_it_was_told(self) -> None:
        entry = usage_entry()

        services.store_usage([services.usage_row(entry)])

        row = UsageRecord.objects.get()
        assert row.id.startswith("use_")
        for name in UsageEntry.__dataclass_fields__:
            assert getattr(row, name) == getattr(entry, name)

    def test_an_unknown_price_stays_unknown(self) -> None:
        services.store_usage([services.usage_row(usage_entry(usd_micros=None))])

        assert UsageRecord.objects.get().usd_micros is None

    def test_charges_an_attempt_once(self) -> None:
        services.store_usage([services.usage_row(usage_entry())])

        with pytest.raises(IntegrityError), transaction.atomic():
            services.store_usage([services.usage_row(usage_entry())])


class TestRegisterHandlers:
    def test_what_is_put_reaches_the_ledger_and_a_second_charge_harms_no_other(self) -> None:
        for attempt in ["att_1", "att_2", "att_1", "att_3"]:
            writer.put("usage", usage_entry(attempt_id=attempt))
        writer.flush(5)

        attempts = UsageRecord.objects.values_list("attempt_id", flat=True)
        assert sorted(attempts) == ["att_1", "att_2", "att_3"]
