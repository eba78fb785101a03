"""Call logs. They name other rows by text, never by key: a log outlives what it tells of."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from typing_extensions import override


class CallLogQuerySet(models.QuerySet["CallLog"]):
    """Calls, chainable."""

    def older_than(self, moment: datetime) -> Self:
        return self.filter(created_at__lt=moment)


class CallLog(models.Model):
    """One call: the denormalised row that lists show. Its id is the caller's `X-Request-Id`."""

    class State(models.TextChoices):
        DONE = "done", "Answered"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Left by the caller"

    id = models.CharField(primary_key=True, max_length=40, editable=False)
    created_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State.choices)
    team_id = models.CharField(max_length=40)
    application_id = models.CharField(max_length=40)
    application = models.CharField(max_length=64)
    key_id = models.CharField(max_length=40)
    client_kind = models.CharField(max_length=16)
    scope = models.CharField(max_length=64)
    endpoint = models.CharField(max_length=128)
    operation = models.CharField(max_length=32)
    dialect = models.CharField("caller's dialect", max_length=32)
    provider = models.CharField(max_length=64, blank=True)
    provider_dialect = models.CharField(max_length=32, blank=True)
    model = models.CharField(max_length=200, blank=True)
    is_simulated = models.BooleanField("simulated", default=False)
    stream = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    finish_reason = models.CharField(max_length=32, blank=True)
    input_tokens = models.PositiveBigIntegerField(default=0)
    output_tokens = models.PositiveBigIntegerField(default=0)
    cache_read_tokens = models.PositiveBigIntegerField(default=0)
    cache_write_tokens = models.PositiveBigIntegerField(default=0)
    reasoning_tokens = models.PositiveBigIntegerField(default=0)
    usage_estimated = models.BooleanField(default=False)
    usd_micros = models.BigIntegerField(
        "cost, millionths of a US dollar", null=True, help_text="Empty: the price is not known."
    )
    duration_ms = models.FloatField()
    first_byte_ms = models.FloatField(null=True)
    warnings = models.JSONField(default=list)
    session_id = models.CharField(max_length=200, blank=True)
    user_agent = models.CharField(max_length=200, blank=True)

    objects: ClassVar[CallLogQuerySet] = models.Manager.from_queryset(CallLogQuerySet)()  # type: ignore[assignment]

    class Meta:
        verbose_name = "call"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["done", "failed", "cancelled"]), name="call_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at"], name="call_by_time"),
            models.Index(fields=["endpoint", "-created_at"], name="call_by_endpoint"),
            models.Index(fields=["application_id", "-created_at"], name="call_by_application"),
        ]

    @override
    def __str__(self) -> str:
        return self.id


class AttemptLog(models.Model):
    """One try at one provider: raw status and headers (secrets masked), timings, error class."""

    class State(models.TextChoices):
        STARTED = "started", "Started"
        DONE = "done", "Answered"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Stopped"

    id = models.CharField(primary_key=True, max_length=40, editable=False)
    call_id = models.CharField(max_length=40, db_index=True)
    number = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=16, choices=State.choices)
    provider = models.CharField(max_length=64)
    model = models.CharField(max_length=200)
    target_id = models.CharField(max_length=40)
    credential_version_id = models.CharField(max_length=40, blank=True)
    status = models.PositiveSmallIntegerField("provider's status", null=True)
    request_headers = models.JSONField(default=list)
    response_headers = models.JSONField(default=list)
    upstream_request_id = models.CharField("provider's request id", max_length=200, blank=True)
    started_at = models.DateTimeField()
    first_byte_ms = models.FloatField(null=True)
    duration_ms = models.FloatField(null=True)
    error_class = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        verbose_name = "attempt"
        constraints = [
            models.UniqueConstraint(fields=["call_id", "number"], name="attempt_number_once"),
        ]
        indexes = [models.Index(fields=["started_at"], name="attempt_by_time")]

    @override
    def __str__(self) -> str:
        return f"{self.call_id} #{self.number}"


class CallBody(models.Model):
    """What was said in a call, encrypted under the call's id."""

    call_id = models.CharField(primary_key=True, max_length=40, editable=False)
    created_at = models.DateTimeField(db_index=True)
    request = models.BinaryField(null=True)
    response = models.BinaryField(null=True)
    request_truncated = models.BooleanField(default=False)
    response_truncated = models.BooleanField(default=False)

    class Meta:
        verbose_name = "body"
        verbose_name_plural = "bodies"

    @override
    def __str__(self) -> str:
        return self.call_id
