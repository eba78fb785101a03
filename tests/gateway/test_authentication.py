"""Who is let in, by which header, and with which scope."""

from typing import Any

import pytest

from apps.access.keys import digest_of
from apps.access.ring import RING, Entry, KeyRing
from apps.core.errors import AuthenticationError, ScopeMissingError
from apps.core.principal import Principal
from apps.gateway.authentication import ApiKeyAuthentication, HasScope
from apps.gateway.operations.chat_completions import ChatCompletions
from apps.gateway.operations.gemini import GeminiModel
from tests.gateway.requests import PRINCIPAL, ask, edge_request

TOKEN = "ptl_any_key_that_the_ring_knows"


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> KeyRing:
    made = KeyRing([(digest_of(TOKEN), Entry(PRINCIPAL))])
    monkeypatch.setattr(RING, "_value", made)
    return made


class TestAdmit:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("authorization", f"Bearer {TOKEN}"),
            ("authorization", f"bearer  {TOKEN} "),
            ("x-api-key", TOKEN),
            ("x-goog-api-key", TOKEN),
            ("api-key", TOKEN),
        ],
    )
    async def test_a_key_is_accepted_in_four_headers(
        self, name: str, value: str, ring: KeyRing
    ) -> None:
        user, auth = await ApiKeyAuthentication().admit(edge_request(headers={name: value}))

        assert user is auth is PRINCIPAL

    async def test_no_key_says_how_to_send_one(self, ring: KeyRing) -> None:
        with pytest.raises(AuthenticationError, match="Authorization: Bearer ptl_") as caught:
            await ApiKeyAuthentication().admit(edge_request())

        assert "query string" not in caught.value.message

    async def test_a_key_in_the_query_is_not_read_and_not_repeated(self, ring: KeyRing) -> None:
        with pytest.raises(AuthenticationError, match="query string is not read") as caught:
            await ApiKeyAuthentication().admit(edge_request(query={"key": TOKEN}))

        assert TOKEN not in caught.value.message

    @pytest.mark.parametrize("token", ["sk-other", "ptl_x", "ptl_" + "a" * 5000, "ü", "\0"])
    async def test_nonsense_is_refused_without_a_look_at_the_database(
        self, token: str, ring: KeyRing
    ) -> None:
        with pytest.raises(AuthenticationError) as caught:
            await ApiKeyAuthentication().admit(edge_request(headers={"x-api-key": token}))

        assert token not in caught.value.message

    def test_challenges_with_bearer(self) -> None:
        assert ApiKeyAuthentication().authenticate_header(None) == "Bearer"


class TestHasScope:
    def test_lets_in_who_has_it(self) -> None:
        assert HasScope().has_permission(edge_request(), ChatCompletions())

    def test_names_what_is_missing(self) -> None:
        request = edge_request(params={"model": "m:embedContent"})

        with pytest.raises(ScopeMissingError, match="embeddings:call"):
            HasScope().has_permission(request, GeminiModel())

    @pytest.mark.parametrize(
        ("method", "verb", "scope"),
        [
            ("GET", "", "models:read"),
            ("POST", ":generateContent", "inference:call"),
            ("POST", ":streamGenerateContent", "inference:call"),
            ("POST", ":countTokens", "inference:call"),
            ("POST", ":embedContent", "embeddings:call"),
            ("POST", ":batchEmbedContents", "embeddings:call"),
            ("POST", ":nonsense", "inference:call"),
        ],
    )
    def test_geminis_methods_have_scopes_of_their_own(
        self, method: str, verb: str, scope: str
    ) -> None:
        request = edge_request(method, params={"model": f"a:b{verb}"})

        assert GeminiModel().needed_scope(request) == scope


class TestOrder:
    async def test_nothing_of_the_body_is_read_before_the_caller_is_known(
        self, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unread(*_: Any) -> None:
            pytest.fail("the body was read")

        monkeypatch.setattr("apps.gateway.edge.EdgeRequest.read_body", unread)

        unknown = await ask("POST", "/v1/chat/completions", headers={"x-api-key": "nonsense"})
        unscoped = await ask("POST", "/v1/embeddings", headers={"authorization": f"Bearer {TOKEN}"})

        assert (unknown.status, unscoped.status) == (401, 403)
        assert "embeddings:call" in unscoped.json["error"]["message"]

    async def test_a_principal_is_an_immutable_value(self) -> None:
        with pytest.raises(AttributeError):
            PRINCIPAL.scopes = frozenset()  # type: ignore[misc]

        assert isinstance(PRINCIPAL, Principal)
