"""A call as it is handed to the record: plain, immutable, ready for the writer's thread."""

from dataclasses import dataclass
from datetime import datetime

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """One try at one provider. `status` and headers are the provider's own, as they came."""

    id: str
    number: int
    provider: str
    model: str
    target_id: str
    credential_version_id: str
    state: str
    started_at: datetime
    status: int | None = None
    request_headers: Headers = ()
    response_headers: Headers = ()
    upstream_request_id: str = ""
    first_byte_ms: float | None = None
    duration_ms: float | None = None
    error_class: str = ""
    error_message: str = ""


@dataclass(frozen=True, slots=True)
class BodyRecord:
    """What was said; None where policy does not keep it. `truncated` if a part was left out."""

    request: bytes | None = None
    response: bytes | None = None
    request_truncated: bool = False
    response_truncated: bool = False


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call with everything that lists show, its attempts, and its bodies."""

    id: str
    created_at: datetime
    state: str
    team_id: str
    application_id: str
    application: str
    key_id: str
    client_kind: str
    scope: str
    endpoint: str
    operation: str
    dialect: str
    stream: bool
    attempts: tuple[AttemptRecord, ...] = ()
    provider: str = ""
    provider_dialect: str = ""
    model: str = ""
    is_simulated: bool = False
    error_code: str = ""
    error_message: str = ""
    finish_reason: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    usage_estimated: bool = False
    usd_micros: int | None = None
    duration_ms: float = 0.0
    first_byte_ms: float | None = None
    warnings: tuple[str, ...] = ()
    session_id: str = ""
    user_agent: str = ""
    bodies: BodyRecord | None = None
