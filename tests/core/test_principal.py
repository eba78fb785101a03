"""The authenticated caller."""

from dataclasses import replace

from apps.core.principal import Principal

PRINCIPAL = Principal("key_1", "k", "app_1", "bot", "team_1", "t", "agent", frozenset(["a:read"]))


class TestHasScope:
    def test_knows_its_own_scopes_only(self) -> None:
        assert PRINCIPAL.has_scope("a:read")
        assert not PRINCIPAL.has_scope("a:write")


class TestMayCall:
    def test_allows_every_endpoint_without_a_list(self) -> None:
        assert PRINCIPAL.may_call("fast")

    def test_allows_nothing_with_an_empty_list(self) -> None:
        assert not replace(PRINCIPAL, endpoints=frozenset()).may_call("fast")

    def test_allows_what_is_listed(self) -> None:
        principal = replace(PRINCIPAL, endpoints=frozenset(["fast"]))

        assert principal.may_call("fast")
        assert not principal.may_call("slow")
