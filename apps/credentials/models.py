"""Credentials and their versions; the secret itself is only ever stored sealed."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from typing_extensions import override

from apps.core.fields import PublicIdField
from apps.core.models import Configured


class Credential(Configured):
    """What the portal shows a provider, bound to the origin that it was entered for."""

    topic: ClassVar[str] = "credentials"

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        DISABLED = "disabled", "Disabled"

    id = PublicIdField("cred")
    provider = models.ForeignKey(
        "providers.Provider", on_delete=models.CASCADE, related_name="credentials"
    )
    name = models.CharField(max_length=200, default="default")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.ACTIVE)
    priority = models.PositiveSmallIntegerField(default=1, help_text="The lowest is used first.")
    origin = models.CharField(
        max_length=300,
        editable=False,
        help_text="Scheme, host and port that the secret was entered for; it goes nowhere else.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "name"], name="credential_name_once"),
            models.CheckConstraint(
                condition=Q(status__in=["active", "disabled"]), name="credential_status_known"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.provider.slug}: {self.name}"


class CredentialVersion(Configured):
    """One secret of a credential. `sealed` opens only under this row's own id."""

    topic: ClassVar[str] = "credentials"

    class State(models.TextChoices):
        CURRENT = "current", "Current"
        RETIRED = "retired", "Retired"

    id = PublicIdField("ver")
    credential = models.ForeignKey(Credential, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.CURRENT)
    sealed = models.BinaryField(editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    fingerprint = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "version"
        constraints = [
            models.UniqueConstraint(fields=["credential", "number"], name="version_number_once"),
            models.UniqueConstraint(
                fields=["credential"], condition=Q(state="current"), name="version_current_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["current", "retired"]), name="version_state_known"
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"version {self.number} (…{self.last_four})"
