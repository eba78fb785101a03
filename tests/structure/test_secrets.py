"""The secret scan of the commit hooks knows the shapes of secrets, and this tree holds none."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

SCRIPT = REPOSITORY / ".ci" / "find_secrets"

# Put together here, so that the scan does not find them in this file.
SECRETS = {
    "OpenAI key": "sk-" + "proj-" + "a1B2" * 12,
    "Anthropic key": "sk-ant-" + "api03-" + "a1-_" * 20,
    "Google key": "AIza" + "x" * 35,
    "AWS key id": "AKIA" + "ABCDEFGH12345678",
    "GitHub token": "ghp_" + "a" * 36,
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "password in a URL": "postgresql://portal:" + "correct-horse@db/portal",
}
HARMLESS = [
    "amqp://guest:guest@127.0.0.1:5672//",
    "postgresql://user:password@host:5432/name",
    "postgresql://postgres@127.0.0.1:5432/postgres",
    "AKIA" + "IOSFODNN7EXAMPLE",
    "AIza" + "SyA1234567890abcdefghijklmnopqrstuv",
    "api_key = 'sk-test'",
    "token = settings.OPENAI_KEY",
]


def _scan(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, SCRIPT, path], capture_output=True, text=True, check=False
    )


class TestFindSecrets:
    @pytest.mark.parametrize(("kind", "secret"), SECRETS.items(), ids=list(SECRETS))
    def test_names_kind_and_line_and_fails(self, kind: str, secret: str, tmp_path: Path) -> None:
        file = tmp_path / "settings.py"
        file.write_text(f"# first line\nvalue = '{secret}'\n")

        scan = _scan(file)

        assert scan.stdout == f"{file}:2: looks like a secret: {kind}\n"
        assert scan.returncode == 1

    @pytest.mark.parametrize("line", HARMLESS)
    def test_lets_what_is_no_secret_pass(self, line: str) -> None:
        assert runpy.run_path(str(SCRIPT))["secrets_in"](line) == []

    def test_believes_a_line_that_says_so(self) -> None:
        line = f"{SECRETS['Google key']} # not a secret: the provider's own example"

        assert runpy.run_path(str(SCRIPT))["secrets_in"](line) == []

    def test_finds_none_in_this_tree(self) -> None:
        scan = subprocess.run(
            [sys.executable, SCRIPT], cwd=REPOSITORY, capture_output=True, text=True, check=False
        )

        assert scan.stdout == ""
