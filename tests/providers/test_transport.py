import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from apps.providers import wire
from apps.providers.errors import (
    ProviderConnectionError,
    ProviderProtocolError,
    ProviderTimeoutError,
)
from apps.providers.transport import AiohttpTransport
from apps.providers.types import Headers, Timeouts, Upstream
from tests.conftest import free_port
from tests.providers.hostile import Behaviour, Hostile, Peer, hostile

QUICK = Timeouts(connect_s=2, first_byte_s=0.2, idle_s=0.2, total_s=5)
PATIENT = Timeouts(connect_s=5, first_byte_s=10, idle_s=10, total_s=20)
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def upstream(
    base_url: str,
    *,
    path: str = "/v1/chat",
    body: bytes = b"{}",
    headers: Headers = (),
    timeouts: Timeouts = PATIENT,
) -> Upstream:
    request = wire.UpstreamRequest(path=path, body=body)
    return Upstream(base_url, request, (("authorization", "Bearer s3"),), headers, timeouts)


@asynccontextmanager
async def talking(behave: Behaviour) -> AsyncIterator[tuple[AiohttpTransport, Hostile]]:
    async with hostile(behave) as server:
        transport = AiohttpTransport(private=frozenset({server.authority}))
        try:
            yield transport, server
        finally:
            await transport.close()


async def once(peer: Peer) -> None:
    await peer.request()
    await peer.answer(b"hello", more="X-Thing: One\r\nX-Thing: Two\r\n")
    await peer.leave()


async def for_ever(peer: Peer) -> None:
    while await peer.request():
        await peer.answer(b"hello")


def sending(*pieces: bytes, then_leave: bool = False) -> Behaviour:
    async def behave(peer: Peer) -> None:
        await peer.request()
        for piece in pieces:
            await peer.send(piece)
        if then_leave:
            await peer.leave()

    return behave


