"""Enter secrets, and open them for the one origin that they were entered for."""

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.views.decorators.debug import sensitive_variables

from apps.core import crypto
from apps.core.errors import InvalidInputError
from apps.core.ids import new_id
from apps.credentials.models import Credential, CredentialVersion
from apps.providers import addresses, auth
from apps.providers.models import Provider

_SHOWN = 4
_LONG_ENOUGH_TO_SHOW = 16


@sensitive_variables("secret")
def enter_secret(
    *, provider: Provider, secret: str, name: str = "default"
) -> tuple[Credential, bool]:
    """Store a secret for a provider as the current version of a credential.

    The secret is bound to the origin of the provider's base URL as it is now. Entering the secret
    that is current already, for the same origin, changes nothing. Gives the credential and
    whether anything changed.

    Raises:
        InvalidInputError: no header can carry the secret.
    """
    auth.check_secret(secret)
    origin = origin_of(provider)
    fingerprint = crypto.keyed_hash(secret.encode(), purpose="credential").hex()
    with transaction.atomic():
        credential = Credential.objects.select_for_update().filter(
            provider=provider, name=name
        ).first() or Credential(provider=provider, name=name)
        current = credential.versions.filter(state=CredentialVersion.State.CURRENT).first()
        same = current is not None and current.fingerprint == fingerprint
        if same and credential.origin == origin:
            return credential, False
        credential.origin = origin
        credential.save()
        credential.versions.filter(state=CredentialVersion.State.CURRENT).update(
            state=CredentialVersion.State.RETIRED
        )
        _add_version(credential, secret, fingerprint)
    return credential, True


@sensitive_variables()
def open_secret(*, version: CredentialVersion) -> str:
    """The secret of a version, for the loader of the catalog only.

    Raises:
        SealBrokenError: it was sealed for another row or key.
    """
    return crypto.open_sealed(bytes(version.sealed), context=version.pk).decode()


def origin_of(provider: Provider) -> str:
    """Scheme, host and port of a provider's base URL."""
    private = frozenset(settings.PORTAL_PRIVATE_UPSTREAMS)
    return addresses.check_base_url(provider.base_url, private=private).text


def is_usable(credential: Credential) -> bool:
    """Whether the credential may be shown to its provider where the provider is now."""
    if credential.status != Credential.Status.ACTIVE:
        return False
    try:
        return credential.origin == origin_of(credential.provider)
    except InvalidInputError:
        return False


@sensitive_variables("secret")
def _add_version(credential: Credential, secret: str, fingerprint: str) -> None:
    last = credential.versions.aggregate(last=Max("number"))["last"] or 0
    version_id = new_id("ver")
    CredentialVersion.objects.create(
        id=version_id,
        credential=credential,
        number=last + 1,
        sealed=crypto.seal(secret.encode(), context=version_id),
        # Of a short secret even four characters would say too much.
        last_four=secret[-_SHOWN:] if len(secret) >= _LONG_ENOUGH_TO_SHOW else "",
        fingerprint=fingerprint,
    )
