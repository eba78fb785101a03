"""Writes on applications and keys."""

import difflib
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from apps.access import keys
from apps.access.errors import ScopeTooWideError, UnknownScopeError
from apps.access.models import APIKey, Application
from apps.access.scopes import DEFAULT_SCOPES, SCOPES
from apps.accounts.models import Team
from apps.core.errors import ConflictError, InvalidInputError


def create_application(
    *,
    slug: str,
    team: Team,
    name: str = "",
    kind: str = Application.Kind.AGENT,
    scopes: Iterable[str] = DEFAULT_SCOPES,
) -> Application:
    """Register a program that may call the portal; it is an agent unless said otherwise.

    It gets no OAuth secret of its own here: its keys are how it calls.

    Raises:
        UnknownScopeError: a scope is not in the table.
        InvalidInputError: the slug or the kind cannot be.
        ConflictError: the slug is taken.
    """
    if not slug or slugify(slug) != slug:
        raise InvalidInputError("A slug has lower-case letters, digits and hyphens.", param="slug")
    if kind not in Application.Kind.values:
        raise InvalidInputError(f"A kind is one of {', '.join(Application.Kind)}.", param="kind")
    granted = check_scopes(scopes)
    with transaction.atomic():
        if Application.objects.filter(slug=slug).exists():
            raise ConflictError(f"There is an application {slug} already.", param="slug")
        return Application.objects.create(
            slug=slug,
            name=name or slug,
            team=team,
            kind=kind,
            scopes=granted,
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        )


def issue_key(
    *,
    application: Application,
    name: str,
    scopes: Iterable[str] | None = None,
    endpoints: Sequence[str] | None = None,
    expires_at: datetime | None = None,
) -> tuple[APIKey, str]:
    """Make a key for an application; the text is returned here once and never again.

    Without `scopes` the key has those of its application, as they are now.

    Raises:
        UnknownScopeError: a scope is not in the table.
        ScopeTooWideError: the application itself does not have a scope.
    """
    granted = check_scopes(application.scopes if scopes is None else scopes)
    beyond = sorted(set(granted).difference(application.scopes))
    if beyond:
        raise ScopeTooWideError(
            f"The application {application.slug} does not have {', '.join(beyond)} itself.",
            param="scopes",
        )
    minted = keys.mint()
    key = APIKey.objects.create(
        application=application,
        name=name,
        public_id=minted.public_id,
        digest=keys.digest_of(minted.text),
        last_four=minted.last_four,
        scopes=granted,
        endpoints=None if endpoints is None else sorted(set(endpoints)),
        expires_at=expires_at,
    )
    return key, minted.text


def revoke_key(*, key: APIKey, by: str = "", reason: str = "", now: datetime) -> APIKey:
    """Take a key back for good, with all keys that it delegated; doing it twice changes nothing.

    `by` is the id of who does it.
    """
    with transaction.atomic():
        locked = APIKey.objects.select_for_update().get(pk=key.pk)
        if locked.state == APIKey.State.REVOKED:
            return locked
        locked.state = APIKey.State.REVOKED
        locked.revoked_at = now
        locked.revoked_by = by
        locked.revoked_reason = reason
        locked.save(update_fields=["state", "revoked_at", "revoked_by", "revoked_reason"])
    return locked


def suspend_application(*, application: Application) -> Application:
    """Let none of its keys and tokens in until it is resumed."""
    return _set_status(application, Application.Status.SUSPENDED)


def resume_application(*, application: Application) -> Application:
    """Let its keys and tokens in again."""
    return _set_status(application, Application.Status.ACTIVE)


def check_scopes(scopes: Iterable[str]) -> list[str]:
    """Sort scopes, once each.

    Raises:
        UnknownScopeError: one is not in the table; names the nearest that is.
    """
    wanted = sorted(set(scopes))
    for scope in wanted:
        if scope not in SCOPES:
            near = difflib.get_close_matches(scope, SCOPES, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise UnknownScopeError(f"There is no scope {scope}.{hint}", param="scopes")
    return wanted


def _set_status(application: Application, status: str) -> Application:
    application.status = status
    application.save(update_fields=["status"])
    return application
