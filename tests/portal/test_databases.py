"""Database URLs."""

import sqlite3
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from portal.databases import SQLITE_START, database_from_url


class TestDatabaseFromUrl:
    def test_makes_sqlite_in_home_of_nothing(self, tmp_path: Path) -> None:
        found = database_from_url("", home=tmp_path / "var")

        assert found["NAME"] == str(tmp_path / "var" / "portal.sqlite3")
        assert found["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
        assert found["OPTIONS"]["timeout"] >= 5
        assert (tmp_path / "var").is_dir()

    @pytest.mark.parametrize(
        ("url", "name"), [("sqlite:///srv/p.db", "/srv/p.db"), ("sqlite://p.db", "p.db")]
    )
    def test_takes_other_places_for_sqlite(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, name: str
    ) -> None:
        monkeypatch.setattr(Path, "mkdir", lambda *_, **__: None)

        assert database_from_url(url, home=tmp_path)["NAME"] == str(tmp_path / name)

    def test_takes_postgresql_apart_and_decodes_it(self, tmp_path: Path) -> None:
        url = "postgresql://us%40er:p%2Fw@db.example:5433/por%20tal?sslmode=require"

        found = database_from_url(url, home=tmp_path)

        assert found["ENGINE"] == "django.db.backends.postgresql"
        assert (found["USER"], found["PASSWORD"]) == ("us@er", "p/w")
        assert (found["HOST"], found["PORT"], found["NAME"]) == ("db.example", "5433", "por tal")
        assert found["OPTIONS"]["sslmode"] == "require"
        assert found["CONN_MAX_AGE"] == 60

    def test_takes_a_socket_folder_and_no_password(self, tmp_path: Path) -> None:
        found = database_from_url("postgres:///portal?host=/run/postgresql", home=tmp_path)

        assert (found["HOST"], found["USER"], found["NAME"]) == ("/run/postgresql", "", "portal")
        assert "host" not in found["OPTIONS"]

    def test_pools_only_when_asked(self, tmp_path: Path) -> None:
        url = "postgresql://db/portal"

        assert "pool" not in database_from_url(url, home=tmp_path)["OPTIONS"]
        pooled = database_from_url(url, home=tmp_path, pool=True)
        assert pooled["OPTIONS"]["pool"]["max_size"] > 1
        assert pooled["CONN_MAX_AGE"] == 0

    @pytest.mark.parametrize("url", ["mysql://db/portal", "nonsense"])
    def test_refuses_other_databases(self, tmp_path: Path, url: str) -> None:
        with pytest.raises(ValueError, match="postgresql://"):
            database_from_url(url, home=tmp_path)

    @pytest.mark.needs_postgres
    def test_speaks_to_a_real_server(self, tmp_path: Path, postgres_url: str) -> None:
        found = database_from_url(postgres_url, home=tmp_path)

        with psycopg.connect(
            host=found["HOST"],
            port=found["PORT"],
            user=found["USER"],
            dbname=found["NAME"],
            password=found["PASSWORD"],
            **found["OPTIONS"],
        ) as server:
            row = server.execute("SELECT 1").fetchone()

        assert row == (1,)


class TestSqlite:
    def test_starts_each_connection_for_readers_beside_a_writer(self, tmp_path: Path) -> None:
        database = sqlite3.connect(tmp_path / "x.sqlite3")
        for pragma in SQLITE_START.split(";"):
            database.execute(pragma)

        mode = database.execute("PRAGMA journal_mode").fetchone()[0]
        database.close()

        assert mode == "wal"

    @pytest.mark.django_db
    def test_is_how_the_tests_run_too(self) -> None:
        if connection.vendor != "sqlite":
            pytest.skip("the tests run on another database")
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode")

            assert cursor.fetchone() == ("wal",)
