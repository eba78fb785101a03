"""What the admins of all apps share, and the schedules, which belong to no app of ours."""

from apps.core.admin import schedules  # noqa: F401  (its admins register themselves)
