"""The first page of the admin."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.config import dashboard
from apps.credentials import services as credentials
from apps.telemetry import rows, services
from tests.accounts.factories import make_admin, make_user
from tests.inference.factories import make_endpoint
from tests.providers.factories import make_model, make_provider
from tests.telemetry.factories import call_record

pytestmark = pytest.mark.django_db

MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)


def store(**fields: Any) -> None:
    services.store_calls([rows.rows_of(call_record(**fields))])


class TestTotals:
    def test_add_up_the_calls_of_one_day(self) -> None:
        store(created_at=MIDNIGHT, input_tokens=2, usd_micros=5, is_simulated=True)
        store(created_at=MIDNIGHT + timedelta(hours=23), output_tokens=3, state="failed")
        store(created_at=MIDNIGHT - timedelta(seconds=1), input_tokens=100)
        store(created_at=MIDNIGHT + timedelta(days=1), input_tokens=100)

        totals = dashboard.totals(MIDNIGHT)

        assert (totals["calls"], totals["failed"], totals["simulated"]) == (2, 1, 1)
        assert (totals["tokens_in"], totals["tokens_out"], totals["cost"]) == (2, 3, 5)

    def test_of_no_calls_are_zero(self) -> None:
        assert dashboard.totals(MIDNIGHT)["tokens_in"] == 0


class TestByEndpoint:
    def test_puts_the_busiest_first(self) -> None:
        for name in ("a", "b", "b"):
            store(created_at=MIDNIGHT, endpoint=name)

        assert [row["endpoint"] for row in dashboard.by_endpoint(MIDNIGHT)] == ["b", "a"]


class TestProviderStates:
    def test_say_what_keeps_a_provider_from_being_called(self) -> None:
        make_provider(slug="a-off", status="disabled")
        make_provider(slug="b-bare")
        moved = make_provider(slug="c-moved")
        unpublished = make_provider(slug="d-unpublished")
        ready = make_model(provider=make_provider(slug="e-ready"))
        for provider in (moved, unpublished, ready.provider):
            credentials.enter_secret(provider=provider, secret="upstream-secret-0001")
        moved.base_url = "https://elsewhere.example/v1"
        moved.save()
        make_endpoint(ready)

        said = {row.provider.slug: row.text for row in dashboard.provider_states()}

        assert said == {
            "a-off": "Disabled",
            "b-bare": "No credential",
            "c-moved": "Enter the secret again",
            "d-unpublished": "Not published",
            "e-ready": "Ready",
        }


class TestIndexPage:
    def test_shows_today_to_who_may_see_calls(self, client: Client) -> None:
        store(created_at=timezone.now(), endpoint="fast", state="failed", error_code="not_found")
        make_provider(slug="acme", is_simulated=True)
        client.force_login(make_admin())

        page = client.get(reverse("admin:index")).content.decode()

        for text in ("By endpoint, today", "fast", "not_found", "acme", "Simulated"):
            assert text in page

    def test_shows_nobody_more_than_they_may_see(self, client: Client) -> None:
        store(created_at=timezone.now(), endpoint="fast")
        make_provider(slug="acme")
        person = make_user(is_staff=True)
        person.user_permissions.add(Permission.objects.get(codename="view_provider"))
        client.force_login(User.objects.get(pk=person.pk))

        page = client.get(reverse("admin:index")).content.decode()

        assert "acme" in page
        assert "By endpoint, today" not in page
