"""The app `access`."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    """Who may call."""

    name = "apps.access"
