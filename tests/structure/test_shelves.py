"""The lowest shelves of every app hold words and tables only: no Django."""

import ast
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.structure.tree import APPS

LOWEST = ("types", "errors", "scopes")
FRAMEWORKS = {"django", "rest_framework", "celery", "unfold", "oauth2_provider"}


def _lowest_shelves() -> list[Path]:
    return sorted(path for shelf in LOWEST for path in APPS.glob(f"*/{shelf}.py"))


def _imported_packages(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names}


class TestLowestShelves:
    @pytest.mark.parametrize(
        "path", _lowest_shelves(), ids=lambda path: path.relative_to(REPOSITORY).as_posix()
    )
    def test_import_no_framework(self, path: Path) -> None:
        assert _imported_packages(path) & FRAMEWORKS == set()
