"""Model fields that every app uses."""

from functools import partial
from typing import Any

from django.db import models
from typing_extensions import override

from apps.core.ids import new_id


class PublicIdField(models.CharField):  # type: ignore[type-arg]
    """A primary key that callers may see: prefixed, sortable, made by the portal."""

    def __init__(self, prefix: str, **options: Any) -> None:
        self.prefix = prefix
        options |= {
            "primary_key": True,
            "max_length": 40,
            "editable": False,
            "default": partial(new_id, prefix),
        }
        super().__init__(**options)

    @override
    def deconstruct(self) -> Any:
        name, path, args, options = super().deconstruct()
        for implied in ["primary_key", "max_length", "editable", "default"]:
            options.pop(implied, None)
        return name, path, [self.prefix, *args], options
