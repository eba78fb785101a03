"""One simulated provider for all tests of this folder, without pauses."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from apps.providers.simulator.serving import in_thread
from tests.providers.simulator.client import Client, Specs


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    with in_thread(pace_ms=0) as url:
        yield url


@pytest.fixture
def client(simulator_url: str) -> Client:
    client = Client(simulator_url)
    client.post("/__reset", {})
    return client


@pytest.fixture(scope="session")
def specs(shared_dir: Path) -> Specs:
    return Specs(shared_dir)
