"""Providers and models in the admin: what could not work is refused at its field."""

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from apps.providers.models import Provider, ProviderModel
from tests.accounts.factories import make_admin
from tests.inference.factories import make_endpoint
from tests.providers.factories import make_model, make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_admin())
    return client


def provider_form(**fields: Any) -> dict[str, Any]:
    usual = {
        "name": "Acme",
        "slug": "acme",
        "dialect": "openai_chat",
        "base_url": "https://api.acme.example/v1",
        "status": "enabled",
        "options": "{}",
        "models-TOTAL_FORMS": "0",
        "models-INITIAL_FORMS": "0",
    }
    return usual | fields


def model_row(**fields: str) -> dict[str, Any]:
    row = {f"models-0-{name}": value for name, value in fields.items()}
    return {"models-TOTAL_FORMS": "1", "models-0-name": "large", **row}


def save(staff: Client, provider: Provider | None = None, **fields: Any) -> Any:
    page, arguments = ("change", [quote(provider.pk)]) if provider else ("add", [])
    url = reverse(f"admin:providers_provider_{page}", args=arguments)
    return staff.post(url, provider_form(**fields))


def errors_of(response: Any) -> Any:
    return response.context["adminform"].form.errors


class TestProviders:
    def test_are_saved_with_their_models(self, staff: Client) -> None:
        row = model_row(input_usd_per_mtok="0.25")

        response = save(staff, extra_headers="X-Team: blue\nx-tag: a: b", **row)

        provider = Provider.objects.get()
        model = provider.models.get()
        assert response.status_code == 302
        assert provider.extra_headers == {"X-Team": "blue", "x-tag": "a: b"}
        assert (model.name, str(model.input_usd_per_mtok)) == ("large", "0.250000")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("base_url", "http://127.0.0.1:1/v1"),
            ("base_url", "https://10.0.0.1/v1"),
            ("base_url", "ftp://api.acme.example"),
            ("auth", "magic"),
            ("options", '{"nonsense": 1}'),
            ("options", "not json"),
            ("extra_headers", "Authorization: Bearer x"),
            ("extra_headers", "no colon"),
            ("dialect", "esperanto"),
        ],
    )
    def test_show_what_cannot_be_at_its_field(self, staff: Client, field: str, value: str) -> None:
        response = save(staff, None, **{field: value})

        assert response.status_code == 200
        assert list(errors_of(response)) == [field]
        assert not Provider.objects.exists()

    def test_say_that_a_slug_is_taken(self, staff: Client) -> None:
        make_provider(slug="acme")

        assert errors_of(save(staff)) == {"slug": ["There is a provider acme already."]}

    def test_show_the_error_of_a_model_in_its_row(self, staff: Client) -> None:
        row = model_row(input_usd_per_mtok="-1")

        response = save(staff, **row)

        formset = response.context["inline_admin_formsets"][0].formset
        assert list(formset.forms[0].errors) == ["input_usd_per_mtok"]
        assert not Provider.objects.exists()

    def test_say_that_the_secret_stays_behind_when_the_origin_changes(self, staff: Client) -> None:
        provider = make_provider(slug="acme")

        response = save(staff, provider, base_url="https://eu.acme.example/v1")

        said = [str(message) for message in get_messages(response.wsgi_request)]
        assert any("Enter it again" in text for text in said)

    def test_say_nothing_of_it_when_only_the_path_changes(self, staff: Client) -> None:
        provider = make_provider(slug="acme")

        response = save(staff, provider, base_url="https://api.acme.example/v2")

        said = [str(message) for message in get_messages(response.wsgi_request)]
        assert not any("Enter it again" in text for text in said)

    def test_that_are_simulated_are_called_so(self, staff: Client) -> None:
        make_provider(is_simulated=True)

        listed = staff.get(reverse("admin:providers_provider_changelist")).content

        assert b">Simulated<" in listed

    def test_in_use_are_not_deleted(self, staff: Client) -> None:
        model = make_model()
        make_endpoint(model)

        url = reverse("admin:providers_provider_delete", args=[quote(model.provider_id)])
        staff.post(url, {"post": "yes"})

        assert Provider.objects.filter(pk=model.provider_id).exists()


class TestModels:
    def test_are_saved_with_what_they_offer(self, staff: Client) -> None:
        values = {"provider": make_provider().pk, "name": "small", "operations": ["embeddings"]}

        assert staff.post(reverse("admin:providers_providermodel_add"), values).status_code == 302

        assert ProviderModel.objects.get().operations == ["embeddings"]

    def test_offer_something(self, staff: Client) -> None:
        values = {"provider": make_provider().pk, "name": "small"}

        response = staff.post(reverse("admin:providers_providermodel_add"), values)

        assert list(errors_of(response)) == ["operations"]

    def test_show_prices_without_zeros_that_say_nothing(self, staff: Client) -> None:
        model = make_model(input_usd_per_mtok=Decimal(1), output_usd_per_mtok=Decimal("0.25"))

        url = reverse("admin:providers_providermodel_change", args=[quote(model.pk)])
        form = staff.get(url).context["adminform"].form

        shown = [str(form[f"{side}_usd_per_mtok"].value()) for side in ("input", "output")]
        assert shown == ["1", "0.25"]
