"""The embedded broker: kombu's folder of messages, made safe for several processes.

The stock transport gives a message its final name before its content, so that another process can
read half of it and die. Here files appear whole: written aside, then renamed.
"""

import contextlib
import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from queue import Empty
from typing import Any, ClassVar, Final

from kombu.transport import TRANSPORT_ALIASES, filesystem, virtual
from kombu.utils.json import dumps, loads
from typing_extensions import override

SCHEME: Final = "folder"
POLL_S: Final = 0.05

TRANSPORT_ALIASES[SCHEME] = "portal.broker:Transport"


def transport_options(folder: Path) -> dict[str, Any]:
    """Make the folders of a broker and name them in kombu's words."""
    names = {name: folder / name for name in ["messages", "taken", "control"]}
    for path in names.values():
        path.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(names["messages"]),
        "data_folder_out": str(names["messages"]),
        "processed_folder": str(names["taken"]),
        "control_folder": str(names["control"]),
        "polling_interval": POLL_S,
    }


class Channel(filesystem.Channel):
    """A channel whose every write is a rename."""

    @override
    def _put(self, queue: str, payload: Any, **options: Any) -> None:  # type: ignore[override]
        # Wall-clock time: the order of names must survive a reboot.
        name = f"{time.time_ns():020d}_{uuid.uuid4().hex}.{queue}.msg"
        write_whole(Path(self.data_folder_out) / name, dumps(payload).encode())

    @override
    def _get(self, queue: str, timeout: float | None = None) -> Any:
        suffix = f"{queue}.msg"
        for name in sorted(os.listdir(self.data_folder_in)):  # noqa: PTH208  (names, not paths)
            if name.partition(".")[2] != suffix:
                continue
            taken = Path(self.processed_folder) / name
            try:
                # Whoever renames it has it; all others find nothing.
                (Path(self.data_folder_in) / name).rename(taken)
            except FileNotFoundError:
                continue
            payload = loads(taken.read_text(encoding="utf-8"))
            taken.unlink()
            return payload
        raise Empty

    @override
    def _queue_bind(
        self, exchange: str, routing_key: str | None, pattern: str | None, queue: str | None
    ) -> None:
        binding = [routing_key or "", pattern or "", queue or ""]
        with self._table_lock():
            table = [list(row) for row in self.get_table(exchange)]
            if binding not in table:
                write_whole(self._file_of(exchange), dumps([binding, *table]).encode())

    @override
    def _delete(
        self, queue: str, exchange: str, routing_key: str, pattern: str, *args: Any, **options: Any
    ) -> None:
        super(filesystem.Channel, self)._delete(queue, exchange, routing_key, pattern, *args)
        binding = [routing_key or "", pattern or "", queue or ""]
        with self._table_lock():
            table = [list(row) for row in self.get_table(exchange)]
            if binding in table:
                table.remove(binding)
                write_whole(self._file_of(exchange), dumps(table).encode())

    def _file_of(self, exchange: str) -> Path:
        path: Path = self._exchange_file(exchange)  # type: ignore[attr-defined]
        return path

    @contextlib.contextmanager
    def _table_lock(self) -> Iterator[None]:
        with (self.control_folder / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


class Transport(filesystem.Transport):
    """Kombu's filesystem transport with the safe channel."""

    Channel = Channel

    # What is bound is known per folder: another folder is another broker.
    states: ClassVar[dict[str, virtual.BrokerState]] = {}

    def __init__(self, client: Any, **options: Any) -> None:
        super().__init__(client, **options)
        folder = client.transport_options["control_folder"]
        self.state = self.states.setdefault(folder, virtual.BrokerState())


def write_whole(path: Path, content: bytes) -> None:
    """Let a file appear under its name with all of its content, or not at all."""
    draft = path.with_name(f".{uuid.uuid4().hex}.draft")
    draft.write_bytes(content)
    draft.rename(path)
