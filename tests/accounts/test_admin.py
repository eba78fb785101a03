"""People and teams in the admin."""

from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Team, User
from tests.access.factories import make_team
from tests.accounts.factories import make_admin, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_admin())
    return client


@pytest.fixture
def keeper(client: Client) -> Client:
    """Staff who may change people, without being a superuser."""
    person = make_user(is_staff=True)
    codes = ["view_user", "change_user", "add_user", "delete_user"]
    person.user_permissions.set(Permission.objects.filter(codename__in=codes))
    client.force_login(User.objects.get(pk=person.pk))
    return client


def url_of(name: str, row: Any) -> str:
    return reverse(f"admin:accounts_user_{name}", args=[quote(row.pk)])


class TestUsers:
    def test_show_no_password_hash(self, staff: Client) -> None:
        person = make_user(password="analytical-engine")

        for url in (reverse("admin:accounts_user_changelist"), url_of("change", person)):
            assert person.password not in staff.get(url).content.decode()

    def test_are_added_with_a_mail_address(self, staff: Client) -> None:
        values = {
            "username": "ada", "email": "ada@example.org", "usable_password": "true",
            "password1": "analytical-engine", "password2": "analytical-engine",
        }  # fmt: skip

        assert staff.post(reverse("admin:accounts_user_add"), values).status_code == 302

        assert User.objects.get(username="ada").email == "ada@example.org"

    def test_get_no_powers_from_who_has_not_all_of_them(self, keeper: Client) -> None:
        person = make_user()
        values = {"username": "other", "email": person.email, "is_superuser": "on"}

        keeper.post(url_of("change", person), values)

        assert not User.objects.get(pk=person.pk).is_superuser

    @pytest.mark.parametrize("page", ["change", "delete"])
    def test_who_are_superusers_are_touched_by_superusers_only(
        self, keeper: Client, page: str
    ) -> None:
        root = make_admin()

        assert keeper.post(url_of(page, root), {"post": "yes"}).status_code == 403
        assert User.objects.filter(pk=root.pk).exists()


class TestTeams:
    def test_live_in_a_time_zone_that_exists(self, staff: Client) -> None:
        values = {
            "slug": "blue", "name": "Blue", "time_zone": "Mars/Olympus",
            "memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0",
        }  # fmt: skip
        url = reverse("admin:accounts_team_add")

        assert staff.post(url, values).status_code == 200
        assert staff.post(url, values | {"time_zone": "Europe/Berlin"}).status_code == 302
        assert Team.objects.get().time_zone == "Europe/Berlin"

    def test_count_their_members(self, staff: Client) -> None:
        make_team(name="Blue")

        assert b"Blue" in staff.get(reverse("admin:accounts_team_changelist")).content
