"""From a database URL to Django's settings of a database."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

BUSY_TIMEOUT_S: Final = 10

# Readers do not wait for the writer (WAL), a commit does not wait for the disk of a machine that
# loses power: what was committed survives the death of any process.
SQLITE_START: Final = (
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=NORMAL;"
    "PRAGMA temp_store=MEMORY;"
    "PRAGMA cache_size=-16000;"
    "PRAGMA mmap_size=134217728;"
)


def database_from_url(url: str, *, home: Path, pool: bool = False) -> dict[str, Any]:
    """Build one entry of `DATABASES`; an empty URL means SQLite in `home`.

    Raises:
        ValueError: the URL is of no database that the portal runs on.
    """
    if not url:
        return sqlite(home / "portal.sqlite3")
    scheme = url.partition(":")[0]
    if scheme == "sqlite":
        return sqlite(home / unquote(url.removeprefix("sqlite:").removeprefix("//")))
    if scheme in {"postgresql", "postgres"}:
        return postgresql(url, pool=pool)
    raise ValueError("PORTAL_DATABASE_URL must begin with postgresql:// or sqlite://")


def sqlite(path: Path) -> dict[str, Any]:
    """SQLite as the portal needs it: writers queue up at BEGIN and never upgrade a read lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": BUSY_TIMEOUT_S,
            "init_command": SQLITE_START,
        },
    }


def postgresql(url: str, *, pool: bool) -> dict[str, Any]:
    """PostgreSQL; what stands after `?` goes to libpq as it is (`sslmode`, `connect_timeout` …)."""
    parts = urlsplit(url)
    options: dict[str, Any] = {"connect_timeout": "5", **dict(parse_qsl(parts.query))}
    if pool:
        options["pool"] = {"min_size": 1, "max_size": 8, "timeout": 5}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or options.pop("host", "")),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 0 if pool else 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }
