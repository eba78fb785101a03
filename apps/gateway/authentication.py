"""Who calls the data plane and what their key allows: DRF classes that touch memory only."""

from typing import TYPE_CHECKING, Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from typing_extensions import override

from apps.access import ring
from apps.access.credentials_in import presented_key
from apps.core.errors import AuthenticationError, ScopeMissingError
from apps.core.principal import Principal

if TYPE_CHECKING:
    from apps.gateway.edge import EdgeRequest, EdgeView


class ApiKeyAuthentication(BaseAuthentication):
    """An API key in one of four headers; never in the query string."""

    async def admit(self, request: "EdgeRequest") -> tuple[Principal, Principal]:
        """The caller (as user and as auth). Awaits only when the key is not in memory yet.

        Raises:
            AuthenticationError: no key, or one that is not valid now.
        """
        token = presented_key(request.headers)
        if token is None:
            hint = " A key in the query string is not read." if "key" in request.query else ""
            raise AuthenticationError(
                "No API key: send `Authorization: Bearer ptl_…`, or the same key as `x-api-key`, "
                f"`x-goog-api-key` or `api-key`.{hint}"
            )
        principal = ring.cached(token)
        if principal is None:
            principal = await ring.lookup(token)
        return principal, principal

    @override
    def authenticate_header(self, request: Any) -> str:
        """The challenge for 401 answers."""
        return "Bearer"


class HasScope(BasePermission):
    """The principal has the scope that the view names."""

    @override
    def has_permission(self, request: "EdgeRequest", view: "EdgeView") -> bool:  # type: ignore[override]
        """True, or ScopeMissingError that names what is missing."""
        principal: Principal = request.auth
        scope = view.needed_scope(request)
        if scope not in principal.scopes:
            raise ScopeMissingError(
                f"This API key lacks the scope `{scope}`; ask an administrator to grant it."
            )
        return True
