"""Revisions: every write of a configured row is seen."""

from itertools import pairwise

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from apps.access.models import Application
from apps.accounts.models import Membership, Team, User
from apps.core.models import Revision, bump, topics_of_delete
from tests.access.factories import make_application, make_team

pytestmark = pytest.mark.django_db


def number_of(topic: str) -> int:
    return Revision.objects.filter(topic=topic).values_list("number", flat=True).first() or 0


class TestBump:
    def test_counts_from_one(self) -> None:
        bump(["new"])
        bump(["new", "other"])

        assert (number_of("new"), number_of("other")) == (2, 1)

    def test_is_undone_with_the_transaction(self) -> None:
        with transaction.atomic():
            bump(["undone"])
            transaction.set_rollback(True)

        assert number_of("undone") == 0


class TestConfigured:
    def test_raises_the_revision_when_saved_created_changed_and_deleted(self) -> None:
        seen = [number_of("accounts")]
        team = Team(slug="a", name="A")
        for write in (
            team.save,
            lambda: Team.objects.filter(pk=team.pk).update(name="B"),
            lambda: Team.objects.bulk_update([team], ["name"]),
            lambda: Team.objects.bulk_create([Team(slug="c", name="C")]),
            lambda: Team.objects.update_or_create(slug="c", defaults={"name": "D"}),
            lambda: Team.objects.filter(slug="c").delete(),
            team.delete,
        ):
            write()
            seen.append(number_of("accounts"))

        assert all(later > earlier for earlier, later in pairwise(seen))

    def test_sees_what_a_related_manager_writes(self) -> None:
        application = make_application()
        before = number_of("access")

        application.team.applications.update(kind="human")

        assert number_of("access") > before

    def test_raises_the_topics_of_rows_that_a_delete_takes_along(self) -> None:
        application = make_application()
        user = User.objects.create(username="ada", email="ada@example.org")
        Application.objects.filter(pk=application.pk).update(user=user)
        Membership.objects.create(user=user, team=application.team)
        before = number_of("access"), number_of("accounts")

        application.delete()
        application.team.delete()

        assert number_of("access") > before[0]
        assert number_of("accounts") > before[1]

    def test_stays_quiet_when_nothing_was_changed(self) -> None:
        make_team()
        before = number_of("accounts")

        Team.objects.filter(slug="nobody").update(name="x")
        Team.objects.filter(slug="nobody").delete()

        assert number_of("accounts") == before

    def test_lets_unseen_updates_pass(self) -> None:
        team = make_team()
        before = number_of("accounts")

        with CaptureQueriesContext(
            connection,
        ) as queries:
            Team.objects.filter(pk=team.pk).update_unseen(name="quiet")

        assert (number_of("accounts"), len(queries)) == (before, 1)


class TestTopicsOfDelete:
    def test_follows_every_relation(self) -> None:
        assert {"accounts", "access"} <= topics_of_delete(Team)
        assert "access" in topics_of_delete(Application)
