"""Calls in the admin: found by what one knows of them, read by who may."""

import json
from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.telemetry import rows, services
from apps.telemetry.admin.bodies import readable, shown_bodies
from apps.telemetry.models import CallBody
from apps.telemetry.types import BodyRecord, CallRecord
from tests.accounts.factories import make_admin, make_user
from tests.telemetry.factories import attempt_record, call_record

pytestmark = pytest.mark.django_db

LIST = "admin:telemetry_calllog_changelist"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_admin())
    return client


def make_call(**fields: Any) -> CallRecord:
    record = call_record(**fields)
    services.store_calls([rows.rows_of(record)])
    return record


def found(staff: Client, **query: str) -> list[str]:
    return [call.pk for call in staff.get(reverse(LIST), query).context["cl"].result_list]


def page_of(staff: Client, call: CallRecord) -> str:
    url = reverse("admin:telemetry_calllog_change", args=[quote(call.id)])
    return staff.get(url).content.decode()


class TestFindCalls:
    @pytest.mark.parametrize(
        ("query", "matching"),
        [
            ({"state__exact": "failed"}, {"state": "failed"}),
            ({"endpoint": "slow"}, {"endpoint": "slow"}),
            ({"provider": "acme"}, {"provider": "acme"}),
            ({"application": "other-bot"}, {"application": "other-bot"}),
            ({"dialect": "gemini_generate"}, {"dialect": "gemini_generate"}),
            ({"operation": "embeddings"}, {"operation": "embeddings"}),
            ({"error_code": "not_found"}, {"error_code": "not_found"}),
            ({"stream__exact": "1"}, {"stream": True}),
            ({"is_simulated__exact": "1"}, {"is_simulated": True}),
            ({"q": "slow"}, {"endpoint": "slow"}),
            ({"q": "other-bot"}, {"application": "other-bot"}),
        ],
    )
    def test_by_one_of_their_traits(
        self, staff: Client, query: dict[str, str], matching: dict[str, Any]
    ) -> None:
        make_call()
        wanted = make_call(**matching)

        assert found(staff, **query) == [wanted.id]

    def test_by_the_id_that_the_caller_was_given(self, staff: Client) -> None:
        make_call()
        wanted = make_call()

        assert found(staff, q=wanted.id) == [wanted.id]

    def test_by_the_id_that_the_provider_gave(self, staff: Client) -> None:
        make_call()
        wanted = make_call(attempts=(attempt_record(upstream_request_id="req-upstream-1"),))

        assert found(staff, q="req-upstream-1") == [wanted.id]

    def test_by_a_period(self, staff: Client) -> None:
        make_call()

        assert found(staff, hours="nonsense") != []

    def test_offers_what_was_called_of_late(self, staff: Client) -> None:
        make_call(endpoint="never-heard-of")

        page = staff.get(reverse(LIST)).content.decode()

        assert '<option value="never-heard-of"' in page


class TestCallPage:
    def test_tells_what_happened(self, staff: Client) -> None:
        call = make_call(
            state="failed",
            error_code="provider_fault",
            error_message="It broke.",
            warnings=("seed: dropped",),
            is_simulated=True,
            attempts=(
                attempt_record(status=500, upstream_request_id="up-1", state="failed",
                               request_headers=(("authorization", "Bearer secret-of-mine"),)),
                attempt_record(number=2, provider="other"),
            ),
        )  # fmt: skip

        page = page_of(staff, call)

        for text in (
            "provider_fault",
            "It broke.",
            "seed: dropped",
            "up-1",
            "other/",
            "Simulated:",
        ):
            assert text in page
        assert "secret-of-mine" not in page

    def test_escapes_what_was_said(self, staff: Client) -> None:
        call = make_call(
            bodies=BodyRecord(request=b'{"a":"<script>x</script>"}', response=b"data: {}")
        )

        page = page_of(staff, call)

        assert "<script>x" not in page
        assert "&lt;script&gt;x" in page
        assert "data: {}" in page

    def test_shows_bodies_only_to_who_may_read_them(self, client: Client) -> None:
        call = make_call(bodies=BodyRecord(request=b'"confidential"'))
        person = make_user(is_staff=True)
        person.user_permissions.add(Permission.objects.get(codename="view_calllog"))
        client.force_login(User.objects.get(pk=person.pk))

        assert "confidential" not in page_of(client, call)

        person.user_permissions.add(Permission.objects.get(codename="view_callbody"))

        assert "confidential" in page_of(client, call)

    def test_is_kept_by_nobody(self, staff: Client) -> None:
        call = make_call()
        url = reverse("admin:telemetry_calllog_change", args=[quote(call.id)])

        assert "no-store" in staff.get(url).headers["Cache-Control"]

    def test_of_a_call_that_is_gone_leads_back(self, staff: Client) -> None:
        url = reverse("admin:telemetry_calllog_change", args=["call_gone"])

        assert staff.get(url).status_code == 302


class TestShownBodies:
    def test_indents_json(self) -> None:
        assert json.loads(readable(b'{"a":{"b":1}}')) == {"a": {"b": 1}}
        assert readable(b'{"a":{"b":1}}').count("\n") == 4

    def test_leaves_events_and_pages_as_they_are(self) -> None:
        assert readable(b"data: 1\r\n\r\ndata: 2") == "data: 1\n\ndata: 2"

    def test_survives_any_bytes_and_any_depth(self) -> None:
        assert readable(b"\xff\xfe")
        assert readable(b"[" * 100_000).startswith("[")

    def test_say_that_a_part_was_left_out(self) -> None:
        call = make_call(bodies=BodyRecord(request=b"{}", request_truncated=True))

        request, response = shown_bodies(call.id)

        assert "cut when it was stored" in request.note
        assert (response.text, response.note) == ("", "Nothing was kept.")

    def test_say_that_the_key_is_gone(self) -> None:
        call = make_call(bodies=BodyRecord(request=b"{}"))
        CallBody.objects.update(request=b"not sealed at all")

        assert "a key that is gone" in shown_bodies(call.id)[0].note
