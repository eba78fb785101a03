"""The authenticated caller, the same whatever the way in."""

from dataclasses import dataclass
from typing import Literal

ClientKind = Literal["human", "service", "agent"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: ids and scopes, never a row.

    `scopes` are those of the key that its application has too. `endpoints` are the published names
    that it may call; None means every one that its team sees. `key_id` names what was presented.
    """

    key_id: str
    key_name: str
    application_id: str
    application_slug: str
    team_id: str
    team_slug: str
    kind: ClientKind
    scopes: frozenset[str]
    endpoints: frozenset[str] | None = None

    def has_scope(self, scope: str) -> bool:
        return scope in self.scopes

    def may_call(self, endpoint: str) -> bool:
        return self.endpoints is None or endpoint in self.endpoints
