"""Write `.env.example` from the typed environment."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from portal.env import PREFIX, Environment, ProductionEnvironment

WIDTH: Final = 98

HEAD: Final = """\
# Every setting of the portal with its default. Copy to `.env` and change what you need; the real
# environment wins over the file. Written by `manage.py env_example`, from portal/env.py.
"""


def render() -> str:
    """Write the whole file."""
    return HEAD + "".join(f"\n{entry}" for entry in _entries())


def _entries() -> Iterator[str]:
    for name, field in Environment.model_fields.items():
        required = ProductionEnvironment.model_fields[name].is_required()
        text = (field.description or "") + (" (production must set it)" if required else "")
        comment = textwrap.fill(
            text[:1].upper() + text[1:] + ".",
            width=WIDTH,
            initial_indent="# ",
            subsequent_indent="# ",
        )
        yield f"{comment}\n#{PREFIX}{name.upper()}={_shown(field.default)}\n"


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return ""
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Path | str):
        return str(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
