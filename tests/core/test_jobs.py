"""Work that is announced after commit."""

from typing import Any

import pytest
from celery import current_app
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from apps.core.jobs import enqueue_on_commit

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    calls: list[tuple[str, Any]] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, kwargs: calls.append((name, kwargs)))
    return calls


class TestEnqueueOnCommit:
    def test_sends_ids_after_commit_and_not_before(
        self,
        sent: list[tuple[str, Any]],
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            enqueue_on_commit("core.something", row_id="x_1")
            assert sent == []

        assert sent == [("core.something", {"row_id": "x_1"})]

    def test_sends_nothing_when_the_transaction_fails(
        self,
        sent: list[tuple[str, Any]],
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
            enqueue_on_commit("core.something", row_id="x_1")
            transaction.set_rollback(True)

        assert sent == []


@pytest.mark.django_db(transaction=True)
class TestBrokerDown:
    def test_fails_no_caller(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(*args: Any, **options: Any) -> None:
            raise OSError("no broker")

        monkeypatch.setattr(current_app, "send_task", fail)

        with transaction.atomic():
            enqueue_on_commit("core.something", row_id="x_1")
