"""What a web process starts before its first request and finishes after its last."""

import gc
import logging
from typing import Any

from asgiref.sync import sync_to_async
from django.conf import settings

from apps.core import snapshot, writer
from apps.inference import runtime
from apps.providers.transport import AiohttpTransport
from apps.providers.types import Timeouts

logger = logging.getLogger(__name__)
FLUSH_S = 20.0


async def lifespan(receive: Any, send: Any) -> None:
    """Serve the ASGI lifespan protocol."""
    await receive()
    try:
        await start()
    except Exception as error:
        logger.exception("the web process could not start")
        await send({"type": "lifespan.startup.failed", "message": str(error)})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await stop()
    await send({"type": "lifespan.shutdown.complete"})


async def start() -> None:
    """Load what is configured, open the transport, and take start-up's objects out of the GC."""
    await sync_to_async(snapshot.start)()
    writer.start()
    runtime.start(new_runtime())
    gc.collect()
    gc.freeze()


async def stop() -> None:
    """Let go of providers, then write what is still in memory."""
    await runtime.runtime().transport.close()
    await sync_to_async(writer.stop)(FLUSH_S)
    await sync_to_async(snapshot.stop)()


def new_runtime() -> runtime.Runtime:
    """The engine's runtime as the settings say."""
    return runtime.Runtime(
        transport=AiohttpTransport(private=frozenset(settings.PORTAL_PRIVATE_UPSTREAMS)),
        timeouts=Timeouts(
            connect_s=settings.PORTAL_TIMEOUT_CONNECT_S,
            first_byte_s=settings.PORTAL_TIMEOUT_FIRST_BYTE_S,
            idle_s=settings.PORTAL_TIMEOUT_IDLE_S,
            total_s=settings.PORTAL_TIMEOUT_TOTAL_S,
        ),
        max_reply_bytes=settings.PORTAL_MAX_REPLY_BYTES,
    )
