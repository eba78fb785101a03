"""Endpoints and targets for tests, in the database and as entries of a catalog."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from apps.inference import services
from apps.inference.catalog import EndpointEntry, ProviderEntry, TargetEntry
from apps.inference.models import Endpoint, Target
from apps.providers import wire
from apps.providers.models import ProviderModel
from tests.providers.factories import make_model

_numbers = count(1)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def make_endpoint(*models: ProviderModel, **fields: Any) -> Endpoint:
    """Publish a name over models, in this order of priority."""
    row = Endpoint(**{"name": f"endpoint-{next(_numbers)}"} | fields)
    endpoint = services.save_endpoint(endpoint=row)
    for priority, model in enumerate(models, start=1):
        make_target(endpoint=endpoint, model=model, priority=priority)
    return endpoint


def make_target(**fields: Any) -> Target:
    fields = fields if "model" in fields else fields | {"model": make_model()}
    return services.save_target(target=Target(**fields))


def target_entry(number: int, **fields: Any) -> TargetEntry:
    usual: dict[str, Any] = {
        "id": f"tgt_{number}",
        "priority": 1,
        "weight": 1,
        "provider": ProviderEntry("prov_1", "acme", "openai_chat", "https://x", None, False),
        "model": wire.TargetModel(name="m"),
        "operations": frozenset({"chat"}),
        "headers": (),
        "credential": None,
        "price": None,
    }
    return TargetEntry(**usual | fields)


def endpoint_entry(*targets: TargetEntry, **fields: Any) -> EndpointEntry:
    usual: dict[str, Any] = {
        "id": "end_1",
        "name": "fast",
        "team_id": None,
        "owner": "portal",
        "description": "",
        "enabled": True,
        "body_policy": "",
        "timeout_s": None,
        "created_at": NOW,
        "targets": targets,
    }
    return EndpointEntry(**usual | fields)
