"""What the engine needs of its process: the transport and the bounds, set once at start."""

from dataclasses import dataclass, field

from apps.providers.transport import Transport
from apps.providers.types import Timeouts


@dataclass(frozen=True, slots=True)
class Runtime:
    """One per process. `max_reply_bytes` bounds a plain answer."""

    transport: Transport
    timeouts: Timeouts = field(default_factory=Timeouts)
    max_reply_bytes: int = 64 * 1024 * 1024


_runtime: Runtime | None = None


def start(made: Runtime) -> None:
    """Install the runtime of this process."""
    global _runtime
    _runtime = made


def runtime() -> Runtime:
    """The runtime of this process."""
    if _runtime is None:
        raise RuntimeError("the engine was not started: call apps.inference.runtime.start first")
    return _runtime
