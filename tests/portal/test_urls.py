"""The control plane as a whole: probes, schema, headers."""

from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

pytestmark = pytest.mark.django_db


class TestHealth:
    def test_lives(self, client: Client) -> None:
        answer = client.get("/healthz")

        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        assert "no-store" in answer.headers["Cache-Control"]

    def test_is_ready_while_the_database_answers(self, client: Client) -> None:
        answer = client.get("/readyz")

        assert answer.status_code == 200
        assert answer.json()["checks"] == {"database": True, "snapshot": True}

    def test_is_not_ready_without_the_database(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*args: Any) -> None:
            raise OperationalError("gone")

        monkeypatch.setattr(connection, "cursor", fail)

        answer = client.get("/readyz")

        assert answer.status_code == 503
        assert answer.json()["checks"]["database"] is False

    def test_takes_only_reads(self, client: Client) -> None:
        assert client.post("/healthz").status_code == 405


class TestHeaders:
    def test_are_on_every_answer(self, client: Client) -> None:
        first, second = client.get("/healthz"), client.get("/nowhere")

        for answer in [first, second]:
            assert answer.headers["X-Request-Id"].startswith("req_")
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            assert answer.headers["X-Frame-Options"] == "DENY"
        assert first.headers["X-Request-Id"] != second.headers["X-Request-Id"]

    def test_take_no_name_from_the_caller(self, client: Client) -> None:
        answer = client.get("/healthz", headers={"X-Request-Id": "mine"})

        assert answer.headers["X-Request-Id"] != "mine"


class TestPages:
    def test_leads_to_the_admin_behind_a_login(self, client: Client) -> None:
        assert client.get("/").headers["Location"] == "/admin/"
        assert "/admin/login/" in client.get("/admin/").headers["Location"]

    def test_shows_the_schema_and_its_page_without_foreign_hosts(self, client: Client) -> None:
        schema, page = client.get("/api/schema"), client.get("/api/docs")

        assert schema.status_code == page.status_code == 200
        assert b"openapi: 3.1" in schema.content
        assert b"://cdn" not in page.content

    def test_mounts_no_oauth_yet(self, client: Client) -> None:
        assert client.get("/oauth/token").status_code == 404
