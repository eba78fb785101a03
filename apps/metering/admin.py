"""The ledger, to look at."""

from django.contrib import admin
from django.urls import reverse
from unfold.contrib.filters.admin import FieldTextFilter, RangeDateTimeFilter
from unfold.decorators import display

from apps.core import formats
from apps.core.admin.base import ReadOnlyAdmin, badge, link
from apps.metering.models import UsageRecord


@admin.register(UsageRecord)
class UsageRecordAdmin(ReadOnlyAdmin):
    """What every attempt used and cost."""

    list_display = [
        "when", "endpoint", "provider", "model", "tokens", "cached", "cost", "counted", "call",
    ]  # fmt: skip
    list_filter = [
        ("created_at", RangeDateTimeFilter),
        ("endpoint", FieldTextFilter),
        ("provider", FieldTextFilter),
        ("model", FieldTextFilter),
        "estimated",
    ]
    search_fields = ["call_id__exact", "attempt_id__exact", "endpoint", "model"]
    search_help_text = "Call id, attempt id, endpoint or model"
    ordering = ["-created_at", "-id"]
    fieldsets = [
        (None, {"fields": [("when", "call"), ("endpoint", "provider"), "model"]}),
        (
            "Usage",
            {
                "fields": [
                    ("input_tokens", "output_tokens"),
                    ("cache_read_tokens", "cache_write_tokens"),
                    ("reasoning_tokens", "counted"),
                    "cost",
                ]
            },
        ),
        ("Who", {"fields": [("team_id", "application_id"), ("key_id", "attempt_id")]}),
    ]
    readonly_fields = ["when", "call", "cost", "counted"]

    @display(description="Time (UTC)", ordering="created_at")
    def when(self, record: UsageRecord) -> str:
        return formats.moment(record.created_at)

    @display(description="Tokens, in → out", ordering="input_tokens")
    def tokens(self, record: UsageRecord) -> str:
        return formats.tokens(record.input_tokens, record.output_tokens)

    @display(description="Cache, read → write", ordering="cache_read_tokens")
    def cached(self, record: UsageRecord) -> str | None:
        if not (record.cache_read_tokens or record.cache_write_tokens):
            return None
        return formats.tokens(record.cache_read_tokens, record.cache_write_tokens)

    @display(description="Cost", ordering="usd_micros")
    def cost(self, record: UsageRecord) -> str:
        return formats.usd(record.usd_micros)

    @display(description="Counted", ordering="estimated")
    def counted(self, record: UsageRecord) -> str:
        return badge("warning", "Estimated") if record.estimated else "By the provider"

    @display(description="Call")
    def call(self, record: UsageRecord) -> str:
        return link(reverse("admin:telemetry_calllog_change", args=[record.call_id]), "show")
