"""People and teams in the database."""

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from apps.accounts.models import Membership
from tests.access.factories import make_team
from tests.accounts.factories import make_admin, make_user

pytestmark = pytest.mark.django_db


class TestUser:
    def test_has_a_public_id_and_signs_in(self, client: Client) -> None:
        admin = make_admin(username="ada", password="analytical-engine")

        assert admin.pk.startswith("user_")
        assert client.login(username="ada", password="analytical-engine")
        assert client.get("/admin/").status_code == 200

    def test_has_an_address_of_its_own(self) -> None:
        user = make_user()

        with pytest.raises(IntegrityError), transaction.atomic():
            make_user(email=user.email)


class TestMembership:
    def test_is_one_per_person_and_team(self) -> None:
        user, team = make_user(), make_team()
        membership = Membership.objects.create(user=user, team=team)

        assert membership.role == "member"
        with pytest.raises(IntegrityError), transaction.atomic():
            Membership.objects.create(user=user, team=team, role="owner")

    def test_has_a_known_role(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Membership.objects.create(user=make_user(), team=make_team(), role="emperor")
