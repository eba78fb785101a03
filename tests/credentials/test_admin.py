"""Credentials in the admin: secrets go in and never come out."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import quote
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from apps.credentials import services
from apps.credentials.models import Credential, CredentialVersion
from tests.accounts.factories import make_admin, make_user
from tests.providers.factories import make_provider

pytestmark = pytest.mark.django_db

ADD = "admin:credentials_credential_add"
SECRET = "upstream-secret-that-nobody-sees-7Qx9"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_admin())
    return client


def enter(staff: Client, **fields: Any) -> Any:
    values = {"name": "default", "secret": SECRET} | fields
    return staff.post(reverse(ADD), values)


def page(name: str, credential: Credential) -> str:
    return reverse(f"admin:credentials_credential_{name}", args=[quote(credential.pk)])


class TestEnterSecret:
    def test_stores_it_sealed_for_the_provider(self, staff: Client) -> None:
        provider = make_provider()

        response = enter(staff, provider=provider.pk)

        version = CredentialVersion.objects.get()
        assert response.headers["Location"] == reverse(
            "admin:credentials_credential_change", args=[version.credential_id]
        )
        assert services.open_secret(version=version) == SECRET
        assert version.credential.origin == "https://api.acme.example:443"

    def test_makes_the_next_version_of_a_credential(self, staff: Client) -> None:
        credential, _ = services.enter_secret(provider=make_provider(), secret="first-secret-0001")

        staff.post(page("enter_secret", credential), {"secret": SECRET})

        numbers = credential.versions.filter(state="current").values_list("number", flat=True)
        assert list(numbers) == [2]

    def test_keeps_provider_and_name_of_the_credential(self, staff: Client) -> None:
        credential, _ = services.enter_secret(provider=make_provider(), secret="first-secret-0001")
        other = make_provider()

        values = {"secret": SECRET, "provider": other.pk, "name": "other"}
        staff.post(page("enter_secret", credential), values)

        assert [row.pk for row in Credential.objects.all()] == [credential.pk]

    def test_stays_hidden_everywhere(self, staff: Client) -> None:
        response = enter(staff, provider=make_provider().pk)
        credential = Credential.objects.get()

        shown = [
            staff.get(url).content.decode()
            for url in (
                reverse("admin:credentials_credential_changelist"),
                page("change", credential),
                page("history", credential),
                page("enter_secret", credential),
                page("delete", credential),
                reverse("admin:index"),
            )
        ]
        said = [str(message) for message in get_messages(response.wsgi_request)]
        kept = [str(session.get_decoded()) for session in Session.objects.all()]
        logged = [f"{entry.object_repr} {entry.change_message}" for entry in LogEntry.objects.all()]

        assert said
        assert logged
        for text in [*shown, *said, *kept, *logged]:
            assert SECRET not in text
        assert "•••• 7Qx9" in shown[0]

    def test_is_not_given_back_by_a_form_that_was_refused(self, staff: Client) -> None:
        refused = enter(staff, provider=make_provider().pk, secret=f"{SECRET} with blanks")

        assert refused.status_code == 200
        assert SECRET not in refused.content.decode()
        assert refused.context["form"].errors["secret"]
        assert "no-store" in refused.headers["Cache-Control"]
        assert not Credential.objects.exists()

    def test_says_when_it_is_the_same_secret(self, staff: Client) -> None:
        provider = make_provider()
        enter(staff, provider=provider.pk)

        again = enter(staff, provider=provider.pk)

        said = [str(message) for message in get_messages(again.wsgi_request)]
        assert any("has this secret already" in text for text in said)
        assert CredentialVersion.objects.count() == 1

    def test_is_for_who_may_enter_secrets(self, client: Client) -> None:
        credential, _ = services.enter_secret(provider=make_provider(), secret="first-secret-0001")
        client.force_login(make_user(is_staff=True))

        assert enter(client, provider=credential.provider_id).status_code == 403
        assert client.post(page("enter_secret", credential), {"secret": SECRET}).status_code == 403


class TestState:
    def test_asks_for_the_secret_again_when_the_provider_has_moved(self, staff: Client) -> None:
        provider = make_provider()
        credential, _ = services.enter_secret(provider=provider, secret=SECRET)
        provider.base_url = "https://elsewhere.example/v1"
        provider.save()

        for url in (reverse("admin:credentials_credential_changelist"), page("change", credential)):
            assert b"Enter the secret again" in staff.get(url).content

    def test_calls_a_secret_usable_where_it_was_entered_for(self, staff: Client) -> None:
        services.enter_secret(provider=make_provider(), secret=SECRET)

        listed = staff.get(reverse("admin:credentials_credential_changelist")).content

        assert b">Usable<" in listed
