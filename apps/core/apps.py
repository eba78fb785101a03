"""The app `core`."""

from django.apps import AppConfig
from typing_extensions import override


class CoreConfig(AppConfig):
    """Words that everybody uses."""

    name = "apps.core"

    @override
    def ready(self) -> None:
        from apps.core import checks  # noqa: F401  (its checks register themselves)
