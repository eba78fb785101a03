"""Work after a write: a message with ids only, sent when the transaction has committed."""

from typing import Any

from celery import current_app
from django.db import transaction


def enqueue_on_commit(task: str, **ids: Any) -> None:
    """Announce work to the workers after commit; a transaction that fails announces nothing.

    The row is the truth and the message a hint: a broker that is down fails no caller, it is
    logged, and the sweeper of the task finds the row. `ids` must be JSON.
    """
    transaction.on_commit(lambda: _send(task, ids), robust=True)


def _send(task: str, ids: dict[str, Any]) -> None:
    current_app.send_task(task, kwargs=ids)
