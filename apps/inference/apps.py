"""The app `inference`."""

from django.apps import AppConfig


class InferenceConfig(AppConfig):
    """One call, from principal to reply."""

    name = "apps.inference"
