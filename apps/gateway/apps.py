"""The app `gateway`."""

from django.apps import AppConfig
from typing_extensions import override


class GatewayConfig(AppConfig):
    """HTTP in: the public contract. Files its operations in the table that everybody reads."""

    name = "apps.gateway"

    @override
    def ready(self) -> None:
        from apps.core.operations import operations
        from apps.gateway.operations import OPERATIONS, describe

        for view in OPERATIONS:
            for operation in describe(view):
                operations.register(operation)
