"""The table of operations."""

import pytest

from apps.core.operations import Operation, OperationTable


def operation(name: str = "chat", *, method: str = "POST", path: str = "v1/chat") -> Operation:
    return Operation(
        name=name, description="d", scope="s", method=method, path=path, handler=lambda: None
    )


class TestRegister:
    def test_files_in_order(self) -> None:
        table = OperationTable()

        table.register(operation())
        table.register(operation("list", method="GET"))

        assert [entry.name for entry in table] == ["chat", "list"]
        assert table.get("list").method == "GET"
        assert len(table) == 2

    @pytest.mark.parametrize("twin", [operation(path="other"), operation("other", method="post")])
    def test_refuses_a_taken_name_or_route(self, twin: Operation) -> None:
        table = OperationTable()
        table.register(operation())

        with pytest.raises(ValueError, match="exists already"):
            table.register(twin)

        assert len(table) == 1
