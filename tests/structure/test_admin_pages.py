"""Every table has its page in the admin, open to who may see it and to nobody else."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from oauth2_provider.models import AccessToken, Grant, IDToken, RefreshToken
from unfold.admin import ModelAdmin

from apps.accounts.models import Membership, User
from apps.credentials import services as credentials
from apps.metering.models import UsageRecord
from apps.telemetry.models import AttemptLog, CallLog
from tests.access.factories import make_application, make_key, make_team
from tests.accounts.factories import make_admin, make_user
from tests.inference.factories import make_endpoint
from tests.providers.factories import make_model

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
# A row of these is read on the page of another.
WITHOUT_PAGE = {
    "accounts.Membership": "on the pages of team and user",
    "core.Revision": "a counter for processes, not for people",
    "credentials.CredentialVersion": "on the page of its credential",
    "inference.Target": "on the page of its endpoint",
    "telemetry.CallBody": "on the page of its call",
}
MOST_QUERIES = 14


def make_row_of_everything(number: int) -> None:
    """One row in each table, all different from those of another number."""
    team = make_team()
    person = make_user()
    Membership.objects.create(team=team, user=person)
    application = make_application(team=team)
    make_key(application=application)
    model = make_model()
    make_endpoint(model)
    credentials.enter_secret(provider=model.provider, secret=f"upstream-secret-{number:04}")
    Group.objects.create(name=f"group {number}")
    make_log_rows(number)
    make_tokens(number, application=application, user=person)
    make_schedules(number)


def make_log_rows(number: int) -> None:
    named = {"team_id": "team_1", "application_id": "app_1", "key_id": "key_1"}
    CallLog.objects.create(
        id=f"call_{number}", created_at=NOW, state="done", application="bot", endpoint="fast",
        client_kind="agent", scope="inference:call", operation="chat", dialect="openai_chat",
        provider="acme", model="large", duration_ms=12.5, attempts=2, warnings=["seed: dropped"],
        stream=True, is_simulated=True, **named,
    )  # fmt: skip
    AttemptLog.objects.create(
        id=f"att_{number}", call_id=f"call_{number}", number=1, state="done", provider="acme",
        model="large", target_id="tgt_1", started_at=NOW, request_headers=[["accept", "*/*"]],
    )  # fmt: skip
    UsageRecord.objects.create(
        attempt_id=f"att_{number}", call_id=f"call_{number}", created_at=NOW, endpoint="fast",
        provider="acme", model="large", input_tokens=1, output_tokens=2, **named,
    )  # fmt: skip


def make_tokens(number: int, **owner: Any) -> None:
    access = AccessToken.objects.create(token=f"access-token-{number}", expires=NOW, **owner)
    RefreshToken.objects.create(token=f"refresh-token-{number}", access_token=access, **owner)
    IDToken.objects.create(expires=NOW, **owner)
    Grant.objects.create(
        code=f"authorization-code-{number}", expires=NOW, redirect_uri="https://x", **owner
    )


def make_schedules(number: int) -> None:
    interval = IntervalSchedule.objects.create(every=number + 1, period="hours")
    PeriodicTask.objects.create(name=f"task {number}", task="x", interval=interval)
    CrontabSchedule.objects.create(minute=str(number))
    ClockedSchedule.objects.create(clocked_time=NOW)
    SolarSchedule.objects.create(event="sunset", latitude=number, longitude=1)


def url_of(model: type[models.Model], page: str, *arguments: Any) -> str:
    options = model._meta
    name = f"admin:{options.app_label}_{options.model_name}_{page}"
    return reverse(name, args=[quote(str(argument)) for argument in arguments])


@pytest.fixture
def everything() -> None:
    for number in range(2):
        make_row_of_everything(number)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_admin())
    return client


each_model = pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label)


class TestRegistration:
    def test_every_table_of_ours_has_a_page_or_a_reason(self) -> None:
        tables = {
            model._meta.label for model in apps.get_models() if model.__module__.startswith("apps.")
        }

        assert tables - {model._meta.label for model in REGISTERED} == set(WITHOUT_PAGE)

    @each_model
    def test_every_page_wears_the_theme(self, model: type[models.Model]) -> None:
        assert isinstance(admin.site._registry[model], ModelAdmin)

    @each_model
    def test_no_page_searches_or_filters_by_a_secret(self, model: type[models.Model]) -> None:
        page = admin.site._registry[model]
        used = " ".join([*map(str, page.search_fields), *map(str, page.list_filter)])

        assert not any(word in used for word in ("token", "secret", "digest", "sealed", "code__"))


class TestPages:
    @each_model
    def test_open_for_who_may_see_them(
        self, model: type[models.Model], staff: Client, everything: None
    ) -> None:
        row = model._default_manager.order_by("pk").first()
        assert row is not None

        assert staff.get(url_of(model, "changelist")).status_code == 200
        assert staff.get(url_of(model, "change", row.pk)).status_code == 200
        assert staff.get(url_of(model, "history", row.pk)).status_code == 200

    @each_model
    def test_offer_to_add_only_what_people_add(
        self, model: type[models.Model], staff: Client
    ) -> None:
        page = admin.site._registry[model]
        response = staff.get(url_of(model, "add"))

        may = page.has_add_permission(response.wsgi_request)
        assert response.status_code == (200 if may else 403)

    @each_model
    def test_send_strangers_to_the_door(
        self, model: type[models.Model], client: Client, everything: None
    ) -> None:
        row = model._default_manager.order_by("pk").first()
        assert row is not None

        for url in (
            url_of(model, "changelist"), url_of(model, "add"), url_of(model, "change", row.pk)
        ):  # fmt: skip
            response = client.get(url)
            assert response.status_code == 302
            assert response.headers["Location"].startswith("/admin/login/")

    @each_model
    def test_stay_shut_for_staff_without_the_permission(
        self, model: type[models.Model], client: Client, everything: None
    ) -> None:
        client.force_login(make_user(is_staff=True))
        row = model._default_manager.order_by("pk").first()
        assert row is not None

        for url in (
            url_of(model, "changelist"), url_of(model, "add"), url_of(model, "change", row.pk)
        ):  # fmt: skip
            assert client.get(url).status_code == 403

    @each_model
    def test_open_read_only_for_who_may_only_look(
        self, model: type[models.Model], client: Client, everything: None
    ) -> None:
        client.force_login(viewer_of(model))
        row = model._default_manager.order_by("pk").first()
        assert row is not None

        assert client.get(url_of(model, "changelist")).status_code == 200
        assert b'name="_save"' not in client.get(url_of(model, "change", row.pk)).content
        assert client.get(url_of(model, "add")).status_code == 403

    @each_model
    def test_lists_ask_as_often_for_many_rows_as_for_few(
        self, model: type[models.Model], staff: Client, everything: None
    ) -> None:
        url = url_of(model, "changelist")
        staff.get(url)
        with CaptureQueriesContext(connection) as few:
            staff.get(url)

        for number in range(10, 16):
            make_row_of_everything(number)
        with CaptureQueriesContext(connection) as many:
            staff.get(url)

        assert len(many) <= len(few) <= MOST_QUERIES

    def test_ledgers_and_logs_cannot_be_changed(self, staff: Client, everything: None) -> None:
        for model in (CallLog, AttemptLog, UsageRecord, AccessToken, RefreshToken, Grant, IDToken):
            row = model._default_manager.order_by("pk").first()
            assert row is not None
            url = url_of(model, "change", row.pk)

            assert staff.post(url, {}).status_code == 403
            assert staff.post(url_of(model, "delete", row.pk), {"post": "yes"}).status_code == 403


class TestSecretsStayHidden:
    def test_tokens_and_codes_are_on_no_page(self, staff: Client, everything: None) -> None:
        for model, secret in (
            (AccessToken, "access-token-0"),
            (RefreshToken, "refresh-token-0"),
            (Grant, "authorization-code-0"),
        ):
            row = model._default_manager.order_by("pk").first()
            assert row is not None
            for url in (url_of(model, "changelist"), url_of(model, "change", row.pk)):
                assert secret.encode() not in staff.get(url).content


def viewer_of(model: type[models.Model]) -> User:
    """Somebody who may look at one table."""
    person = make_user(is_staff=True)
    person.user_permissions.set(
        Permission.objects.filter(
            content_type=ContentType.objects.get_for_model(model), codename__startswith="view_"
        )
    )
    return User.objects.get(pk=person.pk)
