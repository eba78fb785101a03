"""The Celery application."""

from typing import Any

import pytest
from django_celery_beat.schedulers import DatabaseScheduler

from portal import celery_app


class TestApp:
    def test_carries_messages_that_are_hints(self) -> None:
        conf = celery_app.conf

        assert conf.task_ignore_result
        assert conf.task_acks_late
        assert conf.worker_prefetch_multiplier == 1
        assert not conf.worker_enable_remote_control
        assert conf.accept_content == ["json"]

    def test_knows_every_task_of_the_schedule(self) -> None:
        celery_app.loader.import_default_modules()

        scheduled = {entry["task"] for entry in celery_app.conf.beat_schedule.values()}
        assert scheduled <= set(celery_app.tasks)

    @pytest.mark.django_db(transaction=True)
    def test_reads_the_schedule_into_the_database(self) -> None:
        scheduler: Any = DatabaseScheduler(app=celery_app)

        assert "telemetry.delete_old_logs" in {entry.task for entry in scheduler.schedule.values()}
