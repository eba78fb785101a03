"""Applications and keys: what may be written."""

import pytest
from django.utils import timezone

from apps.access import keys, services
from apps.access.errors import ScopeTooWideError, UnknownScopeError
from apps.access.models import APIKey, Application
from apps.core.errors import ConflictError, InvalidInputError
from tests.access.factories import make_application, make_key, make_team

pytestmark = pytest.mark.django_db


class TestCreateApplication:
    def test_makes_an_agent_that_may_call_and_look(self) -> None:
        application = services.create_application(slug="bot", team=make_team())

        assert application.id.startswith("app_")
        assert (application.kind, application.status) == ("agent", "active")
        assert application.scopes == ["embeddings:call", "inference:call", "models:read"]
        assert application.name == "bot"

    def test_stores_no_client_secret_that_can_be_read(self) -> None:
        application = make_application()

        assert application.client_secret.startswith("portal_hmac$")

    @pytest.mark.parametrize("slug", ["", "Bot", "a b", "ä"])
    def test_refuses_what_is_no_slug(self, slug: str) -> None:
        with pytest.raises(InvalidInputError, match="slug"):
            services.create_application(slug=slug, team=make_team())

    def test_refuses_an_unknown_kind(self) -> None:
        with pytest.raises(InvalidInputError, match="human, service, agent"):
            services.create_application(slug="bot", team=make_team(), kind="robot")

    def test_refuses_a_taken_slug(self) -> None:
        application = make_application()

        with pytest.raises(ConflictError, match="already"):
            services.create_application(slug=application.slug, team=make_team())


class TestIssueKey:
    def test_returns_the_text_once_and_stores_a_hash_only(self) -> None:
        key, text = make_key()

        stored = str(APIKey.objects.filter(pk=key.pk).values().get())
        assert text.rpartition("_")[2] not in stored
        assert key.digest == keys.digest_of(text)
        assert key.masked == f"ptl_{key.public_id}_…{text[-4:]}"
        assert key.state == APIKey.State.ACTIVE

    def test_gives_the_scopes_of_the_application_unless_fewer_are_named(self) -> None:
        application = make_application(scopes=["models:read", "inference:call"])

        whole, _ = make_key(application=application)
        part, _ = make_key(application=application, scopes=["models:read"])

        assert whole.scopes == ["inference:call", "models:read"]
        assert part.scopes == ["models:read"]

    def test_is_never_wider_than_the_application(self) -> None:
        application = make_application(scopes=["models:read"])

        with pytest.raises(ScopeTooWideError, match="inference:call"):
            make_key(application=application, scopes=["models:read", "inference:call"])

        assert not APIKey.objects.exists()

    def test_names_the_scope_that_was_meant(self) -> None:
        with pytest.raises(UnknownScopeError, match="Did you mean inference:call"):
            make_key(scopes=["inference:cal"])


class TestRevokeKey:
    def test_takes_it_back_for_good(self) -> None:
        key, _ = make_key()
        now = timezone.now()

        services.revoke_key(key=key, by="user_1", reason="leaked", now=now)
        again = services.revoke_key(key=key, by="user_2", now=timezone.now())

        assert (again.state, again.revoked_at, again.revoked_by, again.revoked_reason) == (
            "revoked",
            now,
            "user_1",
            "leaked",
        )


class TestSuspendApplication:
    def test_stops_it_and_its_oauth_tokens_until_it_is_resumed(self) -> None:
        application = make_application()

        services.suspend_application(application=application)
        assert not Application.objects.active().exists()
        assert not application.is_usable(None)
        services.resume_application(application=application)

        assert application.is_usable(None)
