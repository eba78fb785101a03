"""What the database itself keeps in order about applications and keys."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from oauth2_provider.models import get_application_model

from apps.access.models import APIKey, Application
from tests.access.factories import make_application, make_key
from tests.accounts.factories import make_user

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, tzinfo=UTC)


class TestApplication:
    def test_is_the_oauth_application(self) -> None:
        application = make_application()

        assert get_application_model() is Application  # type: ignore[no-untyped-call]
        found = Application.objects.get_by_natural_key(*application.natural_key())
        assert found == application

    def test_outlives_the_person_who_registered_it(self) -> None:
        application = make_application()
        user = make_user()
        Application.objects.filter(pk=application.pk).update(user=user)

        user.delete()

        application.refresh_from_db()
        assert application.user is None

    def test_keeps_its_team_from_being_deleted(self) -> None:
        application = make_application()

        with pytest.raises(ProtectedError):
            application.team.delete()

    @pytest.mark.parametrize("wrong", [{"kind": "robot"}, {"status": "gone"}])
    def test_has_known_words_only(self, wrong: dict[str, str]) -> None:
        application = make_application()

        with pytest.raises(IntegrityError), transaction.atomic():
            Application.objects.filter(pk=application.pk).update(**wrong)


class TestAPIKey:
    def test_is_usable_until_it_expires_or_is_taken_back(self) -> None:
        endless, _ = make_key()
        later, _ = make_key(expires_at=NOW + timedelta(seconds=1))
        make_key(expires_at=NOW)
        revoked, _ = make_key()
        APIKey.objects.filter(pk=revoked.pk).update(state="revoked", revoked_at=NOW)

        assert set(APIKey.objects.usable(NOW)) == {endless, later}

    @pytest.mark.parametrize("wrong", [{"state": "odd"}, {"state": "revoked"}, {"revoked_at": NOW}])
    def test_has_a_state_that_makes_sense(self, wrong: dict[str, object]) -> None:
        key, _ = make_key()

        with pytest.raises(IntegrityError), transaction.atomic():
            APIKey.objects.filter(pk=key.pk).update(**wrong)
