"""Applications: who may call, as what, with which scopes."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from typing_extensions import override
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from apps.access import services
from apps.access.admin import oauth  # noqa: F401  (takes the toolkit's own registration back)
from apps.access.admin.scope_field import ScopesField
from apps.access.models import APIKey, Application
from apps.access.scopes import DEFAULT_SCOPES
from apps.core.admin.base import ServiceAdmin, ServiceForm, badge, link, page_action


class ApplicationForm(ServiceForm):
    """An application as `create_application` takes it, and its later changes."""

    scopes = ScopesField(
        required=False,
        initial=list(DEFAULT_SCOPES),
        help_text="No key or token of it can have more.",
    )

    class Meta:
        model = Application
        fields = ["name", "slug", "team", "kind", "scopes"]

    @override
    def store(self, instance: Application) -> None:
        if instance._state.adding:  # noqa: SLF001  (Django documents it)
            made = services.create_application(
                slug=instance.slug,
                team=instance.team,
                name=instance.name,
                kind=instance.kind,
                scopes=instance.scopes,
            )
            instance.__dict__.update(made.__dict__)
        else:
            instance.scopes = services.check_scopes(instance.scopes)
            instance.save()


@admin.register(Application)
class ApplicationAdmin(ServiceAdmin):
    """Applications: what may call, and the ceiling of what its keys may do."""

    form = ApplicationForm
    list_display = ["slug", "name", "team", "what", "state", "keys_link", "created_at"]
    list_filter = [
        ("team", RelatedDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
    ]
    list_select_related = ["team"]
    search_fields = ["slug", "name", "team__slug", "id__exact"]
    ordering = ["slug"]
    autocomplete_fields = ["team"]
    fieldsets = [
        (None, {"fields": [("name", "slug"), ("team", "kind")]}),
        ("Rights", {"fields": ["scopes"]}),
    ]
    view_on_site = False
    actions_detail = ["issue_key", "suspend", "resume"]

    @override
    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.fieldsets
        return [
            (None, {"fields": [("name", "slug"), ("team", "kind"), "state"]}),
            ("Rights", {"fields": ["scopes"]}),
            ("Record", {"fields": [("id", "created_at")]}),
        ]

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["slug", "state", "id", "created_at"] if obj else []

    @override
    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else {"slug": ["name"]}

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Application]:
        applications: QuerySet[Application] = super().get_queryset(request)
        usable = Q(keys__state__in=[APIKey.State.ACTIVE, APIKey.State.OVERLAP])
        return applications.annotate(key_count=Count("keys", filter=usable))

    @display(description="Kind", ordering="kind")
    def what(self, application: Application) -> str:
        is_agent = application.kind == Application.Kind.AGENT
        return badge("info" if is_agent else "plain", application.get_kind_display())

    @display(description="Status", ordering="status")
    def state(self, application: Application) -> str:
        is_active = application.status == Application.Status.ACTIVE
        return badge("success" if is_active else "danger", application.get_status_display())

    @display(description="Keys", ordering="key_count")
    def keys_link(self, application: Any) -> str:
        url = reverse("admin:access_apikey_changelist")
        return link(f"{url}?application__id__exact={application.pk}", str(application.key_count))

    def has_issue_key_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("access.add_apikey")

    @page_action(description="Issue key", icon="key", permissions=["issue_key"])
    def issue_key(self, request: HttpRequest, object_id: str) -> Any:
        return redirect(f"{reverse('admin:access_apikey_add')}?application={unquote(object_id)}")

    @page_action(description="Suspend", icon="block", permissions=["change"])
    def suspend(self, request: HttpRequest, object_id: str) -> Any:
        return self._confirm(
            request,
            object_id,
            services.suspend_application,
            verb="Suspend",
            text="None of its keys and tokens is let in until it is resumed.",
        )

    @page_action(description="Resume", icon="play_arrow", permissions=["change"])
    def resume(self, request: HttpRequest, object_id: str) -> Any:
        return self._confirm(
            request,
            object_id,
            services.resume_application,
            verb="Resume",
            text="Its keys and tokens are let in again.",
        )

    def _confirm(
        self, request: HttpRequest, object_id: str, act: Any, *, verb: str, text: str
    ) -> Any:
        application = self.find(request, object_id)
        back = reverse("admin:access_application_change", args=[application.pk])
        if request.method == "POST":
            act(application=application)
            self.log_change(request, application, f"{verb}.")
            self.message_user(request, f"{verb}: {application.slug}.", messages.SUCCESS)
            return redirect(back)
        context = {"text": text, "verb": verb, "back": back}
        title = f"{verb} {application.slug}"
        return self.render_page(request, "admin/access/confirm.html", title, **context)

    @override
    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Of suspending and resuming, the one that would change something."""
        active = Application.objects.active().filter(pk=unquote(object_id)).exists()
        hidden = "resume" if active else "suspend"
        actions = super().get_actions_detail(request, object_id)
        return [each for each in actions if not each.action_name.endswith(f"_{hidden}")]
