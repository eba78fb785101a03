"""The app `credentials`."""

from django.apps import AppConfig


class CredentialsConfig(AppConfig):
    """Secrets that the portal presents."""

    name = "apps.credentials"
