"""The first page of the admin: today in figures, by endpoint, and how the providers stand."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Avg, Count, Exists, OuterRef, Q, Sum
from django.http import HttpRequest
from django.utils import timezone

from apps.credentials import services as credentials
from apps.credentials.models import Credential
from apps.inference.models import Target
from apps.providers.models import Provider
from apps.telemetry.models import CallLog

MAX_ROWS: Final = 12
RECENT_FAILURES: Final = 5
_FAILED = Q(state=CallLog.State.FAILED)
_TOTALS: Final = {
    "calls": Count("id"),
    "failed": Count("id", filter=_FAILED),
    "tokens_in": Sum("input_tokens", default=0),
    "tokens_out": Sum("output_tokens", default=0),
    "cost": Sum("usd_micros", default=0),
    "unpriced": Count("id", filter=Q(usd_micros=None, state=CallLog.State.DONE)),
    "simulated": Count("id", filter=Q(is_simulated=True)),
    "mean_ms": Avg("duration_ms"),
}


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """A provider as an operator wants to know it: can it be called, and what would it say."""

    provider: Provider
    kind: str
    text: str


def add_overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Put the overview into the context of the index page, as far as the person may see it."""
    context["title"] = "Overview"
    since = start_of_day(timezone.now())
    if request.user.has_perm("telemetry.view_calllog"):
        context["today"] = totals(since)
        context["endpoints"] = by_endpoint(since)
        context["failures"] = CallLog.objects.filter(_FAILED).order_by("-created_at")[
            :RECENT_FAILURES
        ]
    if request.user.has_perm("providers.view_provider"):
        context["providers"] = provider_states()
    return context


def start_of_day(now: datetime) -> datetime:
    """Midnight in the portal's time zone."""
    return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)


def totals(since: datetime) -> dict[str, Any]:
    """Sums over all calls of a time."""
    calls = CallLog.objects.filter(created_at__gte=since, created_at__lt=since + timedelta(days=1))
    return calls.aggregate(**_TOTALS)


def by_endpoint(since: datetime) -> list[dict[str, Any]]:
    """Sums by endpoint, the busiest first."""
    calls = CallLog.objects.filter(created_at__gte=since)
    rows: Any = calls.values("endpoint").annotate(**_TOTALS)
    return list(rows.order_by("-calls", "endpoint")[:MAX_ROWS])


def provider_states() -> list[ProviderStatus]:
    """Every provider with what keeps it from being called, if anything does."""
    targets = Target.objects.filter(model__provider=OuterRef("pk"), enabled=True)
    providers = Provider.objects.annotate(is_published=Exists(targets)).order_by("slug")
    usable: dict[str, bool] = {}
    for credential in Credential.objects.select_related("provider"):
        known = usable.get(credential.provider_id, False)
        usable[credential.provider_id] = known or credentials.is_usable(credential)
    return [ProviderStatus(row, *_state(row, usable.get(row.pk))) for row in providers]


def _state(provider: Any, usable: bool | None) -> tuple[str, str]:
    if provider.status != Provider.Status.ENABLED:
        return "danger", "Disabled"
    if usable is None:
        return "warning", "No credential"
    if not usable:
        return "danger", "Enter the secret again"
    return ("success", "Ready") if provider.is_published else ("info", "Not published")
