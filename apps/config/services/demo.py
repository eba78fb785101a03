"""The demo of `make up`: simulated providers, a key, an administrator, and a note of them all."""

import json
import os
import secrets
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils import timezone

from apps.access import keys
from apps.access import services as access
from apps.access.models import APIKey, Application
from apps.accounts.models import User
from apps.config import document
from apps.config.services.apply import apply

DOCUMENT: Final = Path(__file__).resolve().parent.parent / "demo.yaml"
ADMIN: Final = "admin"
APPLICATION: Final = "demo"


def load_demo(*, base_url: str, simulator: str) -> dict[str, Any]:
    """Load the demo, or bring it up to date; running it again keeps the data and the key.

    Writes `quickstart.json` (mode 600) into the portal's home and returns what it holds:
    `base_url`, `admin` {`username`, `password`}, `api_key`. The password is null where an
    administrator existed whose password the demo does not know.
    """
    text = DOCUMENT.read_text("utf-8").replace("{simulator}", simulator)
    apply(source=document.parse(text, name=DOCUMENT.name), read_secret=lambda _: None)
    path = Path(settings.PORTAL_HOME) / "quickstart.json"
    known = _read(path)
    facts = {
        "base_url": base_url,
        "admin": _administrator(known.get("admin")),
        "api_key": _key(known.get("api_key")),
    }
    _write(path, facts)
    return facts


def _administrator(known: Any) -> dict[str, str | None]:
    user = User.objects.filter(username=ADMIN).first()
    if user is None:
        fresh = secrets.token_urlsafe(12)
        User.objects.create_superuser(ADMIN, email="admin@example.invalid", password=fresh)
        return {"username": ADMIN, "password": fresh}
    password = known.get("password") if isinstance(known, dict) else None
    if isinstance(password, str) and user.check_password(password):
        return {"username": ADMIN, "password": password}
    return {"username": ADMIN, "password": None}


def _key(known: Any) -> str:
    """The key of the last time, if it still works; else a fresh one."""
    usable = APIKey.objects.usable(timezone.now())
    if isinstance(known, str) and usable.filter(digest=keys.digest_of(known)).exists():
        return known
    application = Application.objects.get(slug=APPLICATION)
    _, text = access.issue_key(application=application, name="quickstart")
    return text


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, facts: dict[str, Any]) -> None:
    """Replace the file in one step; nobody else may ever read it."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(facts, file, indent=2)
        file.write("\n")
    fresh.replace(path)
