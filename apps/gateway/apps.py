"""The app `gateway`."""

from django.apps import AppConfig


class GatewayConfig(AppConfig):
    """HTTP in: the public contract."""

    name = "apps.gateway"
