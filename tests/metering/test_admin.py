"""The ledger in the admin."""

from datetime import UTC, datetime

import pytest
from django.contrib.admin.utils import quote
from django.test import Client
from django.urls import reverse

from apps.metering.models import UsageRecord
from tests.accounts.factories import make_admin

pytestmark = pytest.mark.django_db


@pytest.fixture
def record(client: Client) -> UsageRecord:
    client.force_login(make_admin())
    return UsageRecord.objects.create(
        attempt_id="att_1", call_id="call_1", created_at=datetime(2026, 11, 23, tzinfo=UTC),
        team_id="t", application_id="a", key_id="k", endpoint="fast", provider="acme",
        model="large", input_tokens=1200, output_tokens=34, usd_micros=1_500_000, estimated=True,
    )  # fmt: skip


class TestUsageRecords:
    def test_are_readable(self, client: Client, record: UsageRecord) -> None:
        page = client.get(reverse("admin:metering_usagerecord_changelist")).content.decode()

        for text in ("1,200 → 34", "$1.50", ">Estimated<"):
            assert text in page

    @pytest.mark.parametrize("page", ["change", "delete"])
    def test_are_never_touched(self, client: Client, record: UsageRecord, page: str) -> None:
        url = reverse(f"admin:metering_usagerecord_{page}", args=[quote(record.pk)])

        assert client.post(url, {"post": "yes", "input_tokens": "0"}).status_code == 403
        assert UsageRecord.objects.get().input_tokens == 1200
