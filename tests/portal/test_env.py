"""The typed environment."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from portal import env
from portal.env import EnvironmentInvalidError

KEYS = "1:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
PRODUCTION = {
    "PORTAL_MODE": "production",
    "PORTAL_SECRET_KEY": "s" * 40,
    "PORTAL_KEY_ENCRYPTION_KEYS": KEYS,
    "PORTAL_KEY_PEPPER": "p" * 40,
    "PORTAL_DATABASE_URL": "postgresql://portal:hunter2@db/portal",
    "PORTAL_BROKER_URL": "redis://broker/0",
    "PORTAL_ALLOWED_HOSTS": "portal.example.org",
    "PORTAL_PUBLIC_URL": "https://portal.example.org/",
}


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("PORTAL_") or name == "PORT":
            monkeypatch.delenv(name)
    monkeypatch.setenv("PORTAL_HOME", str(tmp_path / "home"))


def read(**overrides: Any) -> env.Environment:
    return env.read(_env_file=None, **overrides)


class TestRead:
    def test_has_a_working_value_for_everything_in_embedded_mode(self, tmp_path: Path) -> None:
        found = read()

        assert found.home == tmp_path / "home"
        assert (found.mode, found.plane, found.log_bodies) == ("embedded", "all", "errors")
        assert found.max_body_bytes == 25 * 1024 * 1024
        assert len(found.secret_key.get_secret_value()) >= 32

    def test_makes_secrets_once_and_for_its_owner_only(self, tmp_path: Path) -> None:
        first, second = read(), read()

        file = tmp_path / "home" / "secrets.json"
        assert first == second
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700

    def test_lets_the_operator_choose_a_secret(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PORTAL_KEY_PEPPER", "q" * 40)

        assert read().key_pepper.get_secret_value() == "q" * 40

    def test_makes_no_file_when_all_secrets_are_chosen(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        for name in ["PORTAL_SECRET_KEY", "PORTAL_KEY_PEPPER", "PORTAL_KEY_ENCRYPTION_KEYS"]:
            monkeypatch.setenv(name, PRODUCTION[name])

        read()

        assert not (tmp_path / "home" / "secrets.json").exists()

    def test_reads_lists_divided_by_commas(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PORTAL_PRIVATE_UPSTREAMS", "127.0.0.1:9101, Ollama:11434")
        monkeypatch.setenv("PORTAL_TRUSTED_PROXIES", "10.1.2.3/8")

        found = read()

        assert found.private_upstreams == ("127.0.0.1:9101", "ollama:11434")
        assert found.trusted_proxies == ("10.0.0.0/8",)

    @pytest.mark.parametrize("value", ["", " "])
    def test_takes_an_empty_value_as_none(
        self, monkeypatch: pytest.MonkeyPatch, value: str
    ) -> None:
        monkeypatch.setenv("PORTAL_PRIVATE_UPSTREAMS", value)

        assert read().private_upstreams == ()

    def test_takes_port_without_prefix_and_lets_the_public_url_follow(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PORT", "9000")

        assert (read().port, read().public_url) == (9000, "http://127.0.0.1:9000")

    def test_prefers_its_own_name_of_the_port(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PORT", "9000")
        monkeypatch.setenv("PORTAL_PORT", "9001")

        assert read().port == 9001

    def test_reads_a_file_under_the_environment(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = tmp_path / ".env"
        file.write_text("PORTAL_LOG_BODIES=all\nPORTAL_PLANE=data\n")
        monkeypatch.setenv("PORTAL_PLANE", "control")

        found = env.read(_env_file=file)

        assert (found.log_bodies, found.plane) == ("all", "control")


class TestProduction:
    def test_starts_when_everything_is_decided(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in PRODUCTION.items():
            monkeypatch.setenv(name, value)

        found = read()

        assert found.public_url == "https://portal.example.org"
        assert found.allowed_hosts == ("portal.example.org",)

    def test_names_all_that_is_missing_and_wrong_in_one_list(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PORTAL_MODE", "production")
        monkeypatch.setenv("PORTAL_SECRET_KEY", "hunter2")
        monkeypatch.setenv("PORTAL_PLANE", "both")

        with pytest.raises(EnvironmentInvalidError) as refusal:
            read()

        text = str(refusal.value)
        for name in PRODUCTION.keys() - {"PORTAL_MODE", "PORTAL_SECRET_KEY"}:
            assert f"{name}: is missing" in text
        assert "PORTAL_SECRET_KEY: Value error, needs at least 32" in text
        assert "PORTAL_PLANE" in text
        assert "hunter2" not in text

    def test_makes_no_secrets_of_its_own(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PORTAL_MODE", "production")

        with pytest.raises(EnvironmentInvalidError):
            read()

        assert not (tmp_path / "home" / "secrets.json").exists()


class TestValidation:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("PORTAL_PRIVATE_UPSTREAMS", "ollama"),
            ("PORTAL_PRIVATE_UPSTREAMS", "ollama:99999"),
            ("PORTAL_TRUSTED_PROXIES", "nonsense"),
            ("PORTAL_KEY_ENCRYPTION_KEYS", "1:short"),
            ("PORTAL_KEY_ENCRYPTION_KEYS", f"{KEYS},{KEYS}"),
            ("PORTAL_KEY_ENCRYPTION_KEYS", f"0{KEYS[1:]}"),
            ("PORTAL_PUBLIC_URL", "portal.example.org"),
            ("PORTAL_MAX_BODY_BYTES", "0"),
            ("PORTAL_TIMEOUT_TOTAL_S", "-1"),
            ("PORTAL_LOG_BODIES", "some"),
            ("PORTAL_MODE", "prod"),
        ],
    )
    def test_refuses_what_cannot_be(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str
    ) -> None:
        monkeypatch.setenv(name, value)

        with pytest.raises(EnvironmentInvalidError, match=name):
            read()


class TestUnknownNames:
    def test_names_what_is_most_likely_misspelled(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PORTAL_DATABSE_URL", "x")
        monkeypatch.setenv("PORTAL_SECRET_OPENAI", "x")
        monkeypatch.setenv("PORTAL_TEST_REDIS_URL", "x")

        assert env.unknown_names() == ["PORTAL_DATABSE_URL"]


class TestSecretsFile:
    def test_holds_strings_that_the_settings_take(self, tmp_path: Path) -> None:
        read()

        values = json.loads((tmp_path / "home" / "secrets.json").read_text())
        assert set(values) == {"secret_key", "key_encryption_keys", "key_pepper"}


class TestRepr:
    def test_shows_no_secret(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in PRODUCTION.items():
            monkeypatch.setenv(name, value)

        shown = repr(read())

        assert "hunter2" not in shown
        assert "s" * 40 not in shown
        assert KEYS not in shown
