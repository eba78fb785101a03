"""The embedded broker, between real processes and threads."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Exchange, Queue
from kombu.simple import SimpleQueue

from portal import broker
from tests.conftest import REPOSITORY

QUEUE = Queue("work", Exchange("work"), routing_key="work")
MESSAGES = 150

PUBLISHER = """
import pathlib, sys
from kombu import Connection, Exchange, Queue
from portal import broker
options = broker.transport_options(pathlib.Path(sys.argv[1]))
queue = Queue("work", Exchange("work"), routing_key="work")
with Connection(f"{broker.SCHEME}://localhost//", transport_options=options) as connection:
    producer = connection.Producer(serializer="json")
    for number in range(int(sys.argv[3])):
        producer.publish({"from": sys.argv[2], "number": number}, exchange=queue.exchange,
                         routing_key="work", declare=[queue])
"""


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with connect(tmp_path) as made:
        yield made


def connect(folder: Path) -> Connection:
    options = broker.transport_options(folder)
    return Connection(f"{broker.SCHEME}://localhost//", transport_options=options)


def publish(connection: Connection, *bodies: Any) -> None:
    producer = connection.Producer(serializer="json")
    for body in bodies:
        producer.publish(body, exchange=QUEUE.exchange, routing_key="work", declare=[QUEUE])


def simple(connection: Connection) -> SimpleQueue:
    return SimpleQueue(connection, QUEUE)  # type: ignore[arg-type]  # the stubs know only names


class TestTransport:
    def test_hands_messages_on_in_order_and_leaves_no_file(
        self, connection: Connection, tmp_path: Path
    ) -> None:
        publish(connection, *range(5))
        queue = simple(connection)

        taken = []
        for _ in range(5):
            message = queue.get(timeout=5)
            taken.append(message.payload)
            message.ack()
        queue.close()

        assert taken == list(range(5))
        assert not list((tmp_path / "messages").iterdir())
        assert not list((tmp_path / "taken").iterdir())

    def test_gives_back_what_was_not_acknowledged(
        self, connection: Connection, tmp_path: Path
    ) -> None:
        publish(connection, "once")
        queue = simple(connection)
        queue.get(timeout=5)
        queue.close()
        connection.close()

        with connect(tmp_path) as later:
            again = simple(later).get(timeout=5)
            again.ack()

        assert again.payload == "once"

    def test_loses_and_doubles_nothing_between_processes(self, tmp_path: Path) -> None:
        publishers = [
            subprocess.Popen(
                [sys.executable, "-c", PUBLISHER, str(tmp_path), name, str(MESSAGES)],
                cwd=REPOSITORY,
            )
            for name in "ab"
        ]
        taken: list[tuple[str, int]] = []
        expected = MESSAGES * len(publishers)

        def consume() -> None:
            with connect(tmp_path) as own:
                queue = simple(own)
                while len(taken) < expected:
                    try:
                        message = queue.get(timeout=0.5)
                    except queue.Empty:
                        continue
                    taken.append((message.payload["from"], message.payload["number"]))
                    message.ack()

        consumers = [threading.Thread(target=consume) for _ in range(3)]
        for thread in consumers:
            thread.start()
        for thread in consumers:
            thread.join(60)
        codes = [publisher.wait(60) for publisher in publishers]

        assert codes == [0, 0]
        assert sorted(taken) == sorted((name, n) for name in "ab" for n in range(MESSAGES))


class TestWriteWhole:
    def test_replaces_a_file_in_one_step(self, tmp_path: Path) -> None:
        path = tmp_path / "file"

        broker.write_whole(path, b"one")
        broker.write_whole(path, b"two")

        assert path.read_bytes() == b"two"
        assert list(tmp_path.iterdir()) == [path]
