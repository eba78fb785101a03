from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from apps.providers.models import Provider, ProviderModel
from tests.providers.factories import make_model, make_provider

pytestmark = pytest.mark.django_db


class TestConstraints:
    def test_the_database_knows_one_shared_slug(self) -> None:
        make_provider(slug="acme")

        with pytest.raises(IntegrityError), transaction.atomic():
            Provider.objects.create(slug="acme", dialect="openai_chat", base_url="https://x.test")

    @pytest.mark.parametrize(
        "field", ["input_usd_per_mtok", "output_usd_per_mtok", "cache_read_usd_per_mtok",
                  "cache_write_usd_per_mtok"]
    )  # fmt: skip
    def test_the_database_takes_no_negative_price(self, field: str) -> None:
        model = make_model()

        with pytest.raises(IntegrityError), transaction.atomic():
            ProviderModel.objects.filter(pk=model.pk).update(**{field: Decimal("-0.000001")})

    def test_the_database_knows_no_other_status(self) -> None:
        provider = make_provider()

        with pytest.raises(IntegrityError), transaction.atomic():
            Provider.objects.filter(pk=provider.pk).update(status="asleep")
