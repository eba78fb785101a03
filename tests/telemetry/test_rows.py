from dataclasses import fields
from typing import Any

import pytest

from apps.core.crypto import SealBrokenError
from apps.telemetry import rows
from apps.telemetry.models import AttemptLog, CallBody, CallLog
from apps.telemetry.types import BodyRecord
from tests.telemetry.factories import attempt_record, call_record


class TestTables:
    @pytest.mark.parametrize(
        ("table", "model"),
        [(rows.CALLS, CallLog), (rows.ATTEMPTS, AttemptLog), (rows.BODIES, CallBody)],
    )
    def test_fill_every_column(
        self, table: rows.Table, model: type[CallLog | AttemptLog | CallBody]
    ) -> None:
        columns = {field.name for field in model._meta.concrete_fields}

        assert sorted(table.columns) == sorted(columns)

    def test_leave_out_nothing_that_a_call_tells(self) -> None:
        told = {field.name for field in fields(call_record())} - {"bodies"}

        assert told == set(rows.CALLS.columns)


class TestRowsOf:
    def test_counts_attempts_and_gives_each_a_row_of_the_call(self) -> None:
        record = call_record(attempts=(attempt_record(), attempt_record(number=2)))

        made = rows.rows_of(record)

        call = dict(zip(rows.CALLS.columns, made.call, strict=True))
        attempts = [dict(zip(rows.ATTEMPTS.columns, row, strict=True)) for row in made.attempts]
        assert call["attempts"] == 2
        assert [(row["call_id"], row["number"]) for row in attempts] == [
            (record.id, 1),
            (record.id, 2),
        ]

    def test_cuts_what_comes_from_outside_to_the_size_of_its_column(self) -> None:
        long = "x" * 5000
        record = call_record(endpoint=long, model=long, session_id=long, user_agent=long)

        call = dict(zip(rows.CALLS.columns, rows.rows_of(record).call, strict=True))

        for name in ["endpoint", "model", "session_id", "user_agent"]:
            field: Any = CallLog._meta.get_field(name)
            assert len(call[name]) == field.max_length

    def test_seals_bodies_and_leaves_no_row_without_them(self) -> None:
        with_bodies = rows.rows_of(call_record(bodies=BodyRecord(request=b"hello", response=None)))

        assert rows.rows_of(call_record()).body is None
        assert with_bodies.body is not None
        body = dict(zip(rows.BODIES.columns, with_bodies.body, strict=True))
        assert b"hello" not in body["request"]
        assert body["response"] is None


class TestUnseal:
    def test_gives_back_what_was_sealed_for_the_same_call_and_part(self) -> None:
        sealed = rows.seal(b"words", call_id="req_1", part="request")

        assert rows.unseal(sealed, call_id="req_1", part="request") == b"words"

    @pytest.mark.parametrize(("call_id", "part"), [("req_2", "request"), ("req_1", "response")])
    def test_refuses_another_call_or_part(self, call_id: str, part: str) -> None:
        sealed = rows.seal(b"words", call_id="req_1", part="request")

        with pytest.raises(SealBrokenError):
            rows.unseal(sealed, call_id=call_id, part=part)

    def test_nothing_stays_nothing(self) -> None:
        assert rows.seal(None, call_id="req_1", part="request") is None
        assert rows.unseal(None, call_id="req_1", part="request") is None
