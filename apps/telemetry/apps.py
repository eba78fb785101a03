"""The app of call logs."""

from django.apps import AppConfig
from typing_extensions import override


class TelemetryConfig(AppConfig):
    """Files the writer's handler for calls."""

    name = "apps.telemetry"
    verbose_name = "Telemetry"

    @override
    def ready(self) -> None:
        from apps.telemetry import services

        services.register_handlers()
