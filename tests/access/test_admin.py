"""Applications and keys in the admin: issued once, shown once, taken back."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.access import keys
from apps.access.models import APIKey, Application
from tests.access.factories import make_application, make_key, make_team
from tests.accounts.factories import make_admin, make_user

pytestmark = pytest.mark.django_db

ADD_KEY = "admin:access_apikey_add"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_admin())
    return client


def issue(staff: Client, application: Application, **fields: Any) -> Any:
    values = {"name": "build", "lifetime_days": "30", "endpoints": "", "scopes": ["models:read"]}
    return staff.post(f"{reverse(ADD_KEY)}?application={application.pk}", values | fields)


def key_in(response: HttpResponse) -> str:
    """The key that a page shows."""
    text = response.content.decode()
    start = text.index('<code id="portal-key">') + len('<code id="portal-key">')
    return text[start : text.index("</code>", start)]


class TestIssueKey:
    def test_asks_first_for_which_application(self, staff: Client) -> None:
        make_application(slug="ci-bot")

        page = staff.get(reverse(ADD_KEY)).content.decode()

        assert "ci-bot" in page
        assert 'name="scopes"' not in page

    def test_offers_the_scopes_of_the_application_and_no_other(self, staff: Client) -> None:
        application = make_application(scopes=["models:read"])

        page = staff.get(f"{reverse(ADD_KEY)}?application={application.pk}").content.decode()

        assert 'value="models:read"' in page
        assert 'value="inference:call"' not in page

    def test_shows_the_key_once_on_a_page_that_nobody_keeps(self, staff: Client) -> None:
        response = issue(staff, make_application(), endpoints="fast\nslow")

        text = key_in(response)
        key = APIKey.objects.get()
        assert keys.digest_of(text) == key.digest
        assert "no-store" in response.headers["Cache-Control"]
        assert (key.scopes, key.endpoints) == (["models:read"], ["fast", "slow"])
        assert key.expires_at is not None
        assert key.expires_at - timezone.now() < timedelta(days=30)

    def test_leaves_the_key_in_no_message_session_history_or_later_page(
        self, staff: Client
    ) -> None:
        response = issue(staff, make_application())
        text = key_in(response)
        key = APIKey.objects.get()

        change = reverse("admin:access_apikey_change", args=[quote(key.pk)])
        history = reverse("admin:access_apikey_history", args=[quote(key.pk)])
        later = [
            staff.get(url) for url in (reverse("admin:access_apikey_changelist"), change, history)
        ]
        said = [str(message) for message in get_messages(response.wsgi_request)]
        kept = [str(session.get_decoded()) for session in Session.objects.all()]
        logged = [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()]

        assert logged
        for page in [*[each.content.decode() for each in later], *said, *kept, *logged]:
            assert text not in page
            assert text.rpartition("_")[2] not in page

    def test_refuses_a_scope_that_the_application_does_not_have(self, staff: Client) -> None:
        response = issue(staff, make_application(scopes=["models:read"]), scopes=["keys:write"])

        assert response.status_code == 200
        assert b"keys:write is not one of the available choices" in response.content
        assert not APIKey.objects.exists()

    def test_is_for_who_may_add_keys(self, client: Client) -> None:
        client.force_login(make_user(is_staff=True))

        assert issue(client, make_application()).status_code == 403


class TestRevokeKey:
    def test_takes_the_key_back_with_the_reason(self, staff: Client) -> None:
        key, _ = make_key()
        url = reverse("admin:access_apikey_revoke", args=[quote(key.pk)])

        assert staff.get(url).status_code == 200
        assert staff.post(url, {"reason": "It leaked."}).status_code == 302

        key.refresh_from_db()
        assert (key.state, key.revoked_reason) == ("revoked", "It leaked.")
        assert key.revoked_by

    def test_does_nothing_when_the_page_is_only_looked_at(self, staff: Client) -> None:
        key, _ = make_key()

        staff.get(reverse("admin:access_apikey_revoke", args=[quote(key.pk)]))

        key.refresh_from_db()
        assert key.state == "active"

    def test_is_for_who_may_change_keys(self, client: Client) -> None:
        key, _ = make_key()
        client.force_login(make_user(is_staff=True))

        url = reverse("admin:access_apikey_revoke", args=[quote(key.pk)])

        assert client.post(url, {"reason": ""}).status_code == 403


class TestKeys:
    def test_are_neither_changed_nor_deleted(self, staff: Client) -> None:
        key, _ = make_key()
        change = reverse("admin:access_apikey_change", args=[quote(key.pk)])
        delete = reverse("admin:access_apikey_delete", args=[quote(key.pk)])

        assert staff.post(change, {"name": "other"}).status_code == 403
        assert staff.post(delete, {"post": "yes"}).status_code == 403

    def test_hold_back_their_digest(self, staff: Client) -> None:
        key, _ = make_key()

        for url in (
            reverse("admin:access_apikey_changelist"),
            reverse("admin:access_apikey_change", args=[quote(key.pk)]),
        ):
            assert key.digest not in staff.get(url).content.decode()

    def test_show_as_expired_once_their_time_is_over(self, staff: Client) -> None:
        make_key(expires_at=timezone.make_aware(datetime(2020, 1, 1)))

        page = staff.get(reverse("admin:access_apikey_changelist")).content.decode()

        assert ">Expired<" in page


class TestApplications:
    def test_are_made_by_the_service(self, staff: Client) -> None:
        team = make_team()
        values = {
            "name": "CI",
            "slug": "ci",
            "team": team.pk,
            "kind": "agent",
            "scopes": ["models:read"],
        }

        response = staff.post(
            reverse("admin:access_application_add"), values | {"scopes": ["models:read"]}
        )

        application = Application.objects.get()
        assert response.status_code == 302
        assert (application.slug, application.scopes) == ("ci", ["models:read"])
        assert application.client_type == Application.CLIENT_CONFIDENTIAL
        assert LogEntry.objects.get().object_id == application.pk

    def test_show_what_the_service_refuses_at_its_field(self, staff: Client) -> None:
        make_application(slug="ci")
        values = {"name": "CI", "slug": "ci", "team": make_team().pk, "kind": "agent"}

        response = staff.post(reverse("admin:access_application_add"), values)

        errors = response.context["adminform"].form.errors
        assert errors == {"slug": ["There is an application ci already."]}

    def test_keep_their_slug_and_change_their_scopes(self, staff: Client) -> None:
        application = make_application(slug="ci")
        url = reverse("admin:access_application_change", args=[quote(application.pk)])
        values = {
            "name": "CI", "slug": "other", "team": application.team_id, "kind": "service",
            "scopes": ["embeddings:call"],
        }  # fmt: skip

        assert staff.post(url, values).status_code == 302

        application.refresh_from_db()
        assert (application.slug, application.kind) == ("ci", "service")
        assert application.scopes == ["embeddings:call"]

    def test_are_suspended_and_resumed_after_a_question(self, staff: Client) -> None:
        application = make_application()
        arguments = [quote(application.pk)]

        staff.get(reverse("admin:access_application_suspend", args=arguments))
        assert Application.objects.active().exists()
        staff.post(reverse("admin:access_application_suspend", args=arguments))
        assert not Application.objects.active().exists()
        staff.post(reverse("admin:access_application_resume", args=arguments))
        assert Application.objects.active().exists()

    def test_with_keys_are_not_deleted(self, staff: Client) -> None:
        key, _ = make_key()
        url = reverse("admin:access_application_delete", args=[quote(key.application_id)])

        staff.post(url, {"post": "yes"})

        assert Application.objects.filter(pk=key.application_id).exists()

    def test_show_no_client_secret(self, staff: Client) -> None:
        application = make_application()
        url = reverse("admin:access_application_change", args=[quote(application.pk)])

        page = staff.get(url).content.decode()

        assert application.client_secret not in page
        assert "client_secret" not in page
