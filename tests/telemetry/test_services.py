from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.core import writer
from apps.telemetry import rows, services
from apps.telemetry.models import AttemptLog, CallBody, CallLog
from apps.telemetry.types import BodyRecord, CallRecord
from tests.telemetry.factories import NOW, attempt_record, call_record

pytestmark = pytest.mark.django_db


def store(*records: CallRecord) -> None:
    services.store_calls([rows.rows_of(record) for record in records])


class TestStoreCalls:
    def test_stores_a_call_as_it_was_told(self) -> None:
        record = call_record(
            provider="acme", provider_dialect="anthropic_messages", model="acme-large",
            is_simulated=True, stream=True, finish_reason="stop", input_tokens=10, output_tokens=20,
            cache_read_tokens=3, cache_write_tokens=2, reasoning_tokens=5, usage_estimated=True,
            usd_micros=None, first_byte_ms=3.5, warnings=("seed: dropped", "ü: dropped"),
            session_id="s-1", user_agent="curl/8", error_code="", error_message="",
        )  # fmt: skip

        store(record)

        row = CallLog.objects.get()
        for name in set(rows.CALLS.columns) - {"attempts", "warnings"}:
            assert getattr(row, name) == getattr(record, name), name
        assert (row.attempts, row.warnings) == (0, ["seed: dropped", "ü: dropped"])

    def test_stores_attempts_with_raw_status_and_masked_headers(self) -> None:
        attempt = attempt_record(
            status=529,
            state="failed",
            response_headers=(("Request-Id", "req_9"), ("Set-Cookie", "session=1")),
            error_class="ProviderOverloadedError",
            error_message="Overloaded",
        )
        record = call_record(attempts=(attempt,), state="failed")

        store(record)

        row = AttemptLog.objects.get()
        assert (row.call_id, row.status, row.error_class) == (
            record.id,
            529,
            "ProviderOverloadedError",
        )
        assert row.response_headers == [["Request-Id", "req_9"], ["Set-Cookie", "***"]]
        assert row.started_at == NOW

    def test_stores_many_at_once(self) -> None:
        store(*[call_record(attempts=(attempt_record(),)) for _ in range(300)])

        assert (CallLog.objects.count(), AttemptLog.objects.count()) == (300, 300)

    def test_leaves_no_word_of_a_body_in_the_tables(self) -> None:
        words = b"confidential words of a caller"
        record = call_record(bodies=BodyRecord(request=words, response=words))

        store(record)

        with connection.cursor() as cursor:
            cursor.execute("SELECT request, response FROM telemetry_callbody")
            assert all(words not in bytes(value) for row in cursor.fetchall() for value in row)

    def test_refuses_the_same_call_twice(self) -> None:
        record = call_record()
        store(record)

        with pytest.raises(IntegrityError), transaction.atomic():
            store(record)

    @pytest.mark.parametrize("text", ["a\0b", "\ud800", "\U0001f600 ü"])
    def test_stores_odd_text_from_outside(self, text: str) -> None:
        attempt = attempt_record(response_headers=(("x-odd", text),), error_message=text)
        store(
            call_record(
                attempts=(attempt,), user_agent=text, session_id=text, endpoint=text,
                error_message=text, warnings=(text,),
            )
        )  # fmt: skip

        assert CallLog.objects.get().user_agent


class TestRegisterHandlers:
    def test_what_is_put_reaches_the_tables(self) -> None:
        record = call_record(attempts=(attempt_record(),))

        writer.put("call", record)
        writer.flush(5)

        assert CallLog.objects.get().id == record.id
        assert AttemptLog.objects.get().call_id == record.id


class TestReadBodies:
    def test_gives_what_was_said(self) -> None:
        record = call_record(bodies=BodyRecord(request=b"ask", response=b"answer"))
        store(record)

        assert services.read_bodies(call_id=record.id) == (b"ask", b"answer")

    def test_gives_nothing_where_nothing_was_kept(self) -> None:
        record = call_record()
        store(record)

        assert services.read_bodies(call_id=record.id) == (None, None)


class TestDeleteOldLogs:
    def test_deletes_calls_attempts_and_bodies_past_their_retention(self, settings: Any) -> None:
        settings.PORTAL_LOG_RETENTION_DAYS = 30
        for age in [29, 31, 400]:
            then = NOW - timedelta(days=age)
            store(
                call_record(
                    created_at=then,
                    attempts=(attempt_record(started_at=then),),
                    bodies=BodyRecord(request=b"x"),
                )
            )

        deleted = services.delete_old_logs(now=NOW)

        assert deleted == 2
        assert CallLog.objects.get().created_at == NOW - timedelta(days=29)
        assert (AttemptLog.objects.count(), CallBody.objects.count()) == (1, 1)

    def test_deletes_more_than_one_slice(self, settings: Any) -> None:
        settings.PORTAL_LOG_RETENTION_DAYS = 1
        old = NOW - timedelta(days=2)
        store(*[call_record(created_at=old) for _ in range(services.FIRST_SLICE * 3 + 1)])

        assert services.delete_old_logs(now=NOW) == services.FIRST_SLICE * 3 + 1
        assert not CallLog.objects.exists()


class TestMaskedHeaders:
    def test_shows_a_line_each(self) -> None:
        assert services.masked_headers([["a", "1"], ["b", "2"]]) == "a: 1\nb: 2"
