"""Every module that does something has tests under its name."""

from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.structure.tree import APPS, TESTS, has_logic

# Modules without tests under their own name, each with the reason.
TESTED_ELSEWHERE: dict[str, str] = {}


def _modules() -> list[Path]:
    """The shelves and own modules of every app; a crowded one is a package."""
    modules = [path for path in APPS.glob("*/*.py") if path.stem not in {"__init__", "apps"}]
    return sorted(path for path in modules if has_logic(path))


def _name(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def _tests_of(module: Path) -> list[Path]:
    folder = TESTS / module.parent.relative_to(APPS)
    stem = module.stem
    return [
        *folder.glob(f"test_{stem}.py"),
        *folder.glob(f"test_{stem}_*.py"),
        *folder.glob(f"{stem}/test_*.py"),
    ]


class TestMirrors:
    @pytest.mark.parametrize("module", _modules(), ids=_name)
    def test_a_module_with_logic_has_tests_of_its_name(self, module: Path) -> None:
        assert _tests_of(module) or _name(module) in TESTED_ELSEWHERE

    def test_no_exception_outlives_its_reason(self) -> None:
        without_tests = {_name(module) for module in _modules() if not _tests_of(module)}

        assert set(TESTED_ELSEWHERE) <= without_tests
