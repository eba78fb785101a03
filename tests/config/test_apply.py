"""Apply a configuration file: all of it or none, twice like once, and no word of a secret."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from apps.access.models import Application
from apps.accounts.models import Team
from apps.config.document import ConfigurationError, parse
from apps.config.services.apply import Outcome, apply
from apps.credentials import services as credentials
from apps.credentials.models import Credential, CredentialVersion
from apps.inference.models import Endpoint, Target
from apps.providers.models import Provider, ProviderModel

pytestmark = pytest.mark.django_db
SECRET = "sk-of-the-provider-0123456789"
ENVIRONMENT = {"PORTAL_SECRET_OPENAI": SECRET}
DOCUMENT: dict[str, Any] = {
    "teams": [{"slug": "platform", "name": "Platform"}],
    "providers": [
        {
            "slug": "openai",
            "dialect": "openai_chat",
            "base_url": "https://api.openai.com/v1",
            "credential": {"value_from": "env:PORTAL_SECRET_OPENAI"},
            "models": [
                {
                    "name": "gpt-5-mini",
                    "max_input_tokens": 272000,
                    "max_output_tokens": 128000,
                    "prices": {"input_usd_per_mtok": 0.25, "output_usd_per_mtok": 2.0},
                }
            ],
        },
        {
            "slug": "anthropic",
            "dialect": "anthropic_messages",
            "base_url": "https://api.anthropic.com",
            "credential": {"value": "sk-ant-other-secret-987654"},
            "models": [{"name": "claude-sonnet-5", "operations": ["chat", "count_tokens"]}],
        },
    ],
    "endpoints": [
        {
            "name": "fast",
            "targets": [
                {"model": "openai/gpt-5-mini", "priority": 1, "weight": 3},
                {"model": "anthropic/claude-sonnet-5", "priority": 2},
            ],
        }
    ],
    "applications": [
        {
            "slug": "ci-bot",
            "team": "platform",
            "kind": "agent",
            "scopes": ["inference:call", "models:read"],
        }
    ],
}
ROWS = (Team, Provider, ProviderModel, Credential, CredentialVersion, Endpoint, Target, Application)


def run(data: dict[str, Any], **how: Any) -> Outcome:
    source = parse(yaml.safe_dump(data, sort_keys=False), name="portal.yaml")
    return apply(source=source, read_secret=ENVIRONMENT.get, **how)


def changed(*path: Any, to: Any) -> dict[str, Any]:
    """The document with the value at `path` replaced (or added)."""
    data = copy.deepcopy(DOCUMENT)
    place: Any = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return data


def everything() -> list[Any]:
    return [list(row.objects.order_by("pk").values()) for row in ROWS]


class TestApply:
    def test_creates_what_the_file_names(self) -> None:
        outcome = run(DOCUMENT)

        model = ProviderModel.objects.get(name="gpt-5-mini")
        targets = Endpoint.objects.get(name="fast").targets.order_by("priority")
        application = Application.objects.get(slug="ci-bot")
        credential = Credential.objects.get(provider__slug="openai")
        assert (model.max_output_tokens, float(model.output_usd_per_mtok or 0)) == (128000, 2.0)
        assert [(t.model.name, t.weight) for t in targets] == [
            ("gpt-5-mini", 3),
            ("claude-sonnet-5", 1),
        ]
        assert (application.kind, application.team.slug) == ("agent", "platform")
        assert credentials.open_secret(version=credential.versions.get()) == SECRET
        assert outcome.changes[0] == "created team platform"
        assert "created application ci-bot" in outcome.changes

    def test_a_second_run_changes_nothing_and_says_so(self) -> None:
        first = run(DOCUMENT)
        before = everything()

        second = run(DOCUMENT)

        assert (second.changes, second.unchanged) == ([], len(first.changes))
        assert everything() == before

    def test_a_changed_line_changes_one_row(self) -> None:
        run(DOCUMENT)

        outcome = run(changed("endpoints", 0, "targets", 0, "weight", to=5))

        assert outcome.changes == ["changed endpoint fast"]
        assert Target.objects.get(model__name="gpt-5-mini").weight == 5

    def test_a_target_that_the_file_no_longer_lists_goes(self) -> None:
        run(DOCUMENT)

        run(changed("endpoints", 0, "targets", to=[{"model": "openai/gpt-5-mini"}]))

        assert [t.model.name for t in Target.objects.all()] == ["gpt-5-mini"]

    def test_nothing_else_is_ever_deleted(self) -> None:
        run(DOCUMENT)
        before = everything()

        outcome = run({})

        assert (outcome.changes, outcome.unchanged) == ([], 0)
        assert everything() == before

    def test_a_moved_provider_gets_its_secret_only_when_the_file_enters_it_again(self) -> None:
        run(DOCUMENT)
        moved = changed("providers", 0, "base_url", to="https://eu.api.openai.com/v1")
        without = copy.deepcopy(moved)
        del without["providers"][0]["credential"]

        run(without)
        usable_after_move = credentials.is_usable(Credential.objects.get(provider__slug="openai"))
        run(moved)

        assert not usable_after_move
        assert credentials.is_usable(Credential.objects.get(provider__slug="openai"))

    def test_what_belongs_to_a_team_is_found_by_team(self) -> None:
        data = copy.deepcopy(DOCUMENT)
        data["providers"].append({**data["providers"][0], "team": "platform"})
        data["endpoints"].append({**data["endpoints"][0], "team": "platform"})

        run(data)
        again = run(data)

        own = Endpoint.objects.get(team__slug="platform")
        assert again.changes == []
        assert {t.model.provider.team_id for t in own.targets.all()} == {own.team_id, None}


class TestDryRun:
    def test_says_what_it_would_do_and_does_nothing(self) -> None:
        before = everything()

        outcome = run(DOCUMENT, dry_run=True)

        assert "created endpoint fast" in outcome.changes
        assert everything() == before

    def test_complains_like_a_real_run(self) -> None:
        with pytest.raises(ConfigurationError):
            run(changed("applications", 0, "team", to="nobody"), dry_run=True)


def lines_of(data: dict[str, Any]) -> list[str]:
    """The file as `run` writes it."""
    return yaml.safe_dump(data, sort_keys=False).splitlines()


BROKEN: dict[str, tuple[dict[str, Any], str, str]] = {
    "team of an application": (
        changed("applications", 0, "team", to="platfrom"),
        "team: platfrom",
        "no team 'platfrom'; did you mean 'platform'?",
    ),
    "team of a provider": (
        changed("providers", 0, "team", to="nobody"),
        "team: nobody",
        "no team 'nobody'; known: platform",
    ),
    "team of an endpoint": (
        changed("endpoints", 0, "team", to="nobody"),
        "team: nobody",
        "no team 'nobody'; known: platform",
    ),
    "provider of a target": (
        changed("endpoints", 0, "targets", 0, "model", to="opnai/gpt-5-mini"),
        "model: opnai/gpt-5-mini",
        "no provider 'opnai'; did you mean 'openai'?",
    ),
    "model of a target": (
        changed("endpoints", 0, "targets", 1, "model", to="anthropic/claude-sonnet-4"),
        "model: anthropic/claude-sonnet-4",
        "anthropic has no model 'claude-sonnet-4'; did you mean 'claude-sonnet-5'?",
    ),
    "dialect": (
        changed("providers", 0, "dialect", to="openai_chatt"),
        "dialect: openai_chatt",
        "There is no dialect 'openai_chatt'; did you mean 'openai_chat'?",
    ),
    "operation": (
        changed("providers", 1, "models", 0, "operations", to=["chatt"]),
        "operations:",
        "There is no operation 'chatt'; did you mean 'chat'?",
    ),
    "option": (
        changed("providers", 0, "options", to={"no_such": 1}),
        "options:",
        "no_such",
    ),
    "auth": (changed("providers", 0, "auth", to="basic"), "auth: basic", "basic"),
    "private URL": (
        changed("providers", 0, "base_url", to="https://10.0.0.7/v1"),
        "base_url: https://10.0.0.7/v1",
        "PORTAL_PRIVATE_UPSTREAMS",
    ),
    "plain http": (
        changed("providers", 0, "base_url", to="http://api.openai.com/v1"),
        "base_url: http://api.openai.com/v1",
        "PORTAL_PRIVATE_UPSTREAMS",
    ),
    "secret without a prefix": (
        changed("providers", 0, "credential", "value_from", to="env:HOME"),
        "value_from: env:HOME",
        "must be env:PORTAL_SECRET_…",
    ),
    "secret of the portal itself": (
        changed("providers", 0, "credential", "value_from", to="env:PORTAL_SECRET"),
        "value_from: env:PORTAL_SECRET",
        "must be env:PORTAL_SECRET_…",
    ),
    "secret from a file": (
        changed("providers", 0, "credential", "value_from", to="file:/etc/passwd"),
        "value_from: file:/etc/passwd",
        "must be env:PORTAL_SECRET_…",
    ),
    "secret that is not there": (
        changed("providers", 0, "credential", "value_from", to="env:PORTAL_SECRET_NONE"),
        "value_from: env:PORTAL_SECRET_NONE",
        "the environment has no PORTAL_SECRET_NONE",
    ),
    "two secrets": (
        changed("providers", 1, "credential", "value_from", to="env:PORTAL_SECRET_OPENAI"),
        "credential:",
        "give either `value` or `value_from`",
    ),
    "scope": (
        changed("applications", 0, "scopes", to=["inference:cal"]),
        "scopes:",
        "inference:call",
    ),
    "kind": (changed("applications", 0, "kind", to="robot"), "kind: robot", "robot"),
    "endpoint name": (changed("endpoints", 0, "name", to="a b"), "name: a b", "A name has 1 to"),
    "body policy": (changed("endpoints", 0, "body_policy", to="some"), "body_policy: some", "off"),
    "timeout": (changed("endpoints", 0, "timeout_s", to=-1.0), "timeout_s: -1.0", "above 0"),
    "endless timeout": (changed("endpoints", 0, "timeout_s", to=1e999), "timeout_s: .inf", "3600"),
    "weight": (
        changed("endpoints", 0, "targets", 0, "weight", to=0),
        "weight: 0",
        "at least 1",
    ),
    "huge weight": (
        changed("endpoints", 0, "targets", 0, "weight", to=10**30),
        "weight: 1000",
        "less than or equal to",
    ),
    "negative priority": (
        changed("endpoints", 0, "targets", 0, "priority", to=-1),
        "priority: -1",
        "greater than or equal to",
    ),
    "negative size": (
        changed("providers", 0, "models", 0, "max_output_tokens", to=-1),
        "max_output_tokens: -1",
        "greater than or equal to",
    ),
    "endless price": (
        changed("providers", 0, "models", 0, "prices", "input_usd_per_mtok", to=1e999),
        "- name: gpt-5-mini",
        "number",
    ),
    "price finer than is stored": (
        changed("providers", 0, "models", 0, "prices", "input_usd_per_mtok", to=0.12345678),
        "- name: gpt-5-mini",
        "6 decimal places",
    ),
    "negative price": (
        changed("providers", 0, "models", 0, "prices", "input_usd_per_mtok", to=-1.0),
        "- name: gpt-5-mini",
        "negative",
    ),
    "slug of a team": (changed("teams", 0, "slug", to="a team/x"), "- slug: a team/x", "slug"),
    "slug of a provider": (
        changed("providers", 0, "slug", to="a/b"),
        "- slug: a/b",
        "slug",
    ),
    "slug that is too long": (
        changed("applications", 0, "slug", to="x" * 65),
        "- slug: xxx",
        "64 characters",
    ),
    "header that others own": (
        changed("providers", 0, "extra_headers", to={"authorization": "x"}),
        "authorization: x",
        "authorization",
    ),
    "header of a target": (
        changed("endpoints", 0, "targets", 0, "extra_headers", to={"host": "x"}),
        "host: x",
        "host",
    ),
    "twin providers": (
        changed("providers", to=[*DOCUMENT["providers"], DOCUMENT["providers"][0]]),
        "- &id001",
        "'openai' stands here twice",
    ),
    "twin targets": (
        changed("endpoints", 0, "targets", 1, "model", to="openai/gpt-5-mini"),
        "  - model: openai/gpt-5-mini",
        "'openai/gpt-5-mini' stands here twice",
    ),
}


class TestProblems:
    @pytest.mark.parametrize("what", BROKEN)
    def test_each_is_told_with_its_line_and_nothing_is_changed(self, what: str) -> None:
        data, place, says = BROKEN[what]
        before = everything()

        with pytest.raises(ConfigurationError) as caught:
            run(data)

        told = next(line for line in caught.value.problems if says in line)
        number = int(told.split(":")[1])
        if what.startswith("twin"):
            assert number > 1
        else:
            assert place in lines_of(data)[number - 1]
        assert everything() == before

    def test_all_are_told_at_once(self) -> None:
        data = changed("applications", 0, "team", to="nobody")
        data["providers"][0]["dialect"] = "morse"
        data["endpoints"][0]["targets"] = [{"model": "anthropic/none"}]

        with pytest.raises(ConfigurationError) as caught:
            run(data)

        text = "\n".join(caught.value.problems)
        assert all(word in text for word in ("nobody", "morse", "anthropic has no model"))

    def test_an_application_does_not_change_its_team(self) -> None:
        run(DOCUMENT)
        data = changed("applications", 0, "team", to="other")
        data["teams"].append({"slug": "other"})

        with pytest.raises(ConfigurationError, match="belongs to platform"):
            run(data)

    def test_a_team_has_no_use_of_another_teams_provider(self) -> None:
        data = changed("providers", 0, "team", to="platform")

        with pytest.raises(ConfigurationError, match="no provider 'openai'"):
            run(data)


class TestSecrets:
    def test_are_in_no_outcome_and_no_complaint(self) -> None:
        outcome = run(DOCUMENT)
        with pytest.raises(ConfigurationError) as caught:
            run(changed("providers", 1, "credential", "value", to="bad\nsecret"))

        told = "\n".join([*outcome.changes, repr(outcome), *caught.value.problems])
        assert SECRET not in told
        assert "sk-ant" not in told
        assert "bad\nsecret" not in told
        assert "credential" in told

    def test_are_in_no_table(self) -> None:
        run(DOCUMENT)

        assert SECRET not in str(everything())
        with connection.cursor() as cursor:
            cursor.execute("SELECT sealed FROM credentials_credentialversion")
            assert all(SECRET.encode() not in bytes(sealed) for (sealed,) in cursor.fetchall())


class TestCommand:
    @pytest.fixture
    def file(self, tmp_path: Path, settings: Settings) -> Path:
        settings.PORTAL_READ_SECRET = ENVIRONMENT.get
        path = tmp_path / "portal.yaml"
        path.write_text(yaml.safe_dump(DOCUMENT), encoding="utf-8")
        return path

    def test_prints_what_changed_and_then_that_nothing_did(
        self, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        call_command("apply", str(file))
        first = capsys.readouterr().out
        call_command("apply", str(file))
        second = capsys.readouterr().out

        assert "created provider openai\n" in first
        assert "9 change(s), 0 already as the file says." in first
        assert second == "Nothing to change: all 9 entries are as the file says.\n"
        assert SECRET not in first

    def test_a_dry_run_prints_what_would_change(
        self, file: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        call_command("apply", str(file), "--dry-run")

        assert "would have created provider openai\n" in capsys.readouterr().out
        assert not Provider.objects.exists()

    def test_fails_with_every_problem(self, tmp_path: Path) -> None:
        path = tmp_path / "bad.yaml"
        path.write_text("teams:\n- slug: a\n  nam: b\n", encoding="utf-8")

        with pytest.raises(CommandError, match=r"bad\.yaml:3: unknown key 'nam'"):
            call_command("apply", str(path))

    @pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
    def test_a_file_that_cannot_be_read(self, tmp_path: Path, content: bytes | None) -> None:
        path = tmp_path / "there.yaml"
        if content is not None:
            path.write_bytes(content)

        with pytest.raises(CommandError, match="cannot be read"):
            call_command("apply", str(path))
