"""What can be called, in memory: endpoints, targets and the secrets that they need.

Loaded whole whenever providers, credentials or endpoints change; a call reads it and never the
database. Secrets stay out of every `repr`.
"""

import difflib
import hashlib
import logging
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from apps.core import snapshot
from apps.core.errors import NotFoundError, PermissionDeniedError
from apps.credentials import services as credentials
from apps.credentials.models import Credential, CredentialVersion
from apps.inference.models import Endpoint, Target
from apps.providers import auth, wire
from apps.providers import services as providers
from apps.providers.dialects import DIALECTS
from apps.providers.models import Provider
from apps.providers.prices import Price, price_of
from apps.providers.types import Headers

logger = logging.getLogger(__name__)
_NEAREST: Final = 3
_HASH_SPACE: Final = 2**64


@dataclass(frozen=True, slots=True)
class CredentialEntry:
    """A usable secret, as the headers that present it."""

    id: str
    version_id: str
    headers: Headers = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProviderEntry:
    """A provider as the engine needs it; `options` are the dialect's own structure."""

    id: str
    slug: str
    dialect: str
    base_url: str
    options: Any
    is_simulated: bool


@dataclass(frozen=True, slots=True)
class TargetEntry:
    """One provider model behind an endpoint; `headers` are the extra ones of both."""

    id: str
    priority: int
    weight: int
    provider: ProviderEntry
    model: wire.TargetModel
    operations: frozenset[str]
    headers: Headers
    credential: CredentialEntry | None
    price: Price | None


@dataclass(frozen=True, slots=True)
class EndpointEntry:
    """A published name. `targets` are sorted by priority; `owner` is a team's slug or portal."""

    id: str
    name: str
    team_id: str | None
    owner: str
    description: str
    enabled: bool
    body_policy: str
    timeout_s: float | None
    created_at: datetime
    targets: tuple[TargetEntry, ...]

    def offers(self, operation: str) -> bool:
        """Whether some target offers the operation; tokens can be counted for every chat."""
        return any(
            operation in t.operations or (operation == "count_tokens" and "chat" in t.operations)
            for t in self.targets
        )


class Catalog:
    """Every endpoint, by team and name."""

    def __init__(self, entries: Iterable[EndpointEntry] = ()) -> None:
        self._entries = {(entry.team_id, entry.name): entry for entry in entries}

    def resolve(
        self, name: str, team_id: str, *, allowed: frozenset[str] | None = None
    ) -> EndpointEntry:
        """The endpoint that a name means for a team: its own first, then the shared.

        `allowed` is the allow-list of the key, if it has one.

        Raises:
            NotFoundError: no such endpoint for this team; names the nearest.
            PermissionDeniedError: the key may not call it.
        """
        entries = self._entries
        entry = entries.get((team_id, name)) or entries.get((None, name))
        if entry is None:
            raise NotFoundError(self._unknown(name, team_id, allowed), param="model")
        if allowed is not None and name not in allowed:
            raise PermissionDeniedError(
                f"This API key may not call the endpoint `{name}`.", param="model"
            )
        return entry

    def visible(
        self, team_id: str, *, allowed: frozenset[str] | None = None
    ) -> tuple[EndpointEntry, ...]:
        """The enabled endpoints that a team may name, by name; its own hide shared ones."""
        found: dict[str, EndpointEntry] = {}
        for (owner, name), entry in self._entries.items():
            mine = owner == team_id
            if (mine or (owner is None and name not in found)) and entry.enabled:
                found[name] = entry
        return tuple(found[name] for name in sorted(found) if allowed is None or name in allowed)

    def _unknown(self, name: str, team_id: str, allowed: frozenset[str] | None) -> str:
        names = [entry.name for entry in self.visible(team_id, allowed=allowed)]
        near = difflib.get_close_matches(name[:128], names, n=_NEAREST, cutoff=0.5)
        hint = f" Did you mean {' or '.join(f'`{n}`' for n in near)}?" if near else ""
        return f"There is no endpoint `{name[:128]}` for this key.{hint}"


