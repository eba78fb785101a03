import threading
from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection

from apps.core import writer as module
from apps.core.models import Revision
from apps.core.writer import Writer


class Shelf:
    """What was written, in transactions; a row named in `poison` cannot be."""

    def __init__(self, *poison: Any) -> None:
        self.poison = set(poison)
        self.batches: list[list[Any]] = []
        self.gate = threading.Event()
        self.gate.set()

    @property
    def rows(self) -> list[Any]:
        return [row for batch in self.batches for row in batch]

    def write(self, rows: Sequence[Any]) -> None:
        self.gate.wait(10)
        if self.poison & set(rows):
            raise IntegrityError("poisoned")
        self.batches.append(list(rows))


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def writer_for(shelf: Shelf, **options: Any) -> Writer:
    writer = Writer(**options)
    writer.register("row", shelf.write)
    return writer


@pytest.mark.django_db
class TestWriter:
    @pytest.mark.django_db(transaction=True)
    def test_writes_all_rows_in_order_and_then_ends(self, shelf: Shelf) -> None:
        writer = writer_for(shelf)
        writer.start()

        for number in range(2000):
            writer.put("row", number)
        stopped = writer.stop(10)

        assert stopped
        assert shelf.rows == list(range(2000))
        assert (writer.pending, writer.written, writer.is_alive) == (0, 2000, False)

    @pytest.mark.django_db(transaction=True)
    def test_makes_one_transaction_of_what_comes_together(self, shelf: Shelf) -> None:
        writer = writer_for(shelf)
        for number in range(40):
            writer.put("row", number)

        writer.start()
        assert writer.flush(10)
        writer.stop(10)

        assert shelf.batches == [list(range(40))]

    def test_keeps_slices_within_their_bound(self, shelf: Shelf) -> None:
        writer = writer_for(shelf)
        for number in range(20_000):
            writer.put("row", number)

        writer.flush(30)

        assert len(shelf.rows) == 20_000
        assert max(map(len, shelf.batches)) <= module.MAX_SLICE

    def test_writes_kinds_in_the_order_of_their_registration(self) -> None:
        def note(kind: str, rows: Sequence[Any]) -> None:
            order.append(kind)

        order: list[str] = []
        writer = Writer()
        for kind in ["first", "second"]:
            writer.register(kind, partial(note, kind))

        writer.put("second", 1)
        writer.put("first", 1)
        writer.flush(1)

        assert order == ["first", "second"]

    @pytest.mark.django_db(transaction=True)
    def test_flush_waits_for_what_is_being_written(self, shelf: Shelf) -> None:
        shelf.gate.clear()
        writer = writer_for(shelf)
        writer.start()

        writer.put("row", 1)
        early = writer.flush(0.05)
        shelf.gate.set()
        late = writer.flush(10)
        writer.stop(10)

        assert (early, late) == (False, True)

    def test_refuses_a_kind_that_nobody_writes(self, shelf: Shelf) -> None:
        with pytest.raises(KeyError):
            writer_for(shelf).put("other", 1)

    def test_refuses_a_second_handler(self, shelf: Shelf) -> None:
        with pytest.raises(ValueError, match="already"):
            writer_for(shelf).register("row", shelf.write)


@pytest.mark.django_db
class TestPoison:
    @pytest.mark.parametrize("poison", [(0,), (99,), (13, 14, 70), tuple(range(0, 100, 2))])
    def test_a_row_that_cannot_be_written_harms_only_itself(self, poison: tuple[int, ...]) -> None:
        shelf = Shelf(*poison)
        writer = writer_for(shelf)
        for number in range(100):
            writer.put("row", number)

        writer.flush(10)

        assert sorted(shelf.rows) == [n for n in range(100) if n not in poison]
        assert (writer.failed, writer.written) == (len(poison), 100 - len(poison))

    def test_a_row_that_cannot_be_prepared_harms_only_itself(self, shelf: Shelf) -> None:
        writer = Writer()
        writer.register("row", shelf.write, prepare=lambda row: 1 // row)
        for number in [1, 0, 1]:
            writer.put("row", number)

        writer.flush(10)

        assert (shelf.rows, writer.failed) == ([1, 1], 1)

    def test_a_batch_that_failed_leaves_nothing_behind(self) -> None:
        def store(rows: Sequence[str]) -> None:
            for row in rows:
                with connection.cursor() as cursor:
                    cursor.execute("INSERT INTO core_revision VALUES (%s, 0)", [row])

        writer = Writer()
        writer.register("row", store)
        for topic in ["a", "b", "a", "c"]:
            writer.put("row", topic)

        writer.flush(10)

        kept = Revision.objects.filter(topic__in=["a", "b", "c"]).values_list("topic", flat=True)
        assert sorted(kept) == ["a", "b", "c"]
        assert writer.failed == 1

    def test_the_values_of_a_lost_row_are_not_logged(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        writer = writer_for(Shelf("private words"))
        writer.put("row", "private words")

        writer.flush(10)

        assert "cannot be written: IntegrityError" in caplog.text
        assert "private words" not in caplog.text


@pytest.mark.django_db
class TestDatabaseAway:
    @pytest.mark.django_db(transaction=True)
    def test_everything_is_tried_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "RETRY_S", 0.01)
        failures = [OperationalError("away"), OperationalError("away")]
        shelf = Shelf()

        def write(rows: Sequence[Any]) -> None:
            if failures:
                raise failures.pop()
            shelf.write(rows)

        writer = Writer()
        writer.register("row", write)
        writer.start()
        writer.put("row", 1)

        assert writer.stop(10)
        assert (shelf.rows, writer.failed) == ([1], 0)

    @pytest.mark.django_db(transaction=True)
    def test_the_end_of_the_process_does_not_wait_for_ever(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "RETRY_S", 0.01)

        def write(rows: Sequence[Any]) -> None:
            raise OperationalError("away")

        writer = Writer()
        writer.register("row", write)
        writer.start()
        writer.put("row", 1)
        writer.stop(0.1)

        assert not writer.is_alive
        assert writer.failed == 1


@pytest.mark.django_db
class TestOverflow:
    def test_the_oldest_go_and_are_counted(
        self, shelf: Shelf, caplog: pytest.LogCaptureFixture
    ) -> None:
        writer = writer_for(shelf, max_pending=10)

        for number in range(25):
            writer.put("row", number)
        writer.flush(10)

        assert shelf.rows == list(range(15, 25))
        assert writer.dropped == 15
        assert caplog.text.count("queue is full") == 1


class TestState:
    def test_shows_what_operators_watch(self) -> None:
        assert set(module.state()) == {"alive", "pending", "written", "dropped", "failed"}
