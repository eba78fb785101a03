"""`manage.py issue_key`."""

import json
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.access import keys
from apps.access.management.commands.issue_key import parse_lifetime
from apps.access.models import APIKey
from tests.access.factories import make_application

pytestmark = pytest.mark.django_db


def issue(*arguments: str) -> Any:
    out = StringIO()
    call_command("issue_key", *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


class TestIssueKey:
    def test_prints_one_json_object_with_a_working_key(self) -> None:
        application = make_application()

        issued = issue("--application", application.slug, "--expires", "90d")

        key = APIKey.objects.get(pk=issued["id"])
        assert key.digest == keys.digest_of(issued["key"])
        assert issued["application"] == application.slug
        assert issued["scopes"] == application.scopes
        lifetime = datetime.fromisoformat(issued["expires_at"]) - timezone.now()
        assert timedelta(days=89) < lifetime <= timedelta(days=90)

    @pytest.mark.parametrize(
        "scopes", [["models:read,inference:call"], ["models:read", "inference:call"]]
    )
    def test_takes_scopes_divided_by_commas_or_blanks(self, scopes: list[str]) -> None:
        issued = issue("--application", make_application().slug, "--scopes", *scopes)

        assert issued["scopes"] == ["inference:call", "models:read"]
        assert issued["expires_at"] is None

    def test_finds_an_application_by_its_display_name(self) -> None:
        application = make_application(name="The Bot")

        assert issue("--application", "The Bot")["application"] == application.slug

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (["--application", "nobody"], "no application nobody"),
            (["--application", "bot", "--scopes", "audit:read"], "does not have audit:read"),
            (["--application", "bot", "--expires", "soon"], "90d"),
        ],
    )
    def test_refuses_in_one_sentence(self, arguments: list[str], reason: str) -> None:
        make_application(slug="bot")

        with pytest.raises(CommandError, match=reason):
            issue(*arguments)


class TestParseLifetime:
    @pytest.mark.parametrize(
        ("text", "lifetime"),
        [
            ("30m", timedelta(minutes=30)),
            ("12h", timedelta(hours=12)),
            ("90d", timedelta(days=90)),
            ("2w", timedelta(weeks=2)),
        ],
    )
    def test_reads_every_unit(self, text: str, lifetime: timedelta) -> None:
        assert parse_lifetime(text) == lifetime
