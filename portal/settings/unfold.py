"""The admin's look: its name, its colours, its menu. No page asks another host for anything."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

from portal.settings.base import BASE_DIR

STATICFILES_DIRS = [BASE_DIR / "static"]


def _may_view(app: str, model: str) -> Callable[[HttpRequest], bool]:
    def permission(request: HttpRequest) -> bool:
        return any(request.user.has_perm(f"{app}.{act}_{model}") for act in ("view", "change"))

    return permission


def _item(title: str, icon: str, app: str, model: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{model}_changelist"),
        "permission": _may_view(app, model),
    }


def _group(title: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": list(items)}


_NAVIGATION = [
    {
        "items": [
            {"title": "Overview", "icon": "space_dashboard", "link": reverse_lazy("admin:index")}
        ]
    },
    _group(
        "Calls",
        _item("Calls", "swap_calls", "telemetry", "calllog"),
        _item("Attempts", "network_ping", "telemetry", "attemptlog"),
    ),
    _group(
        "Publish",
        _item("Endpoints", "hub", "inference", "endpoint"),
        _item("Providers", "cloud", "providers", "provider"),
        _item("Models", "deployed_code", "providers", "providermodel"),
        _item("Credentials", "lock", "credentials", "credential"),
    ),
    _group(
        "Access",
        _item("Applications", "apps", "access", "application"),
        _item("API keys", "key", "access", "apikey"),
        _item("Teams", "groups", "accounts", "team"),
        _item("Users", "person", "accounts", "user"),
        _item("Groups of users", "shield_person", "auth", "group"),
    ),
    _group("Usage", _item("Usage records", "receipt_long", "metering", "usagerecord")),
    _group(
        "OAuth",
        _item("Access tokens", "token", "oauth2_provider", "accesstoken"),
        _item("Refresh tokens", "autorenew", "oauth2_provider", "refreshtoken"),
        _item("ID tokens", "badge", "oauth2_provider", "idtoken"),
        _item("Grants", "handshake", "oauth2_provider", "grant"),
    ),
    _group(
        "Schedules",
        _item("Tasks", "schedule", "django_celery_beat", "periodictask"),
        _item("Crontabs", "calendar_month", "django_celery_beat", "crontabschedule"),
        _item("Intervals", "timer", "django_celery_beat", "intervalschedule"),
        _item("Clocked", "alarm", "django_celery_beat", "clockedschedule"),
        _item("Solar", "light_mode", "django_celery_beat", "solarschedule"),
    ),
]

UNFOLD = {
    "SITE_TITLE": "Portal",
    "SITE_HEADER": "Portal",
    "SITE_SUBHEADER": "AI gateway",
    "SITE_SYMBOL": "hub",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda request: static("portal/favicon.svg"),
        }
    ],
    "STYLES": [lambda request: static("portal/admin.css")],
    "DASHBOARD_CALLBACK": "apps.config.dashboard.add_overview",
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "oklch(97.0% .014 254.6)",
            "100": "oklch(93.2% .032 255.6)",
            "200": "oklch(88.2% .059 254.1)",
            "300": "oklch(80.9% .105 251.8)",
            "400": "oklch(70.7% .165 254.6)",
            "500": "oklch(62.3% .214 259.8)",
            "600": "oklch(54.6% .245 262.9)",
            "700": "oklch(48.8% .243 264.4)",
            "800": "oklch(42.4% .199 265.6)",
            "900": "oklch(37.9% .146 265.5)",
            "950": "oklch(28.2% .091 267.9)",
        }
    },
    "SIDEBAR": {"show_search": True, "navigation": _NAVIGATION},
}
