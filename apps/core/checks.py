"""System checks: settings that are fine one by one and wrong together."""

import ipaddress
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, register

LINK_LOCAL = [ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fe80::/10")]


@register(checks.Tags.compatibility)
def check_combinations(
    app_configs: Sequence[AppConfig] | None, **options: Any
) -> list[CheckMessage]:
    """Find combinations that cannot hold what the portal promises."""
    found: list[CheckMessage] = [*check_timeouts(), *check_upstreams(), *check_names()]
    if settings.PORTAL_MODE == "production":
        found += check_production()
    elif settings.PORTAL_PLANE != "all" and settings.CELERY_BROKER_URL.startswith("folder:"):
        found.append(
            checks.Warning(
                "The planes run apart, on one machine's files.",
                hint="Set PORTAL_MODE=production with a database and a broker that are servers.",
                id="portal.W003",
            )
        )
    return found


def check_production() -> list[CheckMessage]:
    """Production runs on servers, under a name, encrypted."""
    found: list[CheckMessage] = []
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        found.append(Error("Production needs PostgreSQL.", id="portal.E001"))
    if not settings.CELERY_BROKER_URL.startswith(("redis", "amqp", "sentinel")):
        found.append(Error("Production needs Redis or RabbitMQ as broker.", id="portal.E002"))
    if not settings.PORTAL_PUBLIC_URL.startswith("https://"):
        found.append(Error("PORTAL_PUBLIC_URL must be https in production.", id="portal.E003"))
    if settings.PORTAL_SIMULATOR_PORT:
        found.append(Error("Production has no simulated provider.", id="portal.E007"))
    if "*" in settings.ALLOWED_HOSTS:
        found.append(Error("PORTAL_ALLOWED_HOSTS must name hosts, not '*'.", id="portal.E004"))
    if "locmem" in settings.CACHES["default"]["BACKEND"]:
        found.append(
            checks.Warning(
                "Limits before authentication count per process.",
                hint="Give the processes a shared cache.",
                id="portal.W002",
            )
        )
    return found


def check_timeouts() -> list[CheckMessage]:
    """A part of a call cannot last longer than the whole."""
    longest = max(
        settings.PORTAL_TIMEOUT_CONNECT_S,
        settings.PORTAL_TIMEOUT_FIRST_BYTE_S,
        settings.PORTAL_TIMEOUT_IDLE_S,
    )
    if longest <= settings.PORTAL_TIMEOUT_TOTAL_S:
        return []
    return [
        Error(
            "PORTAL_TIMEOUT_TOTAL_S is shorter than one of its parts.",
            hint="A longer connect, first-byte or idle timeout would never be reached.",
            id="portal.E005",
        )
    ]


def check_upstreams() -> list[CheckMessage]:
    """Link-local addresses are metadata services of clouds: no list opens them."""
    found: list[CheckMessage] = []
    for upstream in settings.PORTAL_PRIVATE_UPSTREAMS:
        host = upstream.rpartition(":")[0].strip("[]")
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            continue
        if any(address in network for network in LINK_LOCAL):
            message = f"PORTAL_PRIVATE_UPSTREAMS names {upstream}, which is never allowed."
            found.append(Error(message, id="portal.E006"))
    return found


def check_names() -> list[CheckMessage]:
    """A name with our prefix that nobody reads is most likely misspelled."""
    return [
        checks.Warning(f"{name} is set and means nothing to the portal.", id="portal.W001")
        for name in settings.PORTAL_UNKNOWN_NAMES
    ]
