"""The Celery application; it starts a worker or beat with the same settings as the web."""

import os
import warnings

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.signals import setup_logging

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

# Said to root because of pickle, which can run code; messages here are JSON and hold ids only.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_logging(**options: object) -> None:
    """Leave the log to Django's settings; Celery replaces it where nobody listens here."""
