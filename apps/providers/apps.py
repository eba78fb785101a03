"""The app `providers`."""

from django.apps import AppConfig


class ProvidersConfig(AppConfig):
    """What can be called, in which dialect."""

    name = "apps.providers"
