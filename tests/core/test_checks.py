"""System checks."""

from typing import Any

import pytest

from apps.core.checks import check_combinations

PRODUCTION: dict[str, Any] = {
    "PORTAL_MODE": "production",
    "PORTAL_PUBLIC_URL": "https://portal.example.org",
    "ALLOWED_HOSTS": ["portal.example.org"],
    "CELERY_BROKER_URL": "redis://db/0",
    "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql"}},
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}},
}


class TestCheckCombinations:
    def test_finds_nothing_in_the_embedded_defaults(self) -> None:
        assert check_combinations(None) == []

    @pytest.mark.parametrize(
        ("changes", "found"),
        [
            ({}, []),
            ({"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3"}}}, ["portal.E001"]),
            ({"CELERY_BROKER_URL": "folder://"}, ["portal.E002"]),
            ({"PORTAL_PUBLIC_URL": "http://portal.example.org"}, ["portal.E003"]),
            ({"ALLOWED_HOSTS": ["*"]}, ["portal.E004"]),
            ({"PORTAL_TIMEOUT_TOTAL_S": 30.0}, ["portal.E005"]),
            ({"PORTAL_PRIVATE_UPSTREAMS": ("169.254.169.254:80", "10.0.0.1:80")}, ["portal.E006"]),
            ({"PORTAL_PRIVATE_UPSTREAMS": ("[fe80::1]:80",)}, ["portal.E006"]),
            ({"PORTAL_SIMULATOR_PORT": 8001}, ["portal.E007"]),
            ({"PORTAL_UNKNOWN_NAMES": ["PORTAL_MODUS"]}, ["portal.W001"]),
            ({"CACHES": {"default": {"BACKEND": "x.locmem.LocMemCache"}}}, ["portal.W002"]),
        ],
    )
    def test_names_each_wrong_combination_of_production(
        self, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], found: list[str]
    ) -> None:
        for name, value in (PRODUCTION | changes).items():
            monkeypatch.setattr(f"django.conf.settings.{name}", value)

        assert [message.id for message in check_combinations(None)] == found

    def test_warns_of_planes_apart_on_one_machines_files(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("django.conf.settings.PORTAL_PLANE", "data")
        monkeypatch.setattr("django.conf.settings.CELERY_BROKER_URL", "folder://")

        assert [message.id for message in check_combinations(None)] == ["portal.W003"]
