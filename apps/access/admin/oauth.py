"""django-oauth-toolkit's tables in the portal's look: to look at, masked, and to revoke."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from oauth2_provider import admin as _toolkit  # noqa: F401  (registers first what we register anew)
from oauth2_provider.models import (
    AccessToken,
    Grant,
    IDToken,
    RefreshToken,
    revoke_access_token,
)

from apps.access.models import Application
from apps.core.admin.base import ReadOnlyAdmin

for _model in (Application, AccessToken, RefreshToken, Grant, IDToken):
    admin.site.unregister(_model)


class TokenAdmin(ReadOnlyAdmin):
    """Issued by the protocol, taken back by an action: no form, and no secret, ever."""

    list_filter = ["application"]
    list_select_related = ["application", "user"]
    search_fields = ["application__slug", "application__name", "user__username"]
    exclude = ["token", "token_checksum", "code", "code_challenge", "nonce", "claims"]

    def has_revoke_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        name = f"{self.opts.app_label}.change_{self.opts.model_name}"
        return request.user.has_perm(name)


@admin.register(AccessToken)
class AccessTokenAdmin(TokenAdmin):
    """Access tokens, without the token."""

    list_display = ["id", "application", "user", "scope", "expires"]
    actions = ["revoke_tokens"]

    @admin.action(description="Revoke the selected tokens", permissions=["revoke"])
    def revoke_tokens(self, request: HttpRequest, queryset: Any) -> None:
        for token in queryset:
            # With the refresh token that could mint the next one.
            revoke_access_token(token)
        self.message_user(request, "Revoked.", messages.SUCCESS)


@admin.register(RefreshToken)
class RefreshTokenAdmin(TokenAdmin):
    """Refresh tokens, without the token."""

    list_display = ["id", "application", "user", "created", "revoked"]
    actions = ["revoke_tokens"]

    @admin.action(description="Revoke the selected tokens", permissions=["revoke"])
    def revoke_tokens(self, request: HttpRequest, queryset: Any) -> None:
        for token in queryset:
            token.revoke()
        self.message_user(request, "Revoked.", messages.SUCCESS)


@admin.register(Grant)
class GrantAdmin(TokenAdmin):
    """Authorization codes under way, without the code."""

    list_display = ["id", "application", "user", "scope", "expires"]


@admin.register(IDToken)
class IDTokenAdmin(TokenAdmin):
    """ID tokens."""

    list_display = ["jti", "application", "user", "scope", "expires"]
