"""The secrets of an embedded portal: made once, kept in its home, readable by its owner only."""

import base64
import contextlib
import json
import os
import secrets
from pathlib import Path


def ensure(path: Path) -> dict[str, str]:
    """Read the secrets, after making them when there are none.

    Two processes may start at once: the file appears whole and under its name only once, the
    second process reads what the first one wrote.
    """
    if not path.exists():
        write_once(path, generate())
    found = json.loads(path.read_text(encoding="utf-8"))
    return {str(key): str(value) for key, value in found.items()}


def generate() -> dict[str, str]:
    """Make new secrets, named as in the environment."""
    return {
        "secret_key": secrets.token_urlsafe(48),
        "key_encryption_keys": f"1:{base64.b64encode(secrets.token_bytes(32)).decode()}",
        "key_pepper": secrets.token_urlsafe(48),
    }


def write_once(path: Path, values: dict[str, str]) -> None:
    """Write the file unless another process was faster; it is never seen half-written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    draft.touch(mode=0o600)
    with draft.open("w", encoding="utf-8") as file:
        json.dump(values, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()
