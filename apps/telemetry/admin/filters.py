"""Filters of calls whose choices are found without reading the whole table."""

from datetime import timedelta
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from typing_extensions import override
from unfold.contrib.filters.admin import DropdownFilter

from apps.providers.dialects import DIALECTS
from apps.providers.models import OPERATIONS
from apps.telemetry.models import CallLog

RECENT_CALLS: Final = 2000
_KEPT = "_portal_recent_values"
FIELDS: Final = ("endpoint", "provider", "application", "error_code")
PERIODS: Final = {"1": "Last hour", "24": "Last 24 hours", "168": "Last 7 days"}


class PeriodFilter(DropdownFilter):
    """The last hour, day or week, without a calendar."""

    title = "period"
    parameter_name = "hours"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return list(PERIODS.items())

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[CallLog]) -> QuerySet[CallLog]:
        if self.value() in PERIODS:
            since = timezone.now() - timedelta(hours=int(self.value() or 0))
            return queryset.filter(created_at__gte=since)
        return queryset


class _Exactly(DropdownFilter):
    """A column that equals the chosen value."""

    parameter_name: str

    @override
    def queryset(self, request: HttpRequest, queryset: QuerySet[CallLog]) -> QuerySet[CallLog]:
        value = self.value()
        return queryset.filter(**{self.parameter_name: value}) if value else queryset


class _RecentValues(_Exactly):
    """Choices are the values of the latest calls, and the chosen one whatever it is."""

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        values = {str(value) for value in _recent(request)[self.parameter_name] if value}
        chosen = request.GET.get(self.parameter_name)
        values |= {chosen} if chosen else set()
        return [(value, value) for value in sorted(values)]

    @override
    def has_output(self) -> bool:
        return True


class EndpointFilter(_RecentValues):
    """By published name."""

    title = parameter_name = "endpoint"


class ProviderFilter(_RecentValues):
    """By who answered last."""

    title = parameter_name = "provider"


class ApplicationFilter(_RecentValues):
    """By who called."""

    title = parameter_name = "application"


class ErrorFilter(_RecentValues):
    """By what went wrong."""

    title = "error code"
    parameter_name = "error_code"


class DialectFilter(_Exactly):
    """By what the caller speaks."""

    title = "caller's dialect"
    parameter_name = "dialect"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(name, name) for name in DIALECTS]


class OperationFilter(_Exactly):
    """By what was asked for."""

    title = parameter_name = "operation"

    @override
    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return [(name, name.replace("_", " ")) for name in OPERATIONS]


def _recent(request: HttpRequest) -> dict[str, set[Any]]:
    """The values of the latest calls by column: one query for all filters of a page."""
    kept: dict[str, set[Any]] | None = getattr(request, _KEPT, None)
    if kept is None:
        latest = CallLog.objects.order_by("-created_at").values_list(*FIELDS)[:RECENT_CALLS]
        columns = list(zip(*latest, strict=True)) or [()] * len(FIELDS)
        kept = {name: set(column) for name, column in zip(FIELDS, columns, strict=True)}
        setattr(request, _KEPT, kept)
    return kept
