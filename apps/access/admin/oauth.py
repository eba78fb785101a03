"""django-oauth-toolkit's tables in the portal's look: to look at, masked, and to revoke."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from oauth2_provider import admin as toolkit
from oauth2_provider.models import (
    get_access_token_model,
    get_application_model,
    get_grant_model,
    get_id_token_model,
    get_refresh_token_model,
)
from typing_extensions import override

from apps.core.admin.base import ReadOnlyAdmin

for _model in (
    get_application_model(),
    get_access_token_model(),
    get_grant_model(),
    get_id_token_model(),
    get_refresh_token_model(),
):
    admin.site.unregister(_model)


class TokenAdmin(ReadOnlyAdmin):
    """Issued by the protocol, taken back by an action: no form, and no secret, ever."""

    list_filter = ["application"]
    exclude = ["token", "token_checksum", "code", "code_challenge", "nonce", "claims"]

    def has_revoke_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        name = f"{self.opts.app_label}.change_{self.opts.model_name}"
        return request.user.has_perm(name)


@admin.register(get_access_token_model())
class AccessTokenAdmin(TokenAdmin, toolkit.AccessTokenAdmin):  # type: ignore[misc]
    """Access tokens, without the token."""

    list_display = ["id", "application", "user", "scope", "expires"]
    actions = ["revoke_tokens"]

    @override
    @admin.action(description="Revoke the selected tokens", permissions=["revoke"])
    def revoke_tokens(self, request: HttpRequest, queryset: Any) -> None:
        super().revoke_tokens(request, queryset)


@admin.register(get_refresh_token_model())
class RefreshTokenAdmin(TokenAdmin, toolkit.RefreshTokenAdmin):  # type: ignore[misc]
    """Refresh tokens, without the token."""

    list_display = ["id", "application", "user", "created", "revoked"]
    actions = ["revoke_tokens"]

    @override
    @admin.action(description="Revoke the selected tokens", permissions=["revoke"])
    def revoke_tokens(self, request: HttpRequest, queryset: Any) -> None:
        super().revoke_tokens(request, queryset)


@admin.register(get_grant_model())
class GrantAdmin(TokenAdmin, toolkit.GrantAdmin):  # type: ignore[misc]
    """Authorization codes under way, without the code."""

    list_display = ["id", "application", "user", "scope", "expires"]
    list_select_related = ["application", "user"]


@admin.register(get_id_token_model())
class IDTokenAdmin(TokenAdmin, toolkit.IDTokenAdmin):  # type: ignore[misc]
    """ID tokens."""

    list_display = ["jti", "application", "user", "scope", "expires"]
