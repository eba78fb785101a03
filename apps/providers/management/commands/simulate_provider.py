"""Serve the simulated provider until it is interrupted."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from typing_extensions import override

from apps.providers.simulator import serving


class Command(BaseCommand):
    """Translate the options; the server knows no Django."""

    help = "Serve a simulated provider that speaks every dialect, for trials and tests."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    @override
    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default=serving.DEFAULT_HOST)
        parser.add_argument("--port", type=int, default=serving.DEFAULT_PORT, help="0: a free one")
        parser.add_argument(
            "--pace-ms",
            type=int,
            default=serving.DEFAULT_PACE_MS,
            help="pause between two events of a stream, in milliseconds",
        )

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        serving.run(
            host=options["host"],
            port=options["port"],
            pace_ms=options["pace_ms"],
            announce=self._write_line,
        )

    def _write_line(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
