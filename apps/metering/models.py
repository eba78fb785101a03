"""The ledger of what was used."""

from django.db import models
from typing_extensions import override

from apps.core.fields import PublicIdField


class UsageRecord(models.Model):
    """Tokens and cost of one attempt that reached a provider: the truth for every total."""

    id = PublicIdField("use")
    attempt_id = models.CharField(max_length=40, unique=True)
    call_id = models.CharField(max_length=40, db_index=True)
    created_at = models.DateTimeField()
    team_id = models.CharField(max_length=40)
    application_id = models.CharField(max_length=40)
    key_id = models.CharField(max_length=40)
    endpoint = models.CharField(max_length=128)
    provider = models.CharField(max_length=64)
    model = models.CharField(max_length=200)
    input_tokens = models.PositiveBigIntegerField(help_text="Cache counts are part of it.")
    output_tokens = models.PositiveBigIntegerField(help_text="Reasoning is part of it.")
    cache_read_tokens = models.PositiveBigIntegerField(default=0)
    cache_write_tokens = models.PositiveBigIntegerField(default=0)
    reasoning_tokens = models.PositiveBigIntegerField(default=0)
    estimated = models.BooleanField(
        default=False, help_text="The provider told no usage: counted from the text."
    )
    usd_micros = models.BigIntegerField(
        "cost, millionths of a US dollar", null=True, help_text="Empty: the price is not known."
    )

    class Meta:
        indexes = [
            models.Index(fields=["team_id", "created_at"], name="usage_by_team"),
            models.Index(fields=["application_id", "created_at"], name="usage_by_application"),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.attempt_id}: {self.input_tokens} + {self.output_tokens} tokens"
