import json
import logging
from typing import Any

import pytest
from django.core import serializers

from apps.core.crypto import SealBrokenError
from apps.core.errors import InvalidInputError
from apps.core.models import Revision
from apps.credentials import services
from apps.credentials.models import Credential, CredentialVersion
from apps.providers import services as providers
from tests.providers.factories import make_provider

pytestmark = pytest.mark.django_db
SECRET = "sk-very-secret-words-9876"


def current(credential: Credential) -> CredentialVersion:
    return credential.versions.get(state=CredentialVersion.State.CURRENT)


class TestEnterSecret:
    def test_stores_the_secret_sealed_and_bound_to_where_it_may_go(self) -> None:
        provider = make_provider(base_url="https://api.acme.example:8443/v1")

        credential, changed = services.enter_secret(provider=provider, secret=SECRET)

        version = current(credential)
        assert changed
        assert credential.origin == "https://api.acme.example:8443"
        assert (version.number, version.last_four) == (1, "9876")
        assert SECRET.encode() not in bytes(version.sealed)
        assert services.open_secret(version=version) == SECRET

    def test_the_same_secret_again_changes_nothing(self) -> None:
        provider = make_provider()
        services.enter_secret(provider=provider, secret=SECRET)
        before = Revision.objects.get(topic="credentials").number

        _, changed = services.enter_secret(provider=provider, secret=SECRET)

        assert not changed
        assert Revision.objects.get(topic="credentials").number == before

    def test_another_secret_becomes_the_current_version(self) -> None:
        provider = make_provider()
        services.enter_secret(provider=provider, secret=SECRET)

        credential, changed = services.enter_secret(provider=provider, secret="another")

        assert changed
        assert current(credential).number == 2
        assert services.open_secret(version=current(credential)) == "another"
        assert credential.versions.count() == 2

    def test_of_a_short_secret_nothing_is_shown(self) -> None:
        credential, _ = services.enter_secret(provider=make_provider(), secret="short-one")

        assert current(credential).last_four == ""

    @pytest.mark.parametrize("secret", ["", "a b", "a\r\nx-evil: 1", "schlüssel"])
    def test_refuses_what_no_header_carries(self, secret: str) -> None:
        with pytest.raises(InvalidInputError):
            services.enter_secret(provider=make_provider(), secret=secret)

        assert not Credential.objects.exists()


class TestOpenSecret:
    def test_refuses_a_secret_that_was_moved_to_another_row(self) -> None:
        one, _ = services.enter_secret(provider=make_provider(), secret=SECRET)
        two, _ = services.enter_secret(provider=make_provider(), secret="another")
        thief = current(two)
        thief.sealed = current(one).sealed

        with pytest.raises(SealBrokenError):
            services.open_secret(version=thief)


class TestIsUsable:
    def test_only_where_the_secret_was_entered_for(self) -> None:
        provider = make_provider(base_url="https://api.acme.example/v1")
        credential, _ = services.enter_secret(provider=provider, secret=SECRET)

        provider.base_url = "https://api.acme.example/v2"
        providers.save_provider(provider=provider)
        same_origin = services.is_usable(Credential.objects.get())
        provider.base_url = "https://api.acme.example:444/v2"
        providers.save_provider(provider=provider)
        other_port = services.is_usable(Credential.objects.get())
        services.enter_secret(provider=provider, secret=SECRET)
        entered_again = services.is_usable(Credential.objects.get())

        assert (same_origin, other_port, entered_again) == (True, False, True)
        assert credential.versions.count() == 2

    def test_not_when_it_is_disabled(self) -> None:
        credential, _ = services.enter_secret(provider=make_provider(), secret=SECRET)
        credential.status = Credential.Status.DISABLED

        assert not services.is_usable(credential)

    def test_not_when_the_provider_may_no_longer_be_reached(self, settings: Any) -> None:
        settings.PORTAL_PRIVATE_UPSTREAMS = ("127.0.0.1:9001",)
        provider = make_provider(base_url="http://127.0.0.1:9001")
        credential, _ = services.enter_secret(provider=provider, secret=SECRET)

        settings.PORTAL_PRIVATE_UPSTREAMS = ()

        assert not services.is_usable(credential)


class TestSecretsStay:
    def test_in_no_text_form_of_a_row(self) -> None:
        credential, _ = services.enter_secret(provider=make_provider(), secret=SECRET)
        version = current(credential)

        shown = [str(credential), repr(credential), str(version), repr(version)]
        dump = serializers.serialize("json", [credential, version])

        assert all(SECRET not in text for text in [*shown, dump])
        assert "sealed" not in json.loads(dump)[0]["fields"]

    def test_in_no_error(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)

        with pytest.raises(InvalidInputError) as caught:
            services.enter_secret(provider=make_provider(), secret=f"{SECRET}\n")

        assert SECRET not in str(caught.value)
        assert SECRET not in caplog.text
