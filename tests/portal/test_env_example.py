"""`.env.example`."""

import pytest
from django.core.management import CommandError, call_command

from portal import env, env_example


class TestRender:
    def test_names_every_setting_with_its_default_as_a_comment(self) -> None:
        lines = env_example.render().splitlines()

        assigned = [line for line in lines if "=" in line]
        assert len(assigned) == len(env.Environment.model_fields)
        assert "#PORTAL_TIMEOUT_CONNECT_S=5" in lines
        assert "#PORTAL_SECRET_KEY=" in lines
        assert all(line.startswith("#") or not line for line in lines)


class TestCommand:
    def test_agrees_with_the_file_in_the_tree(self) -> None:
        call_command("env_example", "--check")

    def test_notices_a_difference(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("django.conf.settings.PORTAL_ENV_EXAMPLE", lambda: "other")

        with pytest.raises(CommandError, match="out of date"):
            call_command("env_example", "--check")
