"""What may stand in no file: one machine's paths, hosts of indexes, nameless migrations."""

import re
from collections.abc import Callable

import pytest

from tests.conftest import REPOSITORY
from tests.structure.tree import APPS, texts_of, tracked_files

MACHINE_PATH = re.compile(r"/(?:root|home|Users|work)/[a-z]")
SHARED = re.compile(r"\.\./shared|parent / \"shared\"")
HOST = re.compile(r"://|--(?:extra-)?index-url|--find-links|--trusted-host")


def _lines_with(pattern: re.Pattern[str], belongs: Callable[[str], bool]) -> list[str]:
    return [
        f"{name}:{number}"
        for name, text in texts_of(tracked_files())
        if belongs(name)
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]


class TestText:
    def test_names_no_path_of_one_machine(self) -> None:
        assert _lines_with(MACHINE_PATH, lambda name: name != "tests/structure/test_text.py") == []

    def test_names_the_shared_material_in_tests_only(self) -> None:
        assert _lines_with(SHARED, lambda name: not name.startswith("tests/")) == []


class TestRequirements:
    def test_name_no_host(self) -> None:
        assert _lines_with(HOST, lambda name: name.startswith("requirements/")) == []

    @pytest.mark.parametrize("name", ["base", "dev"])
    def test_are_hashed_every_one(self, name: str) -> None:
        text = (REPOSITORY / "requirements" / f"{name}.txt").read_text()
        pins = re.findall(r"^\S+==\S+ \\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)

        assert pins
        assert len(pins) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE))


class TestMigrations:
    def test_say_what_they_change(self) -> None:
        names = [path.stem for path in APPS.glob("*/migrations/[0-9]*.py")]

        assert [
            name for name in names if re.fullmatch(r"\d{4}_(?:auto_.*|\w*_and_more)", name)
        ] == []
