"""One live portal in front of one simulator, for all tests of a worker."""

from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from tests.live import documents, proofs
from tests.live.portal import LivePortal, running_portal, running_simulator
from tests.live.proofs import Prover
from tests.live.sdks import AT_PORTAL, Sdk


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    with running_simulator() as url:
        yield url


@pytest.fixture(scope="session")
def live_portal(simulator_url: str) -> Iterator[LivePortal]:
    document = documents.simulated(
        simulator_url,
        models=["sim-cut-600", "sim-html", "sim-garbage", "sim-midstream-error", "sim-hang"],
    )
    proofs.add_to(document)
    private = [simulator_url.removeprefix("http://"), proofs.NOBODY]
    with running_portal(document, private=private) as portal:
        yield portal


@pytest.fixture(scope="session")
def prover(live_portal: LivePortal, simulator_url: str) -> Iterator[Prover]:
    """A caller that can look at the record and at what the provider saw."""
    with closing(Prover(live_portal, simulator_url)) as made:
        yield made


@pytest.fixture(scope="session")
def sdk_at_portal(live_portal: LivePortal) -> Iterator[dict[str, Sdk]]:
    """Each SDK against the portal, by dialect."""
    with ExitStack() as stack:
        yield {
            dialect: stack.enter_context(
                closing(kind(live_portal.base_url + path, live_portal.key))
            )
            for dialect, (kind, path) in AT_PORTAL.items()
        }


@pytest.fixture(scope="session")
def sdk_at_simulator(simulator_url: str) -> Iterator[dict[str, Sdk]]:
    """Each SDK straight against the simulated provider, by dialect."""
    with ExitStack() as stack:
        yield {
            dialect: stack.enter_context(
                closing(kind(simulator_url + documents.ROOTS[dialect], "simulated-key"))
            )
            for dialect, (kind, _) in AT_PORTAL.items()
        }
