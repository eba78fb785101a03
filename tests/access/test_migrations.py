"""Both orders in which the swapped application may be migrated, from empty."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

# Every argument is one `migrate`, in one process.
MIGRATE = """
import sys, django
django.setup()
from django.core.management import call_command
for arguments in sys.argv[1:]:
    call_command("migrate", *arguments.split(), verbosity=0)
"""


class TestMigrate:
    @pytest.mark.parametrize(
        "orders", [["oauth2_provider 0018", ""], ["access", "", "oauth2_provider zero"]]
    )
    def test_works_whichever_app_comes_first(self, tmp_path: Path, orders: list[str]) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "DJANGO_"))}
        mine = {"PORTAL_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "portal.settings"}

        done = subprocess.run(
            [sys.executable, "-c", MIGRATE, *orders],
            env=kept | mine,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )

        assert done.returncode == 0, done.stderr
