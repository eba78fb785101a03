"""Calls: the list with its filters, and one page that tells what happened."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from typing_extensions import override
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from apps.core import formats
from apps.core.admin.base import ReadOnlyAdmin, badge, unkept
from apps.telemetry.admin import filters
from apps.telemetry.admin.bodies import shown_bodies
from apps.telemetry.models import AttemptLog, CallLog

STATES = {"done": "success", "failed": "danger", "cancelled": "warning", "started": "info"}
BODY_PERMISSION = "telemetry.view_callbody"


@admin.register(CallLog)
class CallLogAdmin(ReadOnlyAdmin):
    """Every call that came in."""

    list_display = [
        "when", "outcome", "asked", "answered_by", "tokens", "cost", "took",
        "traits",
    ]  # fmt: skip
    list_filter = [
        filters.PeriodFilter,
        ("created_at", RangeDateTimeFilter),
        ("state", ChoicesDropdownFilter),
        filters.EndpointFilter,
        filters.ProviderFilter,
        filters.ApplicationFilter,
        filters.DialectFilter,
        filters.OperationFilter,
        filters.ErrorFilter,
        "stream",
        "is_simulated",
    ]
    search_fields = ["id__exact", "endpoint", "application"]
    search_help_text = "Request id, the provider's request id, endpoint or application"
    ordering = ["-created_at", "-id"]
    list_fullwidth = True
    change_form_template = "admin/telemetry/calllog/change_form.html"

    @override
    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[CallLog], search_term: str
    ) -> tuple[QuerySet[CallLog], bool]:
        """Also by the id that the provider gave to one of the attempts."""
        found, distinct = super().get_search_results(request, queryset, search_term)
        term = search_term.strip()
        if term:
            upstream = AttemptLog.objects.filter(upstream_request_id=term).values("call_id")
            found |= queryset.filter(Q(id__in=upstream))
        return found, distinct

    @override
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        call = CallLog.objects.filter(pk=unquote(object_id)).first()
        may_read = request.user.has_perm(BODY_PERMISSION)
        context = {
            "title": "Call",
            "subtitle": None,
            "call": call,
            "attempts": AttemptLog.objects.filter(call_id=call.pk if call else "").order_by(
                "number"
            ),
            "may_read_bodies": may_read,
            "bodies": shown_bodies(call.pk) if call and may_read else [],
        }
        response = super().change_view(
            request, object_id, form_url, {**context, **(extra_context or {})}
        )
        return unkept(response)

    @display(description="Time (UTC)", ordering="created_at")
    def when(self, call: CallLog) -> str:
        return formats.moment(call.created_at)

    @display(description="State", ordering="state")
    def outcome(self, call: CallLog) -> str:
        word = badge(STATES[call.state], call.get_state_display())
        if not call.error_code:
            return word
        return format_html('{}<div class="portal-small">{}</div>', word, call.error_code)

    @display(description="Endpoint, by whom", ordering="endpoint")
    def asked(self, call: CallLog) -> str:
        who = call.application
        return format_html('{}<div class="portal-small">{}</div>', call.endpoint, who)

    @display(description="Answered by", ordering="provider")
    def answered_by(self, call: CallLog) -> str | None:
        return f"{call.provider}/{call.model}" if call.provider else None

    @display(description="Tokens, in → out", ordering="input_tokens")
    def tokens(self, call: CallLog) -> str:
        return formats.tokens(call.input_tokens, call.output_tokens)

    @display(description="Cost", ordering="usd_micros")
    def cost(self, call: CallLog) -> str:
        return formats.usd(call.usd_micros)

    @display(description="Duration", ordering="duration_ms")
    def took(self, call: CallLog) -> str:
        return formats.duration(call.duration_ms)

    @display(description="Traits")
    def traits(self, call: CallLog) -> str:
        words = [badge("plain", word) for word in traits_of(call)]
        simulated = [badge("warning", "Simulated")] if call.is_simulated else []
        return format_html_join(" ", "{}", ((word,) for word in simulated + words))


def traits_of(call: CallLog) -> list[str]:
    """What is special about a call, in a word each."""
    said = {
        "Stream": call.stream,
        f"{call.attempts} attempts": call.attempts > 1,
        "Warnings": bool(call.warnings),
    }
    return [word for word, holds in said.items() if holds]
