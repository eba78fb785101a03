"""Published names and what stands behind them."""

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from typing_extensions import override

from apps.core.fields import PublicIdField
from apps.core.models import Configured

NAME = RegexValidator(
    r"\A[A-Za-z0-9._:/@-]{1,128}\Z",
    "A name has 1 to 128 letters, digits and any of . _ : / @ -",
)


class Endpoint(Configured):
    """A published name that callers put in `model`. The name never changes."""

    topic: ClassVar[str] = "inference"

    class Status(models.TextChoices):
        ENABLED = "enabled", "Enabled"
        DISABLED = "disabled", "Disabled"

    class BodyPolicy(models.TextChoices):
        DEFAULT = "", "As the portal is set"
        OFF = "off", "Keep no bodies"
        ERRORS = "errors", "Keep bodies of failed calls"
        ALL = "all", "Keep all bodies"

    id = PublicIdField("end")
    name = models.CharField(max_length=128, validators=[NAME])
    team = models.ForeignKey(
        "accounts.Team",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="endpoints",
        help_text="Empty: shared by all teams.",
    )
    description = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.ENABLED)
    body_policy = models.CharField(
        max_length=16,
        choices=BodyPolicy.choices,
        default=BodyPolicy.DEFAULT,
        blank=True,
        help_text="Which calls' bodies are stored, encrypted.",
    )
    timeout_s = models.FloatField(
        "timeout, seconds",
        null=True,
        blank=True,
        help_text="For a whole call; empty: the portal's.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="endpoint_name_once_per_team"),
            models.UniqueConstraint(
                fields=["name"], condition=Q(team=None), name="endpoint_name_once_among_shared"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["enabled", "disabled"]), name="endpoint_status_known"
            ),
            models.CheckConstraint(
                condition=Q(body_policy__in=["", "off", "errors", "all"]),
                name="endpoint_body_policy_known",
            ),
            models.CheckConstraint(
                condition=Q(timeout_s=None) | Q(timeout_s__gt=0), name="endpoint_timeout_positive"
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.name


class Target(Configured):
    """One provider model behind an endpoint. Lower priority comes first; weights share one."""

    topic: ClassVar[str] = "inference"

    id = PublicIdField("tgt")
    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="targets")
    model = models.ForeignKey(
        "providers.ProviderModel", on_delete=models.PROTECT, related_name="targets"
    )
    priority = models.PositiveSmallIntegerField(default=1, help_text="The lowest is tried first.")
    weight = models.PositiveIntegerField(
        default=1, help_text="Share of the calls among targets of one priority."
    )
    extra_headers = models.JSONField(default=dict, blank=True)
    enabled = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "model"], name="target_model_once"),
            models.CheckConstraint(condition=Q(weight__gte=1), name="target_weight_positive"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.endpoint.name} → {self.model}"
