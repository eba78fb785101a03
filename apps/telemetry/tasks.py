"""Telemetry's scheduled work."""

import logging

from celery import shared_task
from django.utils import timezone

from apps.telemetry import services

logger = logging.getLogger(__name__)


@shared_task(name="telemetry.delete_old_logs")
def delete_old_logs() -> None:
    """Delete call logs that are past their retention; running twice does no harm."""
    deleted = services.delete_old_logs(now=timezone.now())
    logger.info("deleted %d old calls", deleted)
