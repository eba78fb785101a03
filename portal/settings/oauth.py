"""OAuth 2.1 by django-oauth-toolkit, strict from the start; its endpoints are not mounted yet."""

from apps.access.scopes import DEFAULT_SCOPES, SCOPES
from portal.settings.base import PORTAL_PUBLIC_URL

# All six are named: a foreign key to any of them needs its setting to exist.
OAUTH2_PROVIDER_APPLICATION_MODEL = "access.Application"
OAUTH2_PROVIDER_ACCESS_TOKEN_MODEL = "oauth2_provider.AccessToken"  # noqa: S105  (the name of a model)
OAUTH2_PROVIDER_REFRESH_TOKEN_MODEL = "oauth2_provider.RefreshToken"  # noqa: S105  (the name of a model)
OAUTH2_PROVIDER_ID_TOKEN_MODEL = "oauth2_provider.IDToken"  # noqa: S105  (the name of a model)
OAUTH2_PROVIDER_GRANT_MODEL = "oauth2_provider.Grant"
OAUTH2_PROVIDER_DEVICE_GRANT_MODEL = "oauth2_provider.DeviceGrant"

_BEST_CURRENT_PRACTICE = [
    "IMPLICIT_GRANT",
    "PASSWORD_GRANT",
    "PKCE_METHOD",
    "ACCESS_TOKEN_TRANSPORT",
    "AUTHZ_RESPONSE_ISS",
    "TOKEN_STORAGE",
    "REFRESH_TOKEN",
    "REDIRECT_URI_MATCHING",
    "PKCE_REQUIRED",
]

OAUTH2_PROVIDER = {
    **{f"COMPLIANT_BCP_RFC9700_{name}": True for name in _BEST_CURRENT_PRACTICE},
    "SCOPES": {scope.name: scope.description for scope in SCOPES.values()},
    "DEFAULT_SCOPES": list(DEFAULT_SCOPES),
    "ALLOW_LOCALHOST_LOOPBACK": True,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https", "http"],
    "PKCE_REQUIRED": True,
    "ROTATE_REFRESH_TOKEN": True,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "CLIENT_SECRET_GENERATOR_LENGTH": 64,
    "CLIENT_SECRET_HASHER": "portal_hmac",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 900,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 2_592_000,
    "AUTHORIZATION_CODE_EXPIRE_SECONDS": 60,
    "OAUTH2_GRANT_TYPES_SUPPORTED": ["authorization_code", "refresh_token", "client_credentials"],
    "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
    "OAUTH2_TOKEN_ENDPOINT_AUTH_METHODS_SUPPORTED": [
        "none",
        "client_secret_basic",
        "client_secret_post",
    ],
    "OIDC_ISS_ENDPOINT": PORTAL_PUBLIC_URL,
    "OAUTH2_PROTECTED_RESOURCE_AUTHORIZATION_SERVERS": [PORTAL_PUBLIC_URL],
}
