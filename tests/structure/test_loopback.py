"""The guard of conftest: no test reaches beyond this machine."""

import asyncio
import socket
from contextlib import closing

import pytest

from tests.conftest import free_port

DOCUMENTATION_ADDRESS = "192.0.2.1"  # reserved for examples. Source: RFC 5737 §3


class TestLoopbackGuard:
    def test_refuses_a_connection_to_another_machine(self) -> None:
        with closing(socket.socket()) as client, pytest.raises(pytest.fail.Exception):
            client.connect((DOCUMENTATION_ADDRESS, 80))

    async def test_refuses_it_on_an_event_loop_too(self) -> None:
        with pytest.raises(pytest.fail.Exception):
            await asyncio.open_connection(DOCUMENTATION_ADDRESS, 80)

    def test_resolves_no_name_of_another_machine(self) -> None:
        with pytest.raises(socket.gaierror):
            socket.create_connection(("example.com", 80))

    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    def test_lets_loopback_pass(self, host: str) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as server:
            port = server.getsockname()[1]

            with closing(socket.create_connection((host, port))) as client:
                assert client.getpeername() == ("127.0.0.1", port)


class TestFreePort:
    def test_names_a_port_that_can_be_bound(self) -> None:
        port = free_port()

        with closing(socket.create_server(("127.0.0.1", port))) as server:
            assert server.getsockname()[1] == port
