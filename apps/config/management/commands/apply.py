"""Apply a declarative configuration file."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from typing_extensions import override

from apps.config.document import ConfigurationError, parse
from apps.config.services.apply import apply


class Command(BaseCommand):
    """Parse, apply, say what changed."""

    help = "Make teams, providers, endpoints and applications what a YAML file says."

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="a YAML file (docs/configuration.md)")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would change, and change nothing"
        )

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        path, dry_run = Path(options["file"]), options["dry_run"]
        try:
            source = parse(path.read_text("utf-8"), name=path.name)
            outcome = apply(source=source, read_secret=settings.PORTAL_READ_SECRET, dry_run=dry_run)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{path} cannot be read: {error}") from error
        except ConfigurationError as error:
            raise CommandError(
                f"Nothing was changed. {len(error.problems)} problem(s):\n{error.message}"
            ) from error
        for line in outcome.changes:
            self.stdout.write(("would have " if dry_run else "") + line)
        self.stdout.write(
            f"{len(outcome.changes)} change(s), {outcome.unchanged} already as the file says."
            if outcome.changes
            else f"Nothing to change: all {outcome.unchanged} entries are as the file says."
        )
