"""The app of usage."""

from django.apps import AppConfig
from typing_extensions import override


class MeteringConfig(AppConfig):
    """Files the writer's handler for usage."""

    name = "apps.metering"
    verbose_name = "Metering"

    @override
    def ready(self) -> None:
        from apps.core import writer
        from apps.metering import services

        writer.register("usage", prepare=services.prepare_usage, write=services.store_usage)
