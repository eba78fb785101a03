"""The app of usage."""

from django.apps import AppConfig
from typing_extensions import override


class MeteringConfig(AppConfig):
    """Files the writer's handler for usage."""

    name = "apps.metering"
    verbose_name = "Metering"

    @override
    def ready(self) -> None:
        from apps.metering import services

        services.register_handlers()
