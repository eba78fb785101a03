"""People for tests."""

from itertools import count
from typing import Any

from apps.accounts.models import User

_numbers = count(1)


def make_user(**fields: Any) -> User:
    number = next(_numbers)
    values = {"username": f"user-{number}", "email": f"user-{number}@example.org"} | fields
    return User.objects.create_user(**values)


def make_admin(**fields: Any) -> User:
    return make_user(**{"is_staff": True, "is_superuser": True} | fields)
