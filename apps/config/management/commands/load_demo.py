"""Load the demo."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from typing_extensions import override

from apps.config.services.demo import load_demo
from apps.core.errors import PortalError


class Command(BaseCommand):
    """Load the demo into this portal; `make up` does it at each start."""

    help = "Load simulated providers, endpoints, an application with a key, and an administrator."

    @override
    def handle(self, *args: Any, **options: Any) -> None:
        port = settings.PORTAL_PORT
        simulator_port = settings.PORTAL_SIMULATOR_PORT or port + 1
        try:
            load_demo(
                base_url=f"http://127.0.0.1:{port}",
                simulator=f"http://127.0.0.1:{simulator_port}",
            )
        except PortalError as error:
            raise CommandError(f"The demo could not be loaded:\n{error.message}") from error
