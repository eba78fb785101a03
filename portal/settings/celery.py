"""Celery: an embedded broker in the portal's home, or Redis or RabbitMQ; what runs when."""

from typing import Any

from celery.schedules import crontab

from portal import broker
from portal.settings.base import ENV

_EMBEDDED = not ENV.broker_url.get_secret_value()

CELERY_BROKER_URL = ENV.broker_url.get_secret_value() or f"{broker.SCHEME}://localhost//"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    broker.transport_options(ENV.home / "queue")
    if _EMBEDDED
    # Longer than any task runs: Redis hands a message out again after this time.
    else {"visibility_timeout": 6 * 3600}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 3

# The row is the truth and the message a hint: nothing waits for a result.
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "portal"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2, "interval_start": 0.1, "interval_max": 0.5}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# Read into the database when beat starts, where the admin shows and changes it.
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = {
    "Delete old call logs": {
        "task": "telemetry.delete_old_logs",
        "schedule": crontab(minute="17"),
    },
}
