"""Applications, database, pages, and the portal's own values."""

import warnings
from pathlib import Path
from typing import Any

from portal import env, env_example
from portal.databases import database_from_url

ENV = env.load()
BASE_DIR = env.BASE_DIR

# The portal's own values, named as in the environment.

PORTAL_MODE: str = ENV.mode
PORTAL_PLANE: str = ENV.plane
PORTAL_HOME: Path = ENV.home
PORTAL_PORT: int = ENV.port
PORTAL_PUBLIC_URL: str = ENV.public_url
PORTAL_SIMULATOR_PORT: int = ENV.simulator_port
PORTAL_PRIVATE_UPSTREAMS: tuple[str, ...] = (
    *ENV.private_upstreams,
    *([f"127.0.0.1:{ENV.simulator_port}"] if ENV.simulator_port else []),
)
PORTAL_TRUSTED_PROXIES: tuple[str, ...] = ENV.trusted_proxies
PORTAL_KEY_ENCRYPTION_KEYS: dict[int, bytes] = env.parse_key_encryption_keys(
    ENV.key_encryption_keys
)
PORTAL_KEY_PEPPER: bytes = ENV.key_pepper.get_secret_value().encode()
PORTAL_MAX_BODY_BYTES: int = ENV.max_body_bytes
PORTAL_MAX_REPLY_BYTES: int = ENV.max_reply_bytes
PORTAL_LOG_BODIES: str = ENV.log_bodies
PORTAL_LOG_BODY_BYTES: int = ENV.log_body_bytes
PORTAL_LOG_RETENTION_DAYS: int = ENV.log_retention_days
PORTAL_TIMEOUT_CONNECT_S: float = ENV.timeout_connect_s
PORTAL_TIMEOUT_FIRST_BYTE_S: float = ENV.timeout_first_byte_s
PORTAL_TIMEOUT_IDLE_S: float = ENV.timeout_idle_s
PORTAL_TIMEOUT_TOTAL_S: float = ENV.timeout_total_s
PORTAL_SNAPSHOT_POLL_MS: int = ENV.snapshot_poll_ms
PORTAL_CHILD_ENVIRONMENT = env.child_environment
PORTAL_ENV_EXAMPLE = env_example.render
PORTAL_UNKNOWN_NAMES: list[str] = env.unknown_names()
PORTAL_READ_SECRET = env.secret

# Apps: first those whose templates and commands win, the portal's own from the ground floor up.

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "oauth2_provider",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "apps.core",
    "apps.accounts",
    "apps.access",
    "apps.providers",
    "apps.credentials",
    "apps.metering",
    "apps.telemetry",
    "apps.inference",
    "apps.gateway",
    "apps.config",
]

MIDDLEWARE = [
    "portal.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "portal.urls"
ASGI_APPLICATION = "portal.asgi.application"
WSGI_APPLICATION = "portal.wsgi.application"
APPEND_SLASH = False
SILENCED_SYSTEM_CHECKS: list[str] = []

DATABASES: dict[str, Any] = {
    "default": database_from_url(
        ENV.database_url.get_secret_value(), home=ENV.home, pool=ENV.database_pool
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
# Straight from the packages unless they were collected, as the image for production does.
warnings.filterwarnings("ignore", message="No directory at", category=UserWarning)
# Whitenoise hands its files out synchronously; they are small, and browsers keep them.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
