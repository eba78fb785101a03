"""Make the database what a configuration file says; a second run changes nothing.

Only what the file names is touched: nothing is deleted but targets of an endpoint that it lists.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db import models, transaction

from apps.access import services as access
from apps.access.models import Application
from apps.accounts.models import Team
from apps.config.document import (
    ApplicationEntry,
    ConfigurationError,
    CredentialEntry,
    EndpointEntry,
    ModelEntry,
    ProviderEntry,
    Source,
    TargetEntry,
    TeamEntry,
    suggestion,
)
from apps.core.errors import InvalidInputError, PortalError
from apps.credentials import services as credentials
from apps.inference import services as inference
from apps.inference.models import Endpoint, Target
from apps.providers import services as providers
from apps.providers.models import Provider, ProviderModel, default_operations

Row = TypeVar("Row", bound=models.Model)
ReadSecret = Callable[[str], str | None]
SECRET_PREFIX = "PORTAL_SECRET_"  # noqa: S105  the beginning of names, no secret


@dataclass
class Outcome:
    """What a run did: lines such as `created provider openai`."""

    changes: list[str] = field(default_factory=list)
    unchanged: int = 0

    def note(self, verb: str, what: str) -> None:
        """Count one row; an empty verb means that it stood already."""
        if verb:
            self.changes.append(f"{verb} {what}")
        else:
            self.unchanged += 1


class _DryRunError(Exception):
    """Takes everything back at the end of a dry run."""


def apply(*, source: Source, read_secret: ReadSecret, dry_run: bool = False) -> Outcome:
    """Apply a file in one transaction: all of it, or, with any problem, none.

    `read_secret` gives the value of an environment variable that `value_from: env:…` names.

    Raises:
        ConfigurationError: every problem of the file, each with its line.
    """
    run = _Run(source, read_secret)
    try:
        with transaction.atomic():
            run.all()
            if run.problems:
                raise ConfigurationError(run.problems)
            if dry_run:
                raise _DryRunError
    except _DryRunError:
        pass
    return run.outcome


class _Run:
    """One run over one file; problems are collected, so that all are told at once."""

    def __init__(self, source: Source, read_secret: ReadSecret) -> None:
        self.source = source
        self.read_secret = read_secret
        self.outcome = Outcome()
        self.problems: list[str] = []
        self.teams = {team.slug: team for team in Team.objects.all()}

    def all(self) -> None:
        """Apply every part, in the order in which they refer to each other."""
        document = self.source.document
        parts: tuple[tuple[str, Sequence[Any], Callable[[str, Any], None]], ...] = (
            ("teams", document.teams, self._team),
            ("providers", document.providers, self._provider),
            ("endpoints", document.endpoints, self._endpoint),
            ("applications", document.applications, self._application),
        )
        for part, entries, _ in parts:
            self._refuse_twins(part, entries)
        if self.problems:
            return
        for part, entries, act in parts:
            for i, entry in enumerate(entries):
                self._try(f"{part}[{i}]", act, entry)

    def _refuse_twins(self, path: str, entries: Sequence[Any]) -> None:
        """What stands twice would change back and forth with every run."""
        seen = set()
        for i, entry in enumerate(entries):
            what = _identity(entry)
            if what in seen:
                text = f"{what[-1]!r} stands here twice"
                self.problems.append(self.source.problem(f"{path}[{i}]", text))
            seen.add(what)
            for part in ("models", "targets"):
                self._refuse_twins(f"{path}[{i}].{part}", getattr(entry, part, ()))

    def _try(self, path: str, act: Callable[[str, Any], None], entry: Any) -> None:
        try:
            with transaction.atomic():
                act(path, entry)
        except _ProblemError as problem:
            self.problems.append(self.source.problem(problem.path, problem.text))
        except PortalError as error:
            where = f"{path}.{error.param}" if error.param else path
            self.problems.append(self.source.problem(where, error.message))

    def _team(self, path: str, entry: TeamEntry) -> None:
        row = self.teams.get(entry.slug)
        wanted = {"name": entry.name or entry.slug}
        if entry.time_zone is not None:
            if entry.time_zone not in available_timezones():
                known = sorted(available_timezones())
                raise _ProblemError(
                    f"{path}.time_zone",
                    f"no time zone {entry.time_zone!r}{suggestion(entry.time_zone, known)}",
                )
            wanted["time_zone"] = entry.time_zone
        row, verb = _store(row or Team(slug=entry.slug), wanted, save=_save)
        self.teams[row.slug] = row
        self.outcome.note(verb, f"team {row.slug}")

    def _provider(self, path: str, entry: ProviderEntry) -> None:
        team = self._team_named(f"{path}.team", entry.team)
        row = Provider.objects.filter(slug=entry.slug, team=team).first()
        status = Provider.Status.ENABLED if entry.enabled else Provider.Status.DISABLED
        wanted = {
            "name": entry.name or entry.slug,
            "dialect": entry.dialect,
            "base_url": entry.base_url,
            "auth": entry.auth or "",
            "extra_headers": entry.extra_headers,
            "options": entry.options,
            "status": status,
            "is_simulated": entry.simulated,
        }
        row, verb = _store(
            row or Provider(slug=entry.slug, team=team),
            wanted,
            save=lambda p: providers.save_provider(provider=p),
        )
        self.outcome.note(verb, f"provider {row.slug}")
        if entry.credential is not None:
            self._credential(f"{path}.credential", row, entry.credential)
        for i, model in enumerate(entry.models):
            self._model(f"{path}.models[{i}]", row, model)

    def _credential(self, path: str, provider: Provider, entry: CredentialEntry) -> None:
        secret = self._secret(path, entry)
        _, changed = credentials.enter_secret(provider=provider, secret=secret)
        self.outcome.note("entered" if changed else "", f"credential of {provider.slug}")

    def _secret(self, path: str, entry: CredentialEntry) -> str:
        if (entry.value is None) == (entry.value_from is None):
            raise _ProblemError(path, "give either `value` or `value_from`")
        if entry.value is not None:
            return entry.value
        kind, _, name = (entry.value_from or "").partition(":")
        if kind != "env" or not name.startswith(SECRET_PREFIX):
            raise _ProblemError(
                f"{path}.value_from", f"must be env:{SECRET_PREFIX}…, not {entry.value_from!r}"
            )
        secret = self.read_secret(name)
        if not secret:
            raise _ProblemError(f"{path}.value_from", f"the environment has no {name}")
        return secret

    def _model(self, path: str, provider: Provider, entry: ModelEntry) -> None:
        row = ProviderModel.objects.filter(provider=provider, name=entry.name).first()
        prices = entry.prices
        wanted: dict[str, Any] = {
            "max_input_tokens": entry.max_input_tokens,
            "max_output_tokens": entry.max_output_tokens,
            "operations": entry.operations or default_operations(),
            **{
                name: _decimal(getattr(prices, name) if prices else None)
                for name in providers.PRICES
            },
        }
        try:
            row, verb = _store(
                row or ProviderModel(provider=provider, name=entry.name),
                wanted,
                save=lambda m: providers.save_model(model=m),
            )
        except InvalidInputError as error:
            raise _ProblemError(f"{path}.{error.param or 'name'}", error.message) from error
        self.outcome.note(verb, f"model {row}")

    def _endpoint(self, path: str, entry: EndpointEntry) -> None:
        team = self._team_named(f"{path}.team", entry.team)
        row = Endpoint.objects.filter(name=entry.name, team=team).first()
        status = Endpoint.Status.ENABLED if entry.enabled else Endpoint.Status.DISABLED
        wanted = {
            "description": entry.description,
            "body_policy": entry.body_policy,
            "timeout_s": entry.timeout_s,
            "status": status,
        }
        row, verb = _store(
            row or Endpoint(name=entry.name, team=team),
            wanted,
            save=lambda e: inference.save_endpoint(endpoint=e),
        )
        targets = [
            self._target(f"{path}.targets[{i}]", row, target)
            for i, target in enumerate(entry.targets)
        ]
        changed = inference.set_targets(endpoint=row, targets=targets)
        self.outcome.note(verb or ("changed" if changed else ""), f"endpoint {row.name}")

    def _target(self, path: str, endpoint: Endpoint, entry: TargetEntry) -> Target:
        slug, _, name = entry.model.partition("/")
        provider = providers.resolve_provider(slug=slug, team=endpoint.team)
        if provider is None:
            known = list(Provider.objects.values_list("slug", flat=True))
            raise _ProblemError(f"{path}.model", f"no provider {slug!r}{suggestion(slug, known)}")
        model = provider.models.filter(name=name).first()
        if model is None:
            known = list(provider.models.values_list("name", flat=True))
            raise _ProblemError(
                f"{path}.model", f"{slug} has no model {name!r}{suggestion(name, known)}"
            )
        target = Target(
            endpoint=endpoint,
            model=model,
            priority=entry.priority,
            weight=entry.weight,
            extra_headers=entry.extra_headers,
            enabled=entry.enabled,
        )
        try:
            _check_fields(target)
            inference.check_target(target)
        except InvalidInputError as error:
            raise _ProblemError(f"{path}.{error.param or 'model'}", error.message) from error
        return target

    def _application(self, path: str, entry: ApplicationEntry) -> None:
        team = self._team_named(f"{path}.team", entry.team)
        assert team is not None
        if entry.kind not in Application.Kind.values:
            raise _ProblemError(
                f"{path}.kind",
                f"no kind {entry.kind!r}{suggestion(entry.kind, Application.Kind.values)}",
            )
        _check_fields(Application(slug=entry.slug, name=entry.name or ""), only=("slug", "name"))
        scopes = access.check_scopes(entry.scopes)
        row = Application.objects.filter(slug=entry.slug).first()
        if row is None:
            access.create_application(
                slug=entry.slug,
                team=team,
                name=entry.name or "",
                kind=entry.kind,
                scopes=scopes,
            )
            self.outcome.note("created", f"application {entry.slug}")
            return
        if row.team_id != team.pk:
            raise _ProblemError(f"{path}.team", f"{entry.slug} belongs to {row.team.slug}")
        wanted = {"name": entry.name or entry.slug, "kind": entry.kind, "scopes": scopes}
        row, verb = _store(row, wanted, save=_save)
        self.outcome.note(verb, f"application {row.slug}")

    def _team_named(self, path: str, slug: str | None) -> Team | None:
        if slug is None:
            return None
        if slug not in self.teams:
            raise _ProblemError(path, f"no team {slug!r}{suggestion(slug, list(self.teams))}")
        return self.teams[slug]


def _identity(entry: Any) -> tuple[str | None, str]:
    """What an entry is found by: its team, if it may have one, and its name."""
    for name in ("slug", "name", "model"):
        if (value := getattr(entry, name, None)) is not None:
            # An application's slug is one for all teams.
            team = None if isinstance(entry, ApplicationEntry) else getattr(entry, "team", None)
            return team, value
    raise AssertionError(f"{type(entry).__name__} has no name")


class _ProblemError(Exception):
    def __init__(self, path: str, text: str) -> None:
        super().__init__(text)
        self.path = path
        self.text = text


def _store(row: Row, wanted: Mapping[str, Any], *, save: Callable[[Row], Any]) -> tuple[Row, str]:
    """Save a row if it is new or differs; gives created, changed or an empty verb."""
    is_new = row._state.adding  # noqa: SLF001  the documented way to tell a new row
    differs = any(getattr(row, name) != value for name, value in wanted.items())
    if not is_new and not differs:
        return row, ""
    for name, value in wanted.items():
        setattr(row, name, value)
    _check_fields(row)
    save(row)
    return row, "created" if is_new else "changed"


def _check_fields(row: models.Model, *, only: Sequence[str] = ()) -> None:
    """What the columns can hold: lengths, ranges, the form of a slug (services judge choices)."""
    left_out = {
        field.name
        for field in row._meta.fields  # noqa: SLF001  public, whatever its name
        if field.choices or (only and field.name not in only)
    }
    try:
        row.clean_fields(exclude=left_out)
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise InvalidInputError(messages[0], param=field) from error


def _save(row: models.Model) -> None:
    row.save()


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))
