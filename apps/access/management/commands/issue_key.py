"""Issue an API key from the command line."""

import json
import re
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from typing_extensions import override

from apps.access import selectors, services
from apps.core.errors import PortalError

SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class Command(BaseCommand):
    """Parse, issue, print once."""

    help = "Issue an API key for an application; the key is printed once and stored nowhere."

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--application", required=True, help="slug, id or name")
        parser.add_argument("--name", default="command line", help="what the key is for")
        parser.add_argument("--scopes", nargs="+", help="fewer than the application has")
        parser.add_argument("--endpoints", nargs="+", help="the only endpoints it may call")
        parser.add_argument("--expires", help="lifetime such as 90d, 12h, 30m")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        lifetime = parse_lifetime(options["expires"]) if options["expires"] else None
        try:
            key, text = services.issue_key(
                application=selectors.application_named(options["application"]),
                name=options["name"],
                scopes=split(options["scopes"]),
                endpoints=split(options["endpoints"]),
                expires_at=timezone.now() + lifetime if lifetime else None,
            )
        except PortalError as error:
            raise CommandError(error.message) from error
        answer = {
            "id": key.id,
            "key": text,
            "application": key.application.slug,
            "scopes": key.scopes,
            "expires_at": key.expires_at.isoformat() if key.expires_at else None,
        }
        self.stdout.write(json.dumps(answer) if options["json"] else text)


def split(values: list[str] | None) -> list[str] | None:
    """Read `a,b c` as three values; None stays None."""
    if values is None:
        return None
    return [part for value in values for part in value.split(",") if part]


def parse_lifetime(text: str) -> timedelta:
    """Read `90d`.

    Raises:
        CommandError: it is not a number with one of m, h, d, w.
    """
    found = re.fullmatch(r"([1-9]\d{0,5})([mhdw])", text)
    if not found:
        raise CommandError("--expires takes a number with m, h, d or w: 90d")
    return timedelta(seconds=int(found[1]) * SECONDS[found[2]])
