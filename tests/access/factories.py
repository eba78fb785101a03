"""Rows for tests of access and of what lies above it."""

from itertools import count
from typing import Any

from apps.access import services
from apps.access.models import APIKey, Application
from apps.accounts.models import Team

_numbers = count(1)


def make_team(**fields: Any) -> Team:
    number = next(_numbers)
    return Team.objects.create(**{"slug": f"team-{number}", "name": f"Team {number}"} | fields)


def make_application(**fields: Any) -> Application:
    fields = {"slug": f"app-{next(_numbers)}"} | fields
    if "team" not in fields:
        fields["team"] = make_team()
    return services.create_application(**fields)


def make_key(**fields: Any) -> tuple[APIKey, str]:
    if "application" not in fields:
        fields["application"] = make_application()
    return services.issue_key(**{"name": "test"} | fields)
