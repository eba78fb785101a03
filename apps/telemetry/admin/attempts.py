"""Attempts: what each try at a provider met on the wire."""

from typing import Any

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    FieldTextFilter,
    RangeDateTimeFilter,
    SingleNumericFilter,
)
from unfold.decorators import display

from apps.core import formats
from apps.core.admin.base import ReadOnlyAdmin, badge, link
from apps.telemetry.models import AttemptLog

STATES = {"done": "success", "failed": "danger", "cancelled": "warning", "started": "info"}


@admin.register(AttemptLog)
class AttemptLogAdmin(ReadOnlyAdmin):
    """Every try at a provider."""

    list_display = [
        "when", "outcome", "status", "provider", "model", "number", "first_byte", "took",
        "error_class", "call",
    ]  # fmt: skip
    list_filter = [
        ("started_at", RangeDateTimeFilter),
        ("state", ChoicesDropdownFilter),
        ("provider", FieldTextFilter),
        ("model", FieldTextFilter),
        ("status", SingleNumericFilter),
        ("error_class", FieldTextFilter),
    ]
    search_fields = ["call_id__exact", "upstream_request_id__exact", "provider", "model"]
    search_help_text = "Call id, the provider's request id, provider or model"
    ordering = ["-started_at", "-id"]
    fieldsets = [
        (None, {"fields": [("when", "outcome"), ("call", "number"), ("provider", "model")]}),
        (
            "Answer",
            {
                "fields": [
                    ("status", "upstream_request_id"),
                    ("first_byte", "took"),
                    ("error_class", "error_message"),
                ]
            },
        ),
        ("Headers, secrets masked", {"fields": ["sent", "received"]}),
        ("By", {"fields": [("target_id", "credential_version_id"), "id"]}),
    ]
    readonly_fields = ["when", "outcome", "call", "first_byte", "took", "sent", "received", "id"]

    @display(description="Time (UTC)", ordering="started_at")
    def when(self, attempt: AttemptLog) -> str:
        return formats.moment(attempt.started_at)

    @display(description="State", ordering="state")
    def outcome(self, attempt: AttemptLog) -> str:
        return badge(STATES[attempt.state], attempt.get_state_display())

    @display(description="First byte", ordering="first_byte_ms")
    def first_byte(self, attempt: AttemptLog) -> str:
        return formats.duration(attempt.first_byte_ms)

    @display(description="Duration", ordering="duration_ms")
    def took(self, attempt: AttemptLog) -> str:
        return formats.duration(attempt.duration_ms)

    @display(description="Call")
    def call(self, attempt: AttemptLog) -> str:
        return link(reverse("admin:telemetry_calllog_change", args=[attempt.call_id]), "show")

    @display(description="Sent")
    def sent(self, attempt: AttemptLog) -> str | None:
        return _headers(attempt.request_headers)

    @display(description="Received")
    def received(self, attempt: AttemptLog) -> str | None:
        return _headers(attempt.response_headers)


def _headers(headers: Any) -> str | None:
    if not headers:
        return None
    lines = format_html_join("", "<tr><th>{}</th><td>{}</td></tr>", headers)
    return format_html('<table class="portal-headers">{}</table>', lines)
