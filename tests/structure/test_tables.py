"""Tables and folders agree: a file without its line, or a line without its file, fails here."""

from collections import Counter

from apps.access.scopes import SCOPES
from apps.gateway.operations import OPERATIONS
from apps.providers.dialects import DIALECTS
from tests.structure.tree import APPS, TESTS, members_of

DIALECT_FOLDER = APPS / "providers" / "dialects"
OPERATION_FOLDER = APPS / "gateway" / "operations"


class TestDialects:
    def test_every_folder_with_both_halves_has_its_line(self) -> None:
        folders = {path.parent.name for path in DIALECT_FOLDER.glob("*/inbound.py")}

        assert folders == set(DIALECTS)

    def test_each_is_listed_under_its_own_name(self) -> None:
        assert [dialect.name for dialect in DIALECTS.values()] == list(DIALECTS)

    def test_each_has_tests_of_its_name(self) -> None:
        tests = TESTS / "providers" / "dialects"
        named = {name for name in DIALECTS if any(tests.rglob(f"test_{name}*.py"))}
        packaged = {name for name in DIALECTS if any((tests / name).glob("test_*.py"))}

        assert named | packaged == set(DIALECTS)


class TestOperations:
    def test_every_file_has_its_line(self) -> None:
        listed = {operation.__module__.rpartition(".")[2] for operation in OPERATIONS}

        assert listed == members_of(OPERATION_FOLDER)

    def test_no_two_share_a_path(self) -> None:
        uses = Counter(operation.path for operation in OPERATIONS)

        assert [path for path, count in uses.items() if count > 1] == []

    def test_each_asks_for_a_scope_that_exists(self) -> None:
        # One that only reads has no scope but the one for reading.
        scopes = {operation.scope or operation.read_scope for operation in OPERATIONS}

        assert scopes - set(SCOPES) == set()
