"""Endpoints in the admin."""

from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.test import Client
from django.urls import reverse

from apps.inference.models import Endpoint
from tests.access.factories import make_team
from tests.accounts.factories import make_admin
from tests.inference.factories import make_endpoint
from tests.providers.factories import make_model, make_provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(make_admin())
    return client


def endpoint_form(**fields: Any) -> dict[str, Any]:
    usual = {
        "name": "fast",
        "status": "enabled",
        "targets-TOTAL_FORMS": "0",
        "targets-INITIAL_FORMS": "0",
    }
    return usual | fields


def target_row(**fields: Any) -> dict[str, Any]:
    row = {"priority": "1", "weight": "1", "enabled": "on"} | fields
    return {"targets-TOTAL_FORMS": "1"} | {f"targets-0-{name}": row[name] for name in row}


def add(staff: Client, **fields: Any) -> Any:
    return staff.post(reverse("admin:inference_endpoint_add"), endpoint_form(**fields))


def row_errors(response: Any) -> Any:
    return response.context["inline_admin_formsets"][0].formset.forms[0].errors


class TestEndpoints:
    def test_are_published_with_their_targets(self, staff: Client) -> None:
        model = make_model()

        response = add(staff, **target_row(model=model.pk, weight="3", extra_headers="x-a: b"))

        target = Endpoint.objects.get().targets.get()
        assert response.status_code == 302
        assert (target.model, target.weight, target.extra_headers) == (model, 3, {"x-a": "b"})

    @pytest.mark.parametrize(
        ("field", "value"), [("name", "two words"), ("timeout_s", "0"), ("timeout_s", "4000")]
    )
    def test_show_what_cannot_be_at_its_field(self, staff: Client, field: str, value: str) -> None:
        response = add(staff, **{field: value})

        assert list(response.context["adminform"].form.errors) == [field]
        assert not Endpoint.objects.exists()

    def test_say_that_a_name_is_taken(self, staff: Client) -> None:
        make_endpoint(name="fast")

        errors = add(staff).context["adminform"].form.errors

        assert errors == {"name": ["There is an endpoint fast already."]}

    @pytest.mark.parametrize(
        ("field", "value"), [("weight", "0"), ("extra_headers", "Cookie: a=b")]
    )
    def test_show_the_error_of_a_target_in_its_row(
        self, staff: Client, field: str, value: str
    ) -> None:
        response = add(staff, **target_row(model=make_model().pk, **{field: value}))

        assert list(row_errors(response)) == [field]
        assert not Endpoint.objects.exists()

    def test_take_no_model_of_another_team(self, staff: Client) -> None:
        model = make_model(provider=make_provider(team=make_team()))

        response = add(staff, **target_row(model=model.pk))

        assert list(row_errors(response)) == ["model"]

    def test_keep_their_name(self, staff: Client) -> None:
        endpoint = make_endpoint(name="fast")

        url = reverse("admin:inference_endpoint_change", args=[quote(endpoint.pk)])
        response = staff.post(url, endpoint_form(name="other", description="quick"))

        endpoint.refresh_from_db()
        assert response.status_code == 302
        assert (endpoint.name, endpoint.description) == ("fast", "quick")

    def test_say_what_they_answer_with(self, staff: Client) -> None:
        real, made_up = make_model(), make_model(provider=make_provider(is_simulated=True))
        make_endpoint(real, name="real")
        make_endpoint(made_up, name="made-up")
        make_endpoint(real, made_up, name="both")
        make_endpoint(name="empty")

        listed = staff.get(reverse("admin:inference_endpoint_changelist")).content.decode()

        assert listed.count(">Simulated<") == 1
        assert listed.count(">Partly simulated<") == 1
        assert listed.count(">No target<") == 1
