from decimal import Decimal
from typing import Any

import pytest

from apps.core.errors import ConflictError, InvalidInputError
from apps.core.models import Revision
from apps.providers import services
from apps.providers.models import OPERATIONS, Provider, ProviderModel
from tests.access.factories import make_team
from tests.providers.factories import make_model, make_provider, provider_row

pytestmark = pytest.mark.django_db


class TestSaveProvider:
    def test_stores_one_that_could_be_called(self) -> None:
        provider = make_provider(
            auth="header:x-own", extra_headers={"x-a": "1"}, options={"api_version": "2024-10-21"}
        )

        stored = Provider.objects.get(pk=provider.pk)
        assert stored.id.startswith("prov_")
        assert (stored.extra_headers, stored.options) == (
            {"x-a": "1"},
            {"api_version": "2024-10-21"},
        )

    @pytest.mark.parametrize(
        ("fields", "param", "reason"),
        [
            ({"dialect": "openai_chatt"}, "dialect", "did you mean 'openai_chat'"),
            ({"dialect": "soap"}, "dialect", "known: "),
            ({"base_url": "http://api.acme.example"}, "base_url", "must be https"),
            ({"base_url": "https://10.0.0.1"}, "base_url", "private"),
            ({"base_url": "https://169.254.169.254"}, "base_url", "never allowed"),
            ({"base_url": "https://u:p@acme.example"}, "base_url", "user name"),
            ({"auth": "basic"}, "auth", "no auth scheme"),
            ({"extra_headers": {"Host": "x"}}, "extra_headers.Host", "belongs to the transport"),
            ({"extra_headers": {"Authorization": "x"}}, "extra_headers.Authorization", "secret"),
            ({"extra_headers": ["x"]}, "extra_headers", "object"),
            ({"options": {"api_versoin": "1"}}, "options", "api_versoin"),
            ({"options": {"stream_usage": "yes"}}, "options", "stream_usage"),
            ({"options": ["x"]}, "options", "do not fit"),
        ],
    )
    def test_says_what_is_wrong_and_stores_nothing(
        self, fields: dict[str, Any], param: str, reason: str
    ) -> None:
        with pytest.raises(InvalidInputError, match=reason) as caught:
            services.save_provider(provider=provider_row(**fields))

        assert caught.value.param == param
        assert not Provider.objects.exists()

    def test_lets_an_operator_allow_a_private_one(self, settings: Any) -> None:
        settings.PORTAL_PRIVATE_UPSTREAMS = ("127.0.0.1:9001",)

        provider = make_provider(base_url="http://127.0.0.1:9001/v1")

        assert provider.pk

    def test_a_slug_is_taken_once_per_team_and_once_among_the_shared(self) -> None:
        team = make_team()
        make_provider(slug="acme")
        make_provider(slug="acme", team=team)

        for owner in [None, team]:
            with pytest.raises(ConflictError):
                services.save_provider(provider=provider_row(slug="acme", team=owner))

    def test_is_seen_by_other_processes(self) -> None:
        make_provider()

        assert Revision.objects.get(topic="providers").number == 1


class TestSaveModel:
    def test_stores_prices_exactly(self) -> None:
        model = make_model(input_usd_per_mtok=Decimal("0.000001"))

        stored = ProviderModel.objects.get(pk=model.pk)
        assert stored.input_usd_per_mtok == Decimal("0.000001")
        assert stored.output_usd_per_mtok is None

    @pytest.mark.parametrize(
        ("fields", "param"),
        [
            ({"name": ""}, "name"),
            ({"operations": []}, "operations"),
            ({"operations": "chat"}, "operations"),
            ({"operations": ["chat", "dance"]}, "operations"),
            ({"output_usd_per_mtok": Decimal(-1)}, "output_usd_per_mtok"),
        ],
    )
    def test_says_what_is_wrong(self, fields: dict[str, Any], param: str) -> None:
        with pytest.raises(InvalidInputError) as caught:
            make_model(**fields)

        assert caught.value.param == param
        assert not ProviderModel.objects.exists()

    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_knows_every_operation(self, operation: str) -> None:
        assert make_model(operations=[operation]).pk

    def test_a_name_is_taken_once_per_provider(self) -> None:
        model = make_model(name="large")

        make_model(name="large")
        with pytest.raises(ConflictError):
            make_model(name="large", provider=model.provider)


class TestResolveProvider:
    def test_prefers_the_teams_own(self) -> None:
        team = make_team()
        shared = make_provider(slug="acme")
        own = make_provider(slug="acme", team=team)

        assert services.resolve_provider(slug="acme", team=team) == own
        assert services.resolve_provider(slug="acme", team=make_team()) == shared
        assert services.resolve_provider(slug="acme", team=None) == shared
        assert services.resolve_provider(slug="other", team=team) is None
