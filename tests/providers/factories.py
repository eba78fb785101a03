"""Providers and models for tests."""

from itertools import count
from typing import Any

from apps.providers import services
from apps.providers.models import Provider, ProviderModel

_numbers = count(1)


def provider_row(**fields: Any) -> Provider:
    """A provider that is not stored yet."""
    usual = {
        "slug": f"acme-{next(_numbers)}",
        "name": "Acme",
        "dialect": "openai_chat",
        "base_url": "https://api.acme.example/v1",
    }
    return Provider(**usual | fields)


def make_provider(**fields: Any) -> Provider:
    return services.save_provider(provider=provider_row(**fields))


def make_model(**fields: Any) -> ProviderModel:
    if "provider" not in fields:
        fields["provider"] = make_provider()
    row = ProviderModel(**{"name": f"large-{next(_numbers)}"} | fields)
    return services.save_model(model=row)
