"""Providers and the models that they serve."""

from typing import ClassVar

from django.db import models
from django.db.models import Q, TextChoices
from typing_extensions import override

from apps.core.fields import PublicIdField
from apps.core.models import Configured

OPERATIONS: tuple[str, ...] = (
    "chat",
    "embeddings",
    "count_tokens",
    "moderations",
    "images",
    "speech",
    "transcriptions",
    "translations",
    "rerank",
)


def default_operations() -> list[str]:
    """What a model offers unless somebody says otherwise."""
    return ["chat", "count_tokens"]


class Provider(Configured):
    """An upstream account: where it is, which dialect it speaks, how it is authenticated."""

    topic: ClassVar[str] = "providers"

    class Status(TextChoices):
        ENABLED = "enabled", "Enabled"
        DISABLED = "disabled", "Disabled"

    class DialectName(TextChoices):
        OPENAI_CHAT = "openai_chat", "OpenAI chat completions (and compatible)"
        OPENAI_RESPONSES = "openai_responses", "OpenAI responses"
        ANTHROPIC_MESSAGES = "anthropic_messages", "Anthropic messages"
        GEMINI_GENERATE = "gemini_generate", "Gemini generateContent"
        AZURE_INFERENCE = "azure_inference", "Azure AI Inference"

    id = PublicIdField("prov")
    slug = models.SlugField(max_length=64)
    name = models.CharField(max_length=200)
    team = models.ForeignKey(
        "accounts.Team",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="providers",
        help_text="Empty: shared by all teams.",
    )
    dialect = models.CharField(max_length=32, choices=DialectName.choices)
    base_url = models.CharField(
        "base URL",
        max_length=500,
        help_text="Where the provider's API begins, for example https://api.openai.com/v1. "
        "Changing scheme, host or port makes its credential unusable until it is entered again.",
    )
    auth = models.CharField(
        "auth scheme",
        max_length=64,
        blank=True,
        help_text="Empty: the usual one of its dialect. bearer, x-api-key, x-goog-api-key, "
        "api-key, or header: and the name of a header.",
    )
    extra_headers = models.JSONField(default=dict, blank=True)
    options = models.JSONField(default=dict, blank=True, help_text="Options of its dialect.")
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.ENABLED)
    is_simulated = models.BooleanField(
        "simulated", default=False, help_text="Its answers are made up; they are labelled so."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "slug"], name="provider_slug_once_per_team"),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(team=None), name="provider_slug_once_among_shared"
            ),
            models.CheckConstraint(
                condition=Q(status__in=["enabled", "disabled"]), name="provider_status_known"
            ),
        ]

    @override
    def __str__(self) -> str:
        return self.slug


class ProviderModel(Configured):
    """A model of a provider, by the provider's own name: what it can do and what it costs."""

    topic: ClassVar[str] = "providers"

    id = PublicIdField("model")
    provider = models.ForeignKey(Provider, on_delete=models.CASCADE, related_name="models")
    name = models.CharField(max_length=200, help_text="As the provider spells it.")
    operations = models.JSONField(default=default_operations, help_text=", ".join(OPERATIONS))
    max_input_tokens = models.PositiveIntegerField(null=True, blank=True)
    max_output_tokens = models.PositiveIntegerField(null=True, blank=True)
    input_usd_per_mtok = models.DecimalField(
        "input, US dollars per million tokens",
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="Empty: taken from the bundled price data where the model is known.",
    )
    output_usd_per_mtok = models.DecimalField(
        "output, US dollars per million tokens",
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
    )
    cache_read_usd_per_mtok = models.DecimalField(
        "cache read, US dollars per million tokens",
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
    )
    cache_write_usd_per_mtok = models.DecimalField(
        "cache write, US dollars per million tokens",
        max_digits=12,
        decimal_places=6,
        null=True,
        blank=True,
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "model"
        constraints = [
            models.UniqueConstraint(fields=["provider", "name"], name="model_name_once"),
            models.CheckConstraint(
                condition=(Q(input_usd_per_mtok=None) | Q(input_usd_per_mtok__gte=0))
                & (Q(output_usd_per_mtok=None) | Q(output_usd_per_mtok__gte=0))
                & (Q(cache_read_usd_per_mtok=None) | Q(cache_read_usd_per_mtok__gte=0))
                & (Q(cache_write_usd_per_mtok=None) | Q(cache_write_usd_per_mtok__gte=0)),
                name="model_prices_not_negative",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.provider.slug}/{self.name}"
