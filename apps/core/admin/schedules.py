"""What runs when: the tables of django-celery-beat in the portal's look."""

from typing import Any

from django.contrib import admin
from django_celery_beat import admin as beat
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from typing_extensions import override
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.core import formats
from apps.core.admin.base import PortalAdmin, badge

for _model in (ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(_model)


class TaskSelect(UnfoldAdminSelectWidget, beat.TaskSelectWidget):  # type: ignore[misc]
    """The tasks that a worker knows, to choose from."""


class PeriodicTaskForm(beat.PeriodicTaskForm):  # type: ignore[misc]
    """The library's own form, with the widgets of the theme."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(PortalAdmin, beat.PeriodicTaskAdmin):  # type: ignore[misc]
    """What runs when."""

    form = PeriodicTaskForm
    list_display = ["name", "is_on", "scheduler", "last_run", "total_run_count", "one_off"]
    list_filter = ["enabled", "one_off"]
    list_select_related = ["interval", "crontab", "solar", "clocked"]
    date_hierarchy = None

    @display(description="Status", ordering="enabled")
    def is_on(self, task: PeriodicTask) -> str:
        return badge("success", "On") if task.enabled else badge("danger", "Off")

    @display(description="Last run (UTC)", ordering="last_run_at")
    def last_run(self, task: PeriodicTask) -> str:
        return formats.moment(task.last_run_at)


class TasksInline(TabularInline):
    """The tasks that run by a schedule."""

    model = PeriodicTask
    fields = ["name", "task", "enabled"]
    readonly_fields = ["name", "task", "enabled"]
    can_delete = False
    extra = 0
    show_change_link = True
    verbose_name_plural = "Tasks on this schedule"

    @override
    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        return False


class ScheduleAdmin(PortalAdmin):
    """A rhythm, with the tasks that follow it."""

    inlines = [TasksInline]


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(ScheduleAdmin):
    """Rhythms as crontab lines."""

    list_display = ["human_readable", "minute", "hour", "day_of_month", "month_of_year", "timezone"]
    fields = [
        "human_readable", "minute", "hour", "day_of_month", "month_of_year", "day_of_week",
        "timezone",
    ]  # fmt: skip
    readonly_fields = ["human_readable"]
    search_fields = ["minute", "hour"]


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(ScheduleAdmin):
    """Rhythms as distances."""

    list_display = ["__str__", "every", "period"]


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(ScheduleAdmin):
    """Single moments."""

    list_display = ["clocked_time"]


@admin.register(SolarSchedule)
class SolarScheduleAdmin(ScheduleAdmin):
    """Rhythms of the sun."""

    list_display = ["event", "latitude", "longitude"]
