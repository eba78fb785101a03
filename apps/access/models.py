"""Applications and the API keys that they call with."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from oauth2_provider.models import AbstractApplication
from typing_extensions import override

from apps.core.fields import PublicIdField
from apps.core.models import Configured, ConfiguredQuerySet


class ApplicationQuerySet(ConfiguredQuerySet["Application"]):
    """Applications, chainable."""

    def active(self) -> Self:
        return self.filter(status=Application.Status.ACTIVE)

    def get_by_natural_key(self, client_id: str) -> "Application":
        return self.get(client_id=client_id)


ApplicationManager = models.Manager.from_queryset(ApplicationQuerySet)


class Application(Configured, AbstractApplication):
    """A program that calls the portal, and the OAuth client that it is at the same time."""

    topic = "access"

    class Kind(models.TextChoices):
        HUMAN = "human", "Human"
        SERVICE = "service", "Service"
        AGENT = "agent", "Agent"

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        SUSPENDED = "suspended", "Suspended"

    id = PublicIdField("app")
    slug = models.SlugField(max_length=64, unique=True)
    team = models.ForeignKey("accounts.Team", on_delete=models.PROTECT, related_name="applications")
    # A person who leaves takes no application along.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="applications",
        help_text="Who registered it.",
    )
    kind = models.CharField(
        max_length=16,
        choices=Kind.choices,
        default=Kind.AGENT,
        help_text="An agent is untrusted until somebody says otherwise.",
    )
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.ACTIVE)
    scopes = models.JSONField(default=list, help_text="No key or token of it can have more.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = ApplicationManager()

    class Meta(AbstractApplication.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["human", "service", "agent"]), name="application_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["active", "suspended"]), name="application_status_known"
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.slug

    def natural_key(self) -> tuple[str]:
        return (self.client_id,)

    @override
    def is_usable(self, request: Any) -> bool:
        """Tell django-oauth-toolkit, which asks at each issue and each use of a token."""
        return self.status == self.Status.ACTIVE


class APIKeyQuerySet(ConfiguredQuerySet["APIKey"]):
    """Keys, chainable."""

    def usable(self, now: datetime) -> Self:
        """Keys that are accepted at `now`, as far as the rows of keys say."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now)).filter(
            state__in=[APIKey.State.ACTIVE, APIKey.State.OVERLAP]
        )


APIKeyManager = models.Manager.from_queryset(APIKeyQuerySet)


class APIKey(Configured):
    """What an application shows to be let in; of the secret only a keyed hash is here."""

    topic = "access"

    class State(models.TextChoices):
        ACTIVE = "active", "Active"
        OVERLAP = "overlap", "Replaced, still accepted"
        REVOKED = "revoked", "Revoked"
        EXPIRED = "expired", "Expired"

    id = PublicIdField("key")
    application = models.ForeignKey(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL, on_delete=models.CASCADE, related_name="keys"
    )
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="children",
        help_text="The key that delegated a part of its rights; a child dies with it.",
    )
    name = models.CharField(max_length=200)
    public_id = models.CharField(max_length=32, unique=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    scopes = models.JSONField(default=list)
    endpoints = models.JSONField(
        null=True,
        blank=True,
        default=None,
        help_text="Published names that it may call; null means all of its team.",
    )
    state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="To the minute."
    )
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_by = models.CharField(max_length=64, blank=True, editable=False)
    revoked_reason = models.CharField(max_length=200, blank=True)

    objects: ClassVar = APIKeyManager()

    class Meta:
        verbose_name = "API key"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["active", "overlap", "revoked", "expired"]),
                name="key_state_known",
            ),
            models.CheckConstraint(
                condition=Q(state="revoked", revoked_at__isnull=False)
                | (~Q(state="revoked") & Q(revoked_at=None)),
                name="key_revoked_has_a_time",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.name} ({self.masked})"

    @property
    def masked(self) -> str:
        """The key as it may be shown to people."""
        return f"ptl_{self.public_id}_…{self.last_four}"
