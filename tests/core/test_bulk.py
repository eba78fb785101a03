from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError

from apps.core import bulk
from apps.core.models import Revision
from apps.providers.models import Provider, ProviderModel

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class TestInsertRows:
    def test_stores_what_the_orm_reads_back(self) -> None:
        columns = ["id", "slug", "name", "dialect", "base_url", "auth", "extra_headers", "options",
                   "status", "is_simulated", "created_at", "team_id"]  # fmt: skip
        row = ["prov_1", "s", "n", "openai_chat", "u", "", {"x-a": "ü"}, {}, "enabled", True, NOW,
               None]  # fmt: skip

        bulk.insert_rows(Provider, columns, [row])

        stored = Provider.objects.get()
        assert [getattr(stored, name) for name in columns] == row

    def test_stores_decimals_and_nulls(self) -> None:
        provider = Provider.objects.create(slug="s", dialect="openai_chat", base_url="u")
        columns = ["id", "provider_id", "name", "operations", "input_usd_per_mtok",
                   "output_usd_per_mtok", "created_at"]  # fmt: skip
        row = ["model_1", provider.id, "m", ["chat"], Decimal("0.250000"), None, NOW]

        bulk.insert_rows(ProviderModel, columns, [row])

        stored = ProviderModel.objects.get()
        assert (stored.input_usd_per_mtok, stored.output_usd_per_mtok) == (Decimal("0.25"), None)

    def test_refuses_a_row_that_the_database_refuses(self) -> None:
        with pytest.raises(IntegrityError):
            bulk.insert_rows(Revision, ["topic", "number"], [["a", 1], ["a", 2]])

    def test_does_nothing_without_rows(self) -> None:
        bulk.insert_rows(Revision, ["topic", "number"], [])

        assert not Revision.objects.exists()
