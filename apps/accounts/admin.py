"""People, groups and teams."""

import zoneinfo
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from typing_extensions import override
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelect2Widget

from apps.accounts.models import Membership, Team, User
from apps.core.admin.base import PortalAdmin, badge

admin.site.unregister(Group)

POWERS = ("is_superuser", "groups", "user_permissions")


class MembershipInline(TabularInline):
    """Who is in a team, as what."""

    model = Membership
    fields = ["user", "role"]
    autocomplete_fields = ["user"]
    extra = 0
    verbose_name = "member"


class TeamForm(forms.ModelForm):  # type: ignore[type-arg]
    """A team; its time zone is one that exists."""

    time_zone = forms.ChoiceField(
        choices=[(name, name) for name in sorted(zoneinfo.available_timezones())],
        widget=UnfoldAdminSelect2Widget,
        initial="UTC",
        help_text="Where the days and months of its quotas begin.",
    )

    class Meta:
        model = Team
        fields = ["slug", "name", "time_zone"]


@admin.register(Team)
class TeamAdmin(PortalAdmin):
    """Teams and their members."""

    form = TeamForm
    list_display = ["slug", "name", "members", "time_zone", "created_at"]
    search_fields = ["slug", "name"]
    ordering = ["slug"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [MembershipInline]

    @override
    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        teams: QuerySet[Team] = super().get_queryset(request)
        return teams.annotate(member_count=Count("memberships"))

    @display(description="Members", ordering="member_count")
    def members(self, team: Any) -> int:
        return int(team.member_count)


class TeamsInline(TabularInline):
    """The teams of a person."""

    model = Membership
    fields = ["team", "role"]
    autocomplete_fields = ["team"]
    extra = 0
    verbose_name = "team"
    verbose_name_plural = "teams"


@admin.register(User)
class UserAdmin(BaseUserAdmin, PortalAdmin):  # type: ignore[misc, type-arg]
    """People who sign in here."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "email", "full_name", "role", "is_active", "last_login"]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    search_fields = ["username", "email", "first_name", "last_name"]
    readonly_fields = ["last_login", "date_joined"]
    inlines = [TeamsInline]
    add_fieldsets = (
        (None, {"fields": ["username", "email", "usable_password", "password1", "password2"]}),
    )

    @display(description="Name", ordering="last_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @display(description="Role", ordering="is_superuser")
    def role(self, user: User) -> str:
        if user.is_superuser:
            return badge("warning", "Superuser")
        return badge("info", "Staff") if user.is_staff else badge("plain", "No access")

    @override
    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Nobody gives powers but who has them all."""
        fields = super().get_readonly_fields(request, obj)
        return fields if _is_superuser(request) else [*fields, *POWERS]

    @override
    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    @override
    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    @override
    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.inlines if obj else []


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, PortalAdmin):  # type: ignore[misc]
    """Permissions that several people share."""


def _is_superuser(request: HttpRequest) -> bool:
    return bool(getattr(request.user, "is_superuser", False))


def _may_touch(request: HttpRequest, user: User | None) -> bool:
    """A superuser's account, with its password, is for superusers."""
    return user is None or not user.is_superuser or _is_superuser(request)
