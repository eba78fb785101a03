"""What the transport is handed and how long it may wait. No Django here."""

from dataclasses import dataclass, field

from apps.providers import wire

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait, in seconds.

    `first_byte_s` runs from the start to the end of the answer's headers, connecting included;
    `idle_s` is the longest silence inside the body; `total_s` bounds everything.
    """

    connect_s: float = 5.0
    first_byte_s: float = 120.0
    idle_s: float = 60.0
    total_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Upstream:
    """One request to a provider. `auth` is what the credential adds, and stays out of `repr`."""

    base_url: str
    request: wire.UpstreamRequest
    auth: Headers = field(default=(), repr=False)
    extra_headers: Headers = ()
    timeouts: Timeouts = Timeouts()
