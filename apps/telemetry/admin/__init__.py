"""Calls and attempts, to look at and to search; nothing here changes them."""

from apps.telemetry.admin import attempts, calls  # noqa: F401  (they register themselves)
