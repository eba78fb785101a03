"""Keys, passwords, cookies and headers of the control plane."""

from portal.settings.base import ENV, PORTAL_MODE, PORTAL_PUBLIC_URL

SECRET_KEY = ENV.secret_key.get_secret_value()
DEBUG = False
ALLOWED_HOSTS = list(ENV.allowed_hosts)

_HTTPS = PORTAL_PUBLIC_URL.startswith("https://")

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "admin:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    # For secrets that we made ourselves and that nobody can guess.
    "apps.access.hashers.RandomSecretHasher",
]

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [PORTAL_PUBLIC_URL]

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
X_FRAME_OPTIONS = "DENY"

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# Its own check wants a cache that all processes share. The embedded portal has one web process,
# whose counters are exact in memory; production is told to name a shared cache (portal.W002).
RATELIMIT_USE_CACHE = "default"
SILENCED_SYSTEM_CHECKS = (
    [
        "django_ratelimit.E003",
        "django_ratelimit.W001",
        *(
            ["security.W004", "security.W008", "security.W012", "security.W016"]
            if not _HTTPS
            else []
        ),
    ]
    if PORTAL_MODE == "embedded"
    else []
)
