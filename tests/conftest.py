"""What every test may ask for: the shared material, real services, a browser, a free port.

A service or tool that is absent skips the test with its reason; with PORTAL_REQUIRE_ALL=1, as in
CI, it fails the test instead. No test can reach beyond the loopback interface.
"""

import ipaddress
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NoReturn

import amqp
import hypothesis
import kombu
import kombu.exceptions
import psycopg
import pytest
import redis

REPOSITORY = Path(__file__).resolve().parent.parent
CONNECT_TIMEOUT_S = 3
UNREACHABLE = (
    OSError,
    psycopg.Error,
    redis.RedisError,
    amqp.AMQPError,
    kombu.exceptions.OperationalError,
)

# A marker is a promise that the fixture beside it will be there when the test begins.
NEEDS = {
    "needs_postgres": "postgres_url",
    "needs_redis": "redis_url",
    "needs_rabbitmq": "rabbitmq_url",
    "needs_chromium": "chromium_path",
    "needs_shared": "shared_dir",
}

# The same examples in every run; a slow machine is no failure.
hypothesis.settings.register_profile("portal", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("portal")


def free_port() -> int:
    """Name a TCP port of 127.0.0.1 that nobody listens on just now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def missing(reason: str) -> NoReturn:
    """Skip the test for want of something, or fail it where everything is required."""
    if os.environ.get("PORTAL_REQUIRE_ALL") == "1":
        pytest.fail(f"required and missing: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.fixture(autouse=True)
def _needs(request: pytest.FixtureRequest) -> None:
    for marker, fixture in NEEDS.items():
        if request.node.get_closest_marker(marker):
            request.getfixturevalue(fixture)


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The material shared beside the repository: recorded traffic, specifications, tools."""
    path = Path(os.environ.get("PORTAL_SHARED") or REPOSITORY.parent / "shared")
    if not (path / "wire").is_dir():
        missing("no shared material beside the repository (PORTAL_SHARED)")
    return path


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """A PostgreSQL server whose role may create databases."""
    return _service(
        "PORTAL_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres", _postgres
    )


@pytest.fixture(scope="session")
def redis_url() -> str:
    """A Redis database that tests may write to."""
    return _service("PORTAL_TEST_REDIS_URL", "redis://127.0.0.1:6379/15", _redis)


@pytest.fixture(scope="session")
def rabbitmq_url() -> str:
    """A RabbitMQ virtual host in which tests may declare queues."""
    return _service("PORTAL_TEST_RABBITMQ_URL", "amqp://guest:guest@127.0.0.1:5672//", _rabbitmq)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium that browser tests drive."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    return path or missing("no chromium on the PATH")


def _service(variable: str, default: str, connect: Callable[[str], None]) -> str:
    url = os.environ.get(variable) or default
    try:
        connect(url)
    except UNREACHABLE as error:
        missing(f"no service at {variable} ({type(error).__name__})")
    return url


def _postgres(url: str) -> None:
    psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT_S).close()


def _redis(url: str) -> None:
    with redis.Redis.from_url(url, socket_connect_timeout=CONNECT_TIMEOUT_S) as client:
        client.ping()


def _rabbitmq(url: str) -> None:
    with kombu.Connection(url, connect_timeout=CONNECT_TIMEOUT_S) as connection:
        connection.connect()


# The guard: names beyond this machine do not resolve, connections beyond it fail the test.


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", _resolver(socket.getaddrinfo))
        yield


def _guarded(connect: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, address: Any) -> Any:
        internet = self.family in (socket.AF_INET, socket.AF_INET6)
        if internet and not _is_loopback(address[0]):
            pytest.fail(f"a test connected beyond loopback: {address!r}")
        return connect(self, address)

    return guarded


def _resolver(getaddrinfo: Callable[..., Any]) -> Callable[..., Any]:
    def resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name and name != "localhost" and not _is_address(name):
            raise socket.gaierror(socket.EAI_NONAME, f"tests resolve no names: {name}")
        return getaddrinfo(host, *args, **kwargs)

    return resolve


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
