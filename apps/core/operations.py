"""The table of operations: what the data plane, the OpenAPI document and MCP tools all read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

Risk = Literal["read", "write", "spend", "delete"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that a caller may do, in plain words.

    `path` has no leading slash and its variable parts in braces (`v1/models/{id}`). `input` and
    `output` are msgspec Structs or JSON Schemas. `summary_view` picks those fields of an output
    that a reader with little room needs. `handler` is the view class or callable behind it.
    """

    name: str
    description: str
    scope: str
    method: str
    path: str
    handler: Callable[..., Any]
    input: Any = None
    output: Any = None
    summary_view: tuple[str, ...] = ()
    risk: Risk = "read"


class OperationTable:
    """Operations by name, in the order in which the apps filed them."""

    def __init__(self) -> None:
        self._by_name: dict[str, Operation] = {}
        self._by_route: dict[tuple[str, str], Operation] = {}

    def register(self, operation: Operation) -> Operation:
        """File an operation.

        Raises:
            ValueError: its name, or its method and path, are taken.
        """
        route = (operation.method.upper(), operation.path)
        if operation.name in self._by_name or route in self._by_route:
            raise ValueError(f"Operation {operation.name} ({route[0]} {route[1]}) exists already.")
        self._by_name[operation.name] = self._by_route[route] = operation
        return operation

    def get(self, name: str) -> Operation:
        return self._by_name[name]

    def __iter__(self) -> Iterator[Operation]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)


operations = OperationTable()
