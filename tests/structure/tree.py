"""The tree of the repository as the structure tests see it: apps, modules, tracked files."""

import ast
import functools
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conftest import REPOSITORY

APPS = REPOSITORY / "apps"
TESTS = REPOSITORY / "tests"


@functools.cache
def tracked_files() -> tuple[Path, ...]:
    """Every file that is committed, or would be: what git does not ignore."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = sorted(set(listing.split("\0")) - {""})
    return tuple(path for name in names if (path := REPOSITORY / name).is_file())


def texts_of(files: tuple[Path, ...]) -> Iterator[tuple[str, str]]:
    """Name and text of each file that is text."""
    for path in files:
        try:
            yield path.relative_to(REPOSITORY).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def app_names() -> list[str]:
    return sorted(path.parent.name for path in APPS.glob("*/__init__.py"))


def members_of(folder: Path) -> set[str]:
    """Names of the modules and packages in a folder, as an import would spell them."""
    modules = {path.stem for path in folder.glob("*.py")}
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    return {name for name in modules | packages if not name.startswith("_")}


def pyproject() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


def has_logic(path: Path) -> bool:
    """Whether a module holds a function or method that does more than construct or represent."""
    return any(
        isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("__")
        and not _is_declared_only(node)
        for node in ast.walk(ast.parse(path.read_text()))
    )


def _is_declared_only(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """A function without a body: a docstring, an ellipsis (a Protocol's, an overload's)."""
    return all(
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        for statement in function.body
    )
