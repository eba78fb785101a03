"""The table of scopes."""

import re

from apps.access.scopes import DEFAULT_SCOPES, SCOPES


class TestScopes:
    def test_are_written_resource_and_action_and_described(self) -> None:
        for name, scope in SCOPES.items():
            assert re.fullmatch(r"[a-z_]+:[a-z_]+", name)
            assert scope.description

    def test_include_the_defaults_none_of_them_sensitive(self) -> None:
        assert not any(SCOPES[name].sensitive for name in DEFAULT_SCOPES)
