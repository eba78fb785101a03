"""API keys: issued, shown once, revoked."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from typing_extensions import override
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminSelect2Widget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from apps.access import services
from apps.access.admin.scope_field import ScopesField
from apps.access.models import APIKey, Application
from apps.core import formats
from apps.core.admin.base import PortalAdmin, add_portal_error, badge, link, page_action, unkept
from apps.core.errors import PortalError

STATES = {"active": "success", "overlap": "warning", "revoked": "danger", "expired": "danger"}
LIFETIMES = [
    ("7", "7 days"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("180", "180 days"),
    ("365", "a year"),
    ("", "until it is revoked"),
]


class ApplicationChoiceForm(forms.Form):
    """For which application: what its keys may do depends on it."""

    application = forms.ModelChoiceField(
        Application.objects.active().order_by("slug"), widget=UnfoldAdminSelect2Widget
    )


class IssueForm(forms.Form):
    """What a new key is for and how long it lives."""

    name = forms.CharField(
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="Where it will be used, so that it can be found again.",
    )
    lifetime_days = forms.ChoiceField(
        label="Accepted for",
        choices=LIFETIMES,
        initial="90",
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    endpoints = forms.CharField(
        label="Only these endpoints",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Published names, one a line. Empty: all that its team may call.",
    )

    def __init__(self, data: Any = None, *, application: Application) -> None:
        super().__init__(data)
        self.fields["scopes"] = ScopesField(
            allowed=application.scopes,
            initial=application.scopes,
            help_text=f"What {application.slug} may do at most.",
        )

    def clean_endpoints(self) -> list[str] | None:
        return self.cleaned_data["endpoints"].split() or None


class RevokeForm(forms.Form):
    """Why."""

    reason = forms.CharField(max_length=200, required=False, widget=UnfoldAdminTextInputWidget)


@admin.register(APIKey)
class APIKeyAdmin(PortalAdmin):
    """Keys: only ever masked, and taken back instead of deleted."""

    list_display = [
        "name", "key", "application", "team", "status", "scope_count", "expires", "last_used",
    ]  # fmt: skip
    list_filter = [("application", RelatedDropdownFilter), ("state", ChoicesDropdownFilter)]
    list_select_related = ["application__team"]
    search_fields = ["name", "public_id", "id__exact", "application__slug"]
    search_help_text = "Name, application, id, or the middle part of a key"
    ordering = ["-created_at", "-id"]
    fieldsets = [
        (None, {"fields": [("name", "key"), ("application_link", "status")]}),
        ("Rights", {"fields": ["granted", "allowed"]}),
        (
            "Life",
            {
                "fields": [
                    ("created", "expires"),
                    ("last_used", "revoked"),
                    ("revoked_by", "revoked_reason"),
                    ("id", "parent"),
                ]
            },
        ),
    ]
    readonly_fields = [
        "key", "application_link", "status", "granted", "allowed", "created", "expires",
        "last_used", "revoked", "revoked_by", "id",
    ]  # fmt: skip
    actions_detail = ["revoke"]
    warn_unsaved_form = False

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        key = APIKey.objects.filter(pk=unquote(object_id or "")).exclude(state=APIKey.State.REVOKED)
        return request.user.has_perm("access.change_apikey") and key.exists()

    @override
    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        choice = ApplicationChoiceForm(request.GET if "application" in request.GET else None)
        if not choice.is_valid():
            template = "admin/access/choose_application.html"
            return self.render_page(request, template, "Issue key", form=choice)
        application: Application = choice.cleaned_data["application"]
        form = IssueForm(request.POST or None, application=application)
        if request.method == "POST" and form.is_valid():
            issued = self._issue(request, application, form)
            if issued is not None:
                return issued
        title = f"Issue key for {application.slug}"
        return self.render_page(request, "admin/access/issue_key.html", title, form=form)

    def _issue(
        self, request: HttpRequest, application: Application, form: IssueForm
    ) -> HttpResponse | None:
        asked = form.cleaned_data
        days = asked["lifetime_days"]
        try:
            key, text = services.issue_key(
                application=application,
                name=asked["name"],
                scopes=asked["scopes"],
                endpoints=asked["endpoints"],
                expires_at=timezone.now() + timedelta(days=int(days)) if days else None,
            )
        except PortalError as error:
            add_portal_error(form, error)
            return None
        self.log_addition(request, key, "Issued.")
        context = {"key": key, "text": text, "base_url": settings.PORTAL_PUBLIC_URL}
        page = self.render_page(request, "admin/access/issued.html", "New API key", **context)
        return unkept(page.render())

    @page_action(description="Revoke", icon="block", permissions=["revoke"])
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self.find(request, object_id)
        form = RevokeForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            reason = form.cleaned_data["reason"]
            by = str(request.user.pk)
            services.revoke_key(key=key, by=by, reason=reason, now=timezone.now())
            self.log_change(request, key, f"Revoked. {reason}".strip())
            self.message_user(request, f"Revoked {key}.", messages.SUCCESS)
            return redirect(reverse("admin:access_apikey_change", args=[key.pk]))
        context = {
            "form": form,
            "verb": "Revoke",
            "danger": True,
            "text": "It is refused from now on, with every key that it delegated. There is no way "
            "back.",
            "back": reverse("admin:access_apikey_change", args=[key.pk]),
        }
        return self.render_page(request, "admin/access/confirm.html", f"Revoke {key}", **context)

    @display(description="Key")
    def key(self, key: APIKey) -> str:
        return key.masked

    @display(description="Team", ordering="application__team__slug")
    def team(self, key: APIKey) -> str:
        return key.application.team.slug

    @display(description="Application")
    def application_link(self, key: APIKey) -> str:
        url = reverse("admin:access_application_change", args=[key.application_id])
        return link(url, key.application.slug)

    @display(description="Status", ordering="state")
    def status(self, key: APIKey) -> str:
        if key.state != APIKey.State.REVOKED and _is_past(key):
            return badge("danger", "Expired")
        return badge(STATES[key.state], key.get_state_display())

    @display(description="Scopes")
    def scope_count(self, key: APIKey) -> int:
        return len(key.scopes)

    @display(description="Scopes")
    def granted(self, key: APIKey) -> str:
        return ", ".join(key.scopes)

    @display(description="Endpoints")
    def allowed(self, key: APIKey) -> str:
        return "all of its team" if key.endpoints is None else ", ".join(key.endpoints)

    @display(description="Created (UTC)", ordering="created_at")
    def created(self, key: APIKey) -> str:
        return formats.moment(key.created_at)

    @display(description="Expires (UTC)", ordering="expires_at")
    def expires(self, key: APIKey) -> str:
        return formats.moment(key.expires_at) if key.expires_at else "never"

    @display(description="Last used (UTC)", ordering="last_used_at")
    def last_used(self, key: APIKey) -> str:
        return formats.moment(key.last_used_at) if key.last_used_at else "never"

    @display(description="Revoked (UTC)")
    def revoked(self, key: APIKey) -> str:
        return formats.moment(key.revoked_at)


def _is_past(key: APIKey) -> bool:
    return key.expires_at is not None and key.expires_at <= timezone.now()
