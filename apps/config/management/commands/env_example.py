"""Write `.env.example`, or say that it is out of date."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from typing_extensions import override


class Command(BaseCommand):
    """Compare or write the file that names every setting."""

    help = "Write .env.example from the typed environment."
    requires_system_checks: list[str] = []

    @override
    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="only compare")

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = settings.BASE_DIR / ".env.example"
        wanted: str = settings.PORTAL_ENV_EXAMPLE()
        current = path.read_text(encoding="utf-8") if path.exists() else ""
        if current == wanted:
            return
        if options["check"]:
            raise CommandError(".env.example is out of date: run `manage.py env_example`.")
        path.write_text(wanted, encoding="utf-8")
        self.stdout.write(f"Wrote {path.name}.")
