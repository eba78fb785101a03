"""Credentials: entered here, and never shown again."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from typing_extensions import override
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminTextInputWidget,
)

from apps.core.admin.base import PortalAdmin, add_portal_error, badge, page_action, unkept
from apps.core.errors import PortalError
from apps.credentials import services
from apps.credentials.models import Credential, CredentialVersion
from apps.providers.models import Provider


class SecretForm(forms.Form):
    """A secret for a provider; the field never gives back what was typed."""

    provider = forms.ModelChoiceField(
        Provider.objects.order_by("slug"), widget=UnfoldAdminSelect2Widget
    )
    name = forms.CharField(
        max_length=200,
        initial="default",
        widget=UnfoldAdminTextInputWidget,
        help_text="A provider can have several credentials; most have one.",
    )
    secret = forms.CharField(
        strip=True,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Stored encrypted, for the provider's present scheme, host and port only. "
        "Nobody can read it here again.",
    )


class VersionInline(TabularInline):
    """The secrets that a credential has had: number and last four characters, nothing else."""

    model = CredentialVersion
    fields = ["number", "ends_with", "status", "created_at"]
    readonly_fields = ["number", "ends_with", "status", "created_at"]
    ordering = ["-number"]
    extra = 0
    hide_title = True
    can_delete = False

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[CredentialVersion]:
        versions: QuerySet[CredentialVersion] = super().get_queryset(request)
        return versions.defer("sealed", "fingerprint")

    @override
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @override
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("credentials.view_credential")

    @display(description="Ends with")
    def ends_with(self, version: CredentialVersion) -> str:
        return _masked(version)

    @display(description="Status")
    def status(self, version: CredentialVersion) -> str:
        current = version.state == CredentialVersion.State.CURRENT
        return badge("success" if current else "plain", version.get_state_display())


@admin.register(Credential)
class CredentialAdmin(PortalAdmin):
    """What the portal presents to providers; secrets go in and never come out."""

    list_display = ["provider", "name", "ends_with", "version", "origin", "state", "priority"]
    list_filter = [("provider", RelatedDropdownFilter), ("status", ChoicesDropdownFilter)]
    list_select_related = ["provider"]
    search_fields = ["provider__slug", "name", "origin"]
    ordering = ["provider__slug", "priority", "name"]
    fieldsets = [
        (None, {"fields": [("provider", "name"), "state", ("status", "priority")]}),
        ("Secret", {"fields": [("ends_with", "version"), "origin"]}),
    ]
    readonly_fields = ["provider", "name", "ends_with", "version", "origin", "state"]
    inlines = [VersionInline]
    actions_detail = ["enter_secret"]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Credential]:
        credentials: QuerySet[Credential] = super().get_queryset(request)
        current = CredentialVersion.objects.filter(state=CredentialVersion.State.CURRENT)
        versions = Prefetch("versions", current.defer("sealed", "fingerprint"), "current_versions")
        return credentials.select_related("provider").prefetch_related(versions)

    @display(description="Ends with")
    def ends_with(self, credential: Credential) -> str | None:
        version = _current(credential)
        return _masked(version) if version else None

    @display(description="Version")
    def version(self, credential: Credential) -> int | None:
        version = _current(credential)
        return version.number if version else None

    @display(description="State")
    def state(self, credential: Credential) -> str:
        return badge(*_state(credential))

    @method_decorator(sensitive_post_parameters("secret"))
    @override
    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        initial = {"provider": request.GET.get("provider")}
        return self._ask(request, initial, title="Enter secret")

    def has_enter_secret_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("credentials.change_credential")

    @page_action(
        description="Enter a new secret",
        icon="key",
        url_path="enter-secret",
        permissions=["enter_secret"],
    )
    @method_decorator(sensitive_post_parameters("secret"))
    def enter_secret(self, request: HttpRequest, object_id: str) -> HttpResponse:
        credential = self.find(request, object_id)
        fixed = {"provider": credential.provider, "name": credential.name}
        return self._ask(request, fixed, title=f"Enter a new secret for {credential}", fixed=True)

    def _ask(
        self, request: HttpRequest, initial: dict[str, Any], *, title: str, fixed: bool = False
    ) -> HttpResponse:
        form = SecretForm(request.POST or None, initial=initial)
        if fixed:
            form.fields["provider"].disabled = form.fields["name"].disabled = True
        if form.is_valid() and (done := self._store(request, form)):
            return done
        template = "admin/credentials/enter_secret.html"
        return unkept(self.render_page(request, template, title, form=form).render())

    def _store(self, request: HttpRequest, form: SecretForm) -> HttpResponse | None:
        try:
            credential, changed = services.enter_secret(**form.cleaned_data)
        except PortalError as error:
            add_portal_error(form, error)
            return None
        if changed:
            self.log_change(request, credential, "Entered a secret.")
            self.message_user(request, f"Stored the secret of {credential}.", messages.SUCCESS)
        else:
            self.message_user(request, f"{credential} has this secret already.", messages.INFO)
        return redirect(reverse("admin:credentials_credential_change", args=[credential.pk]))


def _current(credential: Any) -> CredentialVersion | None:
    versions: list[CredentialVersion] = credential.current_versions
    return versions[0] if versions else None


def _state(credential: Credential) -> tuple[str, str]:
    if _current(credential) is None:
        return "danger", "Enter a secret"
    if credential.status != Credential.Status.ACTIVE:
        return "warning", "Disabled"
    if not services.is_usable(credential):
        return "danger", "Enter the secret again: the provider has moved"
    return "success", "Usable"


def _masked(version: CredentialVersion) -> str:
    return f"•••• {version.last_four}" if version.last_four else "••••"
