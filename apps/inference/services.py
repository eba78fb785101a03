"""Writes on endpoints and targets: what could not be called is refused when it is saved."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.core.errors import ConflictError, InvalidInputError
from apps.inference.models import NAME, Endpoint, Target
from apps.providers import auth


def save_endpoint(*, endpoint: Endpoint) -> Endpoint:
    """Check an endpoint, new or changed, and store it.

    Raises:
        InvalidInputError: names the field and what would be right.
        ConflictError: the name is taken, or was changed: callers and logs refer to it.
    """
    check_endpoint(endpoint)
    with transaction.atomic():
        before = Endpoint.objects.filter(pk=endpoint.pk).first()
        if before is not None and before.name != endpoint.name:
            raise ConflictError(
                "The name of an endpoint never changes: callers use it. Publish another endpoint.",
                param="name",
            )
        twins = Endpoint.objects.filter(name=endpoint.name, team=endpoint.team)
        if twins.exclude(pk=endpoint.pk).exists():
            raise ConflictError(f"There is an endpoint {endpoint.name} already.", param="name")
        endpoint.save()
    return endpoint


def check_endpoint(endpoint: Endpoint) -> None:
    """Raise InvalidInputError for an endpoint that could not be published."""
    try:
        NAME(endpoint.name)
    except ValidationError as error:
        raise InvalidInputError(f"{error.messages[0]}: {endpoint.name!r}.", param="name") from error
    if endpoint.body_policy not in Endpoint.BodyPolicy.values:
        raise InvalidInputError("`body_policy` is off, errors or all.", param="body_policy")
    if endpoint.timeout_s is not None and not 0 < endpoint.timeout_s <= 3600:
        raise InvalidInputError(
            "`timeout_s` must be above 0 and at most 3600 seconds.", param="timeout_s"
        )


def save_target(*, target: Target) -> Target:
    """Check a target, new or changed, and store it.

    Raises:
        InvalidInputError: names the field and what would be right.
    """
    check_target(target)
    target.save()
    return target


def check_target(target: Target) -> None:
    """Raise InvalidInputError for a target that could not be called."""
    if target.weight < 1:
        raise InvalidInputError("A weight is at least 1.", param="weight")
    auth.extra_headers(target.extra_headers)
    owner, provider = target.endpoint.team_id, target.model.provider
    if provider.team_id is not None and provider.team_id != owner:
        raise InvalidInputError(
            f"The provider {provider.slug} belongs to another team.", param="model"
        )


def set_targets(*, endpoint: Endpoint, targets: Sequence[Target]) -> bool:
    """Make these the targets of an endpoint, by model; gives whether anything changed."""
    changed = False
    with transaction.atomic():
        before = {row.model_id: row for row in endpoint.targets.all()}
        for wanted in targets:
            row = before.pop(wanted.model_id, None)
            if row is not None and _is_same(row, wanted):
                continue
            changed = True
            if row is not None:
                wanted.id = row.id
                wanted._state.adding = False  # noqa: SLF001  it takes the place of the row
            save_target(target=wanted)
        for row in before.values():
            row.delete()
    return changed or bool(before)


def _is_same(row: Target, wanted: Target) -> bool:
    fields = ("priority", "weight", "extra_headers", "enabled")
    return all(getattr(row, name) == getattr(wanted, name) for name in fields)
