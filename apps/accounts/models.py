"""People and the teams that they work in."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from typing_extensions import override

from apps.core.fields import PublicIdField
from apps.core.models import Configured


class User(AbstractUser):
    """A person who signs in to the admin."""

    id = PublicIdField("user")
    email = models.EmailField("email address", unique=True)

    REQUIRED_FIELDS = ["email"]


class Team(Configured):
    """A group of people that owns applications, and what they may use."""

    topic = "accounts"

    id = PublicIdField("team")
    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(
        max_length=64, default="UTC", help_text="Where the days and months of its quotas begin."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    @override
    def __str__(self) -> str:
        return self.slug


class Membership(Configured):
    """What a person may do in a team."""

    topic = "accounts"

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        ADMIN = "admin", "Admin"
        MEMBER = "member", "Member"
        VIEWER = "viewer", "Viewer"

    id = PublicIdField("mem")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.MEMBER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "team"], name="membership_once_per_team"),
            models.CheckConstraint(
                condition=models.Q(role__in=["owner", "admin", "member", "viewer"]),
                name="membership_role_known",
            ),
        ]

    @override
    def __str__(self) -> str:
        return f"{self.user} in {self.team}: {self.role}"
