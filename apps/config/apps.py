"""The app `config`."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The operators' doors."""

    name = "apps.config"
