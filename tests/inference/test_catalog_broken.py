"""Rows of another version of the portal, or damaged ones, in the catalog."""

import logging

import pytest

from apps.credentials import services as credentials
from apps.inference import catalog
from apps.providers.models import Provider
from tests.inference.factories import make_endpoint
from tests.providers.factories import make_model

pytestmark = pytest.mark.django_db


class TestLoadCatalog:
    @pytest.mark.parametrize(
        "damage",
        [
            {"dialect": "of_another_version"},
            {"options": []},
            {"options": "text"},
            {"extra_headers": [1, 2]},
            {"extra_headers": {"authorization": "x"}},
            {"base_url": "nowhere"},
            {"auth": "of another version"},
        ],
        ids=str,
    )
    def test_one_that_cannot_be_read_takes_no_other_out_of_service(
        self, damage: dict[str, object], caplog: pytest.LogCaptureFixture
    ) -> None:
        good, broken = make_model(), make_model()
        for model in (good, broken):
            credentials.enter_secret(provider=model.provider, secret="sk-0123456789abcdef")
        make_endpoint(good, broken)
        make_endpoint(broken, name="lost")
        Provider.objects.filter(pk=broken.provider_id).update(**damage)

        with caplog.at_level(logging.CRITICAL):
            loaded = catalog.load_catalog()

        found = {entry.name: entry for entry in loaded.visible("any")}
        first = next(entry for name, entry in found.items() if name != "lost").targets[0]
        assert first.model.name == good.name
        assert first.credential is not None
        assert all(t.credential is None for t in found["lost"].targets)