class TestSend:
    async def test_gives_status_headers_and_body(self) -> None:
        async with talking(once) as (transport, server):
            answer = await transport.send(upstream(server.url))
            body = await answer.read(100)

        assert (answer.status, body) == (200, b"hello")
        assert answer.raw_headers[1:] == [("X-Thing", "One"), ("X-Thing", "Two")]
        assert answer.headers["x-thing"] == "Two"

    async def test_sends_the_body_and_only_the_headers_it_was_given(self) -> None:
        async with talking(once) as (transport, server):
            extra = (("x-extra", "1"),)
            await transport.send(upstream(f"{server.url}/base/", body=b'{"a":1}', headers=extra))

        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        lines = head.decode().lower().split("\r\n")
        assert lines[0] == "post /base/v1/chat http/1.1"
        assert set(lines[1:]) == {
            f"host: {server.authority}",
            "accept: */*",
            "accept-encoding: identity",
            "user-agent: portal",
            "content-type: application/json",
            "content-length: 7",
            "x-extra: 1",
            "authorization: bearer s3",
        }
        assert body == b'{"a":1}'

    async def test_sends_a_large_body_with_its_length(self) -> None:
        body = b"x" * 3_000_000

        async with talking(once) as (transport, server):
            await transport.send(upstream(server.url, body=body))

        head, _, sent = server.requests[0].partition(b"\r\n\r\n")
        assert b"content-length: 3000000" in head.lower()
        assert sent == body

    async def test_reuses_a_connection(self) -> None:
        async with talking(for_ever) as (transport, server):
            for _ in range(5):
                answer = await transport.send(upstream(server.url))
                await answer.read(100)

        assert len(server.peers) == 1
        assert len(server.requests) == 5

    async def test_cuts_a_connection_that_said_more_than_its_answer(self) -> None:
        async def poison(peer: Peer) -> None:
            while await peer.request():
                await peer.answer(b"first")
                await peer.answer(b"smuggled")

        async with talking(poison) as (transport, server):
            bodies = []
            for _ in range(3):
                answer = await transport.send(upstream(server.url))
                bodies.append(await answer.read(100))

        assert bodies == [b"first"] * 3
        assert len(server.peers) == 3

    async def test_never_sends_twice_on_a_dead_connection(self) -> None:
        async def dies_with_the_second(peer: Peer) -> None:
            await peer.request()
            await peer.answer(b"hello")
            await peer.request()

        async with talking(dies_with_the_second) as (transport, server):
            await (await transport.send(upstream(server.url))).read(100)
            with pytest.raises(ProviderConnectionError) as caught:
                await transport.send(upstream(server.url))

        assert caught.value.sent
        assert len(server.peers) == 1
        assert len(server.requests) == 2

    async def test_opens_a_new_connection_when_the_idle_one_was_closed(self) -> None:
        async with talking(sending(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")) as (
            transport,
            server,
        ):
            await (await transport.send(upstream(server.url))).read(100)
            await server.peers[0].writer.wait_closed()
            await asyncio.sleep(0)  # lets the client's own side of the loop see the end
            await (await transport.send(upstream(server.url))).read(100)

        assert len(server.peers) == 2

    @pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
    async def test_refuses_a_redirect(self, status: str) -> None:
        async def redirect(peer: Peer) -> None:
            await peer.request()
            await peer.answer(status=status, more="location: http://127.0.0.1:1/\r\n")
            await peer.leave()

        async with talking(redirect) as (transport, server):
            with pytest.raises(ProviderProtocolError, match="redirect") as caught:
                await transport.send(upstream(server.url))

        assert caught.value.status == int(status[:3])

    async def test_refuses_an_answer_that_is_compressed(self) -> None:
        async def compress(peer: Peer) -> None:
            await peer.request()
            await peer.answer(more="content-encoding: gzip\r\n")
            await peer.leave()

        async with talking(compress) as (transport, server):
            with pytest.raises(ProviderProtocolError, match="compressed"):
                await transport.send(upstream(server.url))

    async def test_says_that_nothing_was_sent_when_nobody_listens(self) -> None:
        port = free_port()
        transport = AiohttpTransport(private=frozenset({f"127.0.0.1:{port}"}))

        with pytest.raises(ProviderConnectionError) as caught:
            await transport.send(upstream(f"http://127.0.0.1:{port}"))

        assert not caught.value.sent
        await transport.close()

    async def test_says_that_something_was_sent_when_the_server_resets(self) -> None:
        async def reset(peer: Peer) -> None:
            await peer.request()
            peer.reset()

        async with talking(reset) as (transport, server):
            with pytest.raises(ProviderConnectionError, match="before it answered") as caught:
                await transport.send(upstream(server.url))

        assert caught.value.sent

    @pytest.mark.parametrize(
        "bytes_",
        [b"garbage\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"HTTP/1.1 200 OK\r\n: x\r\n\r\n"],
    )
    async def test_refuses_what_is_not_http(self, bytes_: bytes) -> None:
        async with talking(sending(bytes_)) as (transport, server):
            with pytest.raises(ProviderProtocolError, match="not valid HTTP"):
                await transport.send(upstream(server.url))

    async def test_refuses_headers_without_end(self) -> None:
        async def endless(peer: Peer) -> None:
            await peer.request()
            await peer.send(b"HTTP/1.1 200 OK\r\nx: ")
            while True:
                await peer.send(b"y" * 1024)

        async with talking(endless) as (transport, server):
            with pytest.raises(ProviderProtocolError):
                await transport.send(upstream(server.url))

    @pytest.mark.parametrize("value", ["a\r\nx-evil: 1", "a\nb", "a\0"])
    async def test_refuses_a_header_with_a_line_break(self, value: str) -> None:
        async with talking(once) as (transport, server):
            with pytest.raises(ProviderProtocolError, match="line break"):
                await transport.send(upstream(server.url, headers=(("x-a", value),)))

            assert server.peers == []

    @pytest.mark.parametrize("path", ["/a b", "/a\r\nb", "/../x", "/a/./b", "/a\\b", "/é", "/a#b"])
    async def test_refuses_a_path_that_is_no_url(self, path: str) -> None:
        async with talking(once) as (transport, server):
            with pytest.raises(ProviderProtocolError, match="not a safe URL"):
                await transport.send(upstream(server.url, path=path))

    async def test_stays_at_its_origin_whatever_the_path_is(self) -> None:
        async with talking(once) as (transport, server):
            await transport.send(upstream(server.url, path="//127.0.0.1:1/x?y=http://a@b"))

        assert server.requests[0].startswith(b"POST /127.0.0.1:1/x?y=http://a@b HTTP/1.1")


class TestTimeouts:
    async def test_first_byte_when_the_server_hangs(self) -> None:
        async def hang(peer: Peer) -> None:
            await peer.request()
            await peer.leave()

        async with talking(hang) as (transport, server):
            with pytest.raises(ProviderTimeoutError) as caught:
                await transport.send(upstream(server.url, timeouts=QUICK))
            await asyncio.wait_for(server.peers[0].gone.wait(), 2)

        assert (caught.value.phase, caught.value.sent) == ("first_byte", True)

    async def test_first_byte_when_the_headers_only_drip(self) -> None:
        async def drip(peer: Peer) -> None:
            await peer.request()
            for letter in b"HTTP/1.1 200 OK\r\nx-slow: " + b"y" * 200:
                await peer.send(bytes([letter]))
                await asyncio.sleep(0.02)

        async with talking(drip) as (transport, server):
            with pytest.raises(ProviderTimeoutError) as caught:
                await transport.send(upstream(server.url, timeouts=QUICK))

        assert caught.value.phase == "first_byte"

    async def test_idle_when_the_body_stops(self) -> None:
        stalls = sending(CHUNKED + b"3\r\nabc\r\n", then_leave=True)

        async with talking(stalls) as (transport, server):
            answer = await transport.send(upstream(server.url, timeouts=QUICK))
            with pytest.raises(ProviderTimeoutError) as caught:
                await answer.read(100)
            await asyncio.wait_for(server.peers[0].gone.wait(), 2)

        assert caught.value.phase == "idle"

    async def test_total_when_the_body_only_drips(self) -> None:
        async def drip(peer: Peer) -> None:
            await peer.request()
            await peer.send(CHUNKED)
            while True:
                await peer.send(b"1\r\nx\r\n")
                await asyncio.sleep(0.02)

        limits = Timeouts(connect_s=2, first_byte_s=2, idle_s=2, total_s=0.3)
        async with talking(drip) as (transport, server):
            answer = await transport.send(upstream(server.url, timeouts=limits))
            with pytest.raises(ProviderTimeoutError) as caught:
                async for _ in answer.chunks():
                    pass

        assert caught.value.phase == "total"

    async def test_total_when_it_is_shorter_than_the_wait_for_the_first_byte(self) -> None:
        async def hang(peer: Peer) -> None:
            await peer.request()
            await peer.leave()

        limits = Timeouts(connect_s=2, first_byte_s=2, idle_s=2, total_s=0.1)
        async with talking(hang) as (transport, server):
            with pytest.raises(ProviderTimeoutError) as caught:
                await transport.send(upstream(server.url, timeouts=limits))

        assert caught.value.phase == "total"

    async def test_none_is_left_running_after_the_answer(self) -> None:
        async with talking(for_ever) as (transport, server):
            for _ in range(3):
                answer = await transport.send(upstream(server.url, timeouts=QUICK))
                await answer.read(100)
            await asyncio.sleep(QUICK.idle_s * 2)
            body = await (await transport.send(upstream(server.url, timeouts=QUICK))).read(100)

        assert body == b"hello"
        assert len(server.peers) == 1

    async def test_connect_when_no_connection_is_free(self) -> None:
        async def hold(peer: Peer) -> None:
            await peer.request()
            await peer.send(CHUNKED)
            await peer.leave()

        async with hostile(hold) as server:
            transport = AiohttpTransport(private=frozenset({server.authority}), max_connections=1)
            held = await transport.send(upstream(server.url))
            limits = Timeouts(connect_s=0.1, first_byte_s=2, idle_s=2, total_s=2)
            with pytest.raises(ProviderTimeoutError) as caught:
                await transport.send(upstream(server.url, timeouts=limits))
            held.close()
            await transport.close()

        assert (caught.value.phase, caught.value.sent) == ("connect", False)

    async def test_a_reader_that_is_slow_is_not_the_provider_being_silent(self) -> None:
        big = b"x" * 4_000_000
        limits = Timeouts(connect_s=2, first_byte_s=2, idle_s=0.2, total_s=20)

        async def flood(peer: Peer) -> None:
            await peer.request()
            await peer.answer(big)
            await peer.leave()

        async with talking(flood) as (transport, server):
            answer = await transport.send(upstream(server.url, timeouts=limits))
            await asyncio.sleep(0.5)
            body = await answer.read(len(big))

        assert len(body) == len(big)


class TestRead:
    @pytest.mark.parametrize(
        "pieces",
        [
            pytest.param((b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",), id="short body"),
            pytest.param((CHUNKED + b"5\r\nab",), id="cut inside a chunk"),
            pytest.param((CHUNKED + b"2\r\nab\r\n",), id="no last chunk"),
        ],
    )
    async def test_refuses_a_body_that_ends_early(self, pieces: tuple[bytes, ...]) -> None:
        async with talking(sending(*pieces)) as (transport, server):
            answer = await transport.send(upstream(server.url))
            with pytest.raises(ProviderConnectionError, match="in the middle") as caught:
                await answer.read(100)

        assert caught.value.sent

    async def test_refuses_a_chunk_without_a_size(self) -> None:
        async def nonsense(peer: Peer) -> None:
            await peer.request()
            await peer.send(CHUNKED)
            await begun.wait()
            await peer.send(b"zz\r\nab\r\n")
            await peer.leave()

        begun = asyncio.Event()
        async with talking(nonsense) as (transport, server):
            answer = await transport.send(upstream(server.url))
            begun.set()
            with pytest.raises(ProviderProtocolError, match="not valid HTTP"):
                await answer.read(100)

    async def test_reads_a_body_that_the_end_of_the_connection_ends(self) -> None:
        async with talking(sending(b"HTTP/1.1 200 OK\r\n\r\n", b"abc")) as (transport, server):
            assert await (await transport.send(upstream(server.url))).read(100) == b"abc"

    async def test_reads_an_empty_answer(self) -> None:
        async with talking(sending(b"HTTP/1.1 204 None\r\n\r\n", then_leave=True)) as (
            transport,
            server,
        ):
            assert await (await transport.send(upstream(server.url))).read(100) == b""

    async def test_notices_a_reset_in_the_middle(self) -> None:
        async def reset(peer: Peer) -> None:
            await peer.request()
            await peer.send(CHUNKED + b"3\r\nabc\r\n")
            await read.wait()
            peer.reset()

        read = asyncio.Event()
        async with talking(reset) as (transport, server):
            chunks = (await transport.send(upstream(server.url))).chunks()
            assert await anext(chunks) == b"abc"
            read.set()
            with pytest.raises(ProviderConnectionError, match="in the middle"):
                await anext(chunks)

    async def test_bounds_a_body_without_end(self) -> None:
        async def endless(peer: Peer) -> None:
            await peer.request()
            await peer.send(CHUNKED)
            with suppress(ConnectionError):
                while True:
                    await peer.send(b"400\r\n" + b"x" * 1024 + b"\r\n")
            peer.gone.set()

        async with talking(endless) as (transport, server):
            answer = await transport.send(upstream(server.url))
            with pytest.raises(ProviderProtocolError, match="larger than 50000 bytes"):
                await answer.read(50_000)
            await asyncio.wait_for(server.peers[0].gone.wait(), 2)

    async def test_refuses_an_announced_size_before_reading(self) -> None:
        async with talking(
            sending(b"HTTP/1.1 200 OK\r\ncontent-length: 99999\r\n\r\n", then_leave=True)
        ) as (transport, server):
            answer = await transport.send(upstream(server.url))
            with pytest.raises(ProviderProtocolError, match="larger"):
                await answer.read(1000)
            await asyncio.wait_for(server.peers[0].gone.wait(), 2)


class TestLeaving:
    async def test_cancelling_before_the_headers_closes_at_once(self) -> None:
        async def hang(peer: Peer) -> None:
            await peer.request()
            arrived.set()
            await peer.leave()

        arrived = asyncio.Event()
        async with talking(hang) as (transport, server):
            task = asyncio.create_task(transport.send(upstream(server.url)))
            await arrived.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(server.peers[0].gone.wait(), 1)

    @pytest.mark.parametrize("way", ["cancel", "close", "break"])
    async def test_leaving_a_stream_closes_at_once(self, way: str) -> None:
        async def drip(peer: Peer) -> None:
            await peer.request()
            await peer.send(CHUNKED + b"1\r\nx\r\n")
            await peer.leave()

        async def read_on() -> None:
            async for _ in answer.chunks():
                started.set()
                if way == "break":
                    break

        started = asyncio.Event()
        async with talking(drip) as (transport, server):
            answer = await transport.send(upstream(server.url))
            task = asyncio.create_task(read_on())
            await started.wait()
            if way == "cancel":
                task.cancel()
            if way in {"close", "break"}:
                answer.close()
            await asyncio.wait_for(server.peers[0].gone.wait(), 1)
            await asyncio.gather(task, return_exceptions=True)

    async def test_a_client_that_does_not_read_stops_the_server(self) -> None:
        async def flood(peer: Peer) -> None:
            await peer.request()
            await peer.send(CHUNKED)
            while True:
                await peer.send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                pushed.append(0x10000)

        pushed: list[int] = []
        async with talking(flood) as (transport, server):
            answer = await transport.send(upstream(server.url))
            before = -1
            while len(pushed) != before:
                before = len(pushed)
                await asyncio.sleep(0.1)
            answer.close()

        assert sum(pushed) < 20_000_000


class Names(AbstractResolver):
    """A name server whose answers a test chooses."""

    def __init__(self, **hosts: list[str]) -> None:
        self.hosts = hosts
        self.asked = 0

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        return [
            ResolveResult(hostname=host, host=one, port=port, family=2, proto=0, flags=0)
            for one in self.hosts[host.partition(".")[0]]
        ]

    @override
    async def close(self) -> None:
        pass


class TestAddresses:
    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1:{port}",
            "https://127.0.0.1:{port}",
            "https://[::1]:{port}",
            "https://[::ffff:127.0.0.1]:{port}",
            "https://127.1:{port}",
            "https://2130706433:{port}",
            "https://0x7f.0.0.1:{port}",
            "https://169.254.169.254",
            "https://0.0.0.0:{port}",
            "https://localhost:{port}",
        ],
    )
    async def test_an_address_that_is_not_listed_is_never_reached(self, url: str) -> None:
        async with hostile(once) as server:
            transport = AiohttpTransport()
            with pytest.raises(ProviderConnectionError) as caught:
                await transport.send(upstream(url.format(port=server.port)))
            await transport.close()

        assert not caught.value.sent
        assert server.peers == []

    async def test_a_name_with_one_bad_address_is_reached_at_the_other(self) -> None:
        async with hostile(once) as server:
            authority = f"local.test:{server.port}"
            transport = AiohttpTransport(
                private=frozenset({authority}),
                resolver=Names(local=["169.254.169.254", "127.0.0.1"]),
            )
            answer = await transport.send(upstream(f"http://{authority}"))
            body = await answer.read(100)
            await transport.close()

        assert body == b"hello"

    @pytest.mark.parametrize("found", ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0"])
    async def test_a_listed_name_never_means_a_link_local_address(self, found: str) -> None:
        transport = AiohttpTransport(
            private=frozenset({"metadata.test:443"}), resolver=Names(metadata=[found])
        )

        with pytest.raises(ProviderConnectionError, match="never allowed"):
            await transport.send(upstream("https://metadata.test"))

        await transport.close()

    async def test_a_public_name_must_not_come_to_mean_a_private_address(self) -> None:
        async with hostile(once) as server:
            transport = AiohttpTransport(resolver=Names(rebound=["127.0.0.1"]))
            with pytest.raises(ProviderConnectionError, match="PORTAL_PRIVATE_UPSTREAMS"):
                await transport.send(upstream(f"https://rebound.test:{server.port}"))
            await transport.close()

        assert server.peers == []


class TestSessions:
    async def test_close_ends_idle_connections(self) -> None:
        async with talking(for_ever) as (transport, server):
            await (await transport.send(upstream(server.url))).read(100)
            await transport.close()
            await asyncio.wait_for(server.peers[0].reader.read(), 1)

    def test_every_event_loop_gets_its_own_session(self) -> None:
        async def call() -> bytes:
            async with hostile(once) as server:
                ports.add(server.authority)
                transport._private = frozenset(ports)
                body = await (await transport.send(upstream(server.url))).read(100)
                await transport.close()
                return body

        ports: set[str] = set()
        transport = AiohttpTransport()

        assert [asyncio.run(call()) for _ in range(2)] == [b"hello"] * 2
