"""Wiring of the portal: settings, planes, workers. No business rule lives here."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
