"""An engine that runs without database and without sockets."""

from collections.abc import Callable
from typing import Any

import pytest

from apps.core import writer
from apps.inference import catalog, runtime
from apps.inference.catalog import Catalog, EndpointEntry
from apps.inference.runtime import Runtime
from apps.metering.types import UsageEntry
from apps.telemetry.types import CallRecord
from tests.inference.calls import FakeTransport


class Kept:
    """What the engine has put on record."""

    def __init__(self) -> None:
        self.calls: list[CallRecord] = []
        self.usage: list[UsageEntry] = []

    def put(self, kind: str, row: Any) -> None:
        (self.calls if kind == "call" else self.usage).append(row)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Kept:
    found = Kept()
    monkeypatch.setattr(writer, "put", found.put)
    return found


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeTransport]:
    """Publish an endpoint whose providers give these answers."""

    def publish(entry: EndpointEntry, *answers: Any, **bounds: Any) -> FakeTransport:
        transport = FakeTransport(*answers)
        monkeypatch.setattr(catalog, "current", lambda: Catalog([entry]))
        monkeypatch.setattr(runtime, "_runtime", Runtime(transport=transport, **bounds))
        return transport

    return publish
