"""Published endpoints and their targets."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from typing_extensions import override
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.core.admin.base import HeadersField, ServiceAdmin, ServiceForm, badge, link
from apps.inference import services
from apps.inference.models import Endpoint, Target

STATUS = {"enabled": "success", "disabled": "danger"}
SHOWN_TARGETS = 3


class EndpointForm(ServiceForm):
    """An endpoint as `save_endpoint` takes it."""

    class Meta:
        model = Endpoint
        exclude = ["created_at"]

    @override
    def store(self, instance: Endpoint) -> None:
        services.save_endpoint(endpoint=instance)


class TargetForm(ServiceForm):
    """A target as `save_target` takes it."""

    extra_headers = HeadersField(
        help_text="",
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 1, "placeholder": "Name: value"}),
    )

    class Meta:
        model = Target
        fields = ["model", "priority", "weight", "enabled", "extra_headers"]

    @override
    def rehearse(self, instance: Target) -> None:
        services.check_target(instance)

    @override
    def store(self, instance: Target) -> None:
        services.save_target(target=instance)


class TargetInline(TabularInline):
    """What stands behind an endpoint, in the order in which it is tried."""

    model = Target
    form = TargetForm
    fields = ["model", "priority", "weight", "enabled", "extra_headers"]
    autocomplete_fields = ["model"]
    ordering = ["priority", "-weight"]
    extra = 0
    hide_title = True

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Target]:
        targets: QuerySet[Target] = super().get_queryset(request)
        return targets.select_related("endpoint", "model__provider")


@admin.register(Endpoint)
class EndpointAdmin(ServiceAdmin):
    """Published names with what stands behind them."""

    form = EndpointForm
    list_display = ["name", "behind", "owner", "state", "simulated", "body_policy", "calls"]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("team", RelatedDropdownFilter),
        ("body_policy", ChoicesDropdownFilter),
    ]
    list_select_related = ["team"]
    search_fields = ["name", "description", "targets__model__name"]
    ordering = ["name"]
    autocomplete_fields = ["team"]
    inlines = [TargetInline]
    fieldsets = [
        (None, {"fields": [("name", "team"), "description", ("status", "timeout_s")]}),
        ("Record", {"fields": ["body_policy"]}),
    ]

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["name"] if obj else []

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:
        endpoints: QuerySet[Endpoint] = super().get_queryset(request)
        targets = Target.objects.select_related("model__provider").order_by("priority", "-weight")
        return endpoints.prefetch_related(Prefetch("targets", queryset=targets))

    @display(description="Targets")
    def behind(self, endpoint: Endpoint) -> str:
        names = [_named(target) for target in endpoint.targets.all()]
        more = len(names) - SHOWN_TARGETS
        shown = ", ".join(names[:SHOWN_TARGETS])
        return f"{shown} and {more} more" if more > 0 else shown

    @display(description="Team", ordering="team__slug")
    def owner(self, endpoint: Endpoint) -> str:
        return endpoint.team.slug if endpoint.team else "shared"

    @display(description="Status", ordering="status")
    def state(self, endpoint: Endpoint) -> str:
        if not any(target.enabled for target in endpoint.targets.all()):
            return badge("warning", "No target")
        return badge(STATUS[endpoint.status], endpoint.get_status_display())

    @display(description="Answers")
    def simulated(self, endpoint: Endpoint) -> str | None:
        kinds = {target.model.provider.is_simulated for target in endpoint.targets.all()}
        if True in kinds:
            return badge("warning", "Partly simulated" if False in kinds else "Simulated")
        return "Real" if kinds else None

    @display(description="Calls")
    def calls(self, endpoint: Endpoint) -> str:
        url = reverse("admin:telemetry_calllog_changelist")
        return link(f"{url}?{urlencode({'endpoint': endpoint.name})}", "show")


def _named(target: Target) -> str:
    return str(target.model) if target.enabled else f"{target.model} (off)"