def plan_targets(
    entry: EndpointEntry, session: str | None, rng: random.Random
) -> tuple[TargetEntry, ...]:
    """The order in which targets are tried.

    By priority; within one priority at random by weight, or, with a session, always in the same
    order for that session (weighted rendezvous hashing: when a target comes or goes, only the
    sessions that it takes or had move).
    """
    if len(entry.targets) == 1:
        return entry.targets

    def place(target: TargetEntry) -> tuple[int, float]:
        share = rng.random() if session is None else _share(session, target.id)
        return target.priority, -math.log(share or 1 / _HASH_SPACE) / target.weight

    return tuple(sorted(entry.targets, key=place))


def _share(session: str, target_id: str) -> float:
    digest = hashlib.blake2b(f"{session}\0{target_id}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest) + 1) / (_HASH_SPACE + 1)


def load_catalog() -> Catalog:
    """Read everything that can be called; runs in the snapshot's thread."""
    usable = _credentials()
    targets: dict[str, list[TargetEntry]] = {}
    reachable = Target.objects.filter(
        enabled=True, model__provider__status=Provider.Status.ENABLED
    ).select_related("model__provider")
    for row in reachable.order_by("priority", "id"):
        try:
            target = _target(row, usable.get(row.model.provider_id))
        except Exception:
            # One row that cannot be used must not take the others out of service.
            logger.exception("target %s cannot be used", row.pk)
            continue
        targets.setdefault(row.endpoint_id, []).append(target)
    rows = Endpoint.objects.select_related("team")
    return Catalog(_endpoint(row, targets.get(row.pk, ())) for row in rows)


def _credentials() -> Mapping[str, CredentialEntry]:
    """The first usable credential of each provider."""
    found: dict[str, CredentialEntry] = {}
    versions = (
        CredentialVersion.objects.filter(
            state=CredentialVersion.State.CURRENT,
            credential__status=Credential.Status.ACTIVE,
        )
        .select_related("credential__provider")
        .order_by("credential__priority", "credential__id")
    )
    for version in versions:
        credential = version.credential
        if credential.provider_id in found or not credentials.is_usable(credential):
            continue
        provider = credential.provider
        try:
            scheme = provider.auth or DIALECTS[provider.dialect].auth
            headers = auth.auth_headers(scheme, credentials.open_secret(version=version))
        except Exception:
            logger.exception("credential %s cannot be used", credential.pk)
            continue
        found[credential.provider_id] = CredentialEntry(credential.pk, version.pk, headers)
    return found


def _provider(row: Provider) -> ProviderEntry:
    return ProviderEntry(
        id=row.pk,
        slug=row.slug,
        dialect=row.dialect,
        base_url=row.base_url,
        options=providers.read_options(row.dialect, row.options),
        is_simulated=row.is_simulated,
    )


def _target(row: Target, credential: CredentialEntry | None) -> TargetEntry:
    model, provider = row.model, row.model.provider
    return TargetEntry(
        id=row.pk,
        priority=row.priority,
        weight=row.weight,
        provider=_provider(provider),
        model=wire.TargetModel(
            name=model.name,
            max_input_tokens=model.max_input_tokens,
            max_output_tokens=model.max_output_tokens,
        ),
        operations=frozenset(model.operations),
        # The target's own header wins over the provider's.
        headers=auth.extra_headers({**provider.extra_headers, **row.extra_headers}),
        credential=credential,
        price=price_of(
            base_url=provider.base_url,
            model=model.name,
            dialect=provider.dialect,
            input_usd=model.input_usd_per_mtok,
            output_usd=model.output_usd_per_mtok,
            cache_read_usd=model.cache_read_usd_per_mtok,
            cache_write_usd=model.cache_write_usd_per_mtok,
        ),
    )


def _endpoint(row: Endpoint, targets: Sequence[TargetEntry]) -> EndpointEntry:
    return EndpointEntry(
        id=row.pk,
        name=row.name,
        team_id=row.team_id,
        owner=row.team.slug if row.team is not None else "portal",
        description=row.description,
        enabled=row.status == Endpoint.Status.ENABLED,
        body_policy=row.body_policy,
        timeout_s=row.timeout_s,
        created_at=row.created_at,
        targets=tuple(targets),
    )


CATALOG: Final = snapshot.register(
    "catalog",
    topics=frozenset(["providers", "credentials", "inference", "accounts"]),
    load=load_catalog,
)


def current() -> Catalog:
    """The catalog as of the last change that this process has seen."""
    return CATALOG.value
