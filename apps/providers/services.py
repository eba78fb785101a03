"""Writes on providers and their models: whatever could not work is refused when it is saved."""

import difflib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction

from apps.accounts.models import Team
from apps.core.errors import ConflictError, InvalidInputError
from apps.providers import addresses, auth
from apps.providers.dialects import DIALECTS
from apps.providers.models import OPERATIONS, Provider, ProviderModel

PRICES = (
    "input_usd_per_mtok",
    "output_usd_per_mtok",
    "cache_read_usd_per_mtok",
    "cache_write_usd_per_mtok",
)


def save_provider(*, provider: Provider) -> Provider:
    """Check a provider, new or changed, and store it.

    Raises:
        InvalidInputError: names the field and what would be right.
        ConflictError: the slug is taken in the team, or among the shared.
    """
    check_provider(provider)
    with transaction.atomic():
        twins = Provider.objects.filter(slug=provider.slug, team=provider.team)
        if twins.exclude(pk=provider.pk).exists():
            raise ConflictError(f"There is a provider {provider.slug} already.", param="slug")
        provider.save()
    return provider


def check_provider(provider: Provider) -> None:
    """Raise InvalidInputError for a provider that could not be called."""
    if provider.dialect not in DIALECTS:
        raise InvalidInputError(
            f"There is no dialect {provider.dialect!r}{_nearest(provider.dialect, DIALECTS)}",
            param="dialect",
        )
    addresses.check_base_url(provider.base_url, private=private_upstreams())
    if provider.auth:
        auth.check_scheme(provider.auth)
    auth.extra_headers(provider.extra_headers)
    read_options(provider.dialect, provider.options)


def read_options(dialect: str, options: Any) -> Any:
    """The options as the dialect's own structure.

    Raises:
        InvalidInputError: an option is unknown to the dialect, or has the wrong type.
    """
    kind = DIALECTS[dialect].outbound.Options
    try:
        return msgspec.convert(options, kind)
    except msgspec.ValidationError as error:
        known = ", ".join(kind.__struct_fields__) or "none"
        raise InvalidInputError(
            f"The options do not fit {dialect}: {error}. Its options: {known}.", param="options"
        ) from error


def save_model(*, model: ProviderModel) -> ProviderModel:
    """Check a model, new or changed, and store it.

    Raises:
        InvalidInputError: names the field and what would be right.
        ConflictError: the provider has a model of this name.
    """
    check_model(model)
    with transaction.atomic():
        twins = ProviderModel.objects.filter(provider=model.provider, name=model.name)
        if twins.exclude(pk=model.pk).exists():
            raise ConflictError(f"{model.provider.slug} has a model {model.name} already.")
        model.save()
    return model


def check_model(model: ProviderModel) -> None:
    """Raise InvalidInputError for a model that could not be called."""
    if not model.name:
        raise InvalidInputError("A model needs the name that its provider gave it.", param="name")
    if not isinstance(model.operations, list) or not model.operations:
        raise InvalidInputError("A model offers at least one operation.", param="operations")
    for operation in model.operations:
        if operation not in OPERATIONS:
            raise InvalidInputError(
                f"There is no operation {operation!r}{_nearest(str(operation), OPERATIONS)}",
                param="operations",
            )
    for name in PRICES:
        price: Decimal | None = getattr(model, name)
        if price is not None and price < 0:
            raise InvalidInputError("A price cannot be negative.", param=name)


def private_upstreams() -> frozenset[str]:
    """The `host:port` entries that may be private or plain http."""
    return frozenset(settings.PORTAL_PRIVATE_UPSTREAMS)


def resolve_provider(*, slug: str, team: Team | None) -> Provider | None:
    """A provider by slug: the team's own first, then the shared."""
    found = {row.team_id: row for row in Provider.objects.filter(slug=slug)}
    own = found.get(team.pk) if team is not None else None
    return own or found.get(None)


def _nearest(wrong: str, known: Iterable[str]) -> str:
    """The end of a sentence that names something unknown."""
    names = list(known)
    near = difflib.get_close_matches(wrong, names, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(names)}."
