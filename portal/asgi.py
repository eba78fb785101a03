"""The web process: two planes in one ASGI application.

The data plane (inference paths) is dispatched in front of Django, without middleware, URL
resolver or thread. Everything else is the control plane, stock Django. `PORTAL_PLANE` says which
of them this process serves.
"""

import os
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django_application = get_asgi_application()

# Only now that Django is set up may its apps be imported.
from django.conf import settings  # noqa: E402

from apps.gateway.dispatch import find_view  # noqa: E402
from apps.gateway.edge import serve  # noqa: E402
from portal.lifespan import lifespan  # noqa: E402

_PROBES = frozenset({"/healthz", "/readyz"})
_SERVES_DATA = settings.PORTAL_PLANE != "control"
_SERVES_CONTROL = settings.PORTAL_PLANE != "data"


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Give a request to the plane that its path belongs to."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    if scope["type"] == "http":
        path = scope["path"]
        found = find_view(path)
        if found is not None and _SERVES_DATA:
            await serve(*found, scope, receive, send)
        elif path in _PROBES or (found is None and _SERVES_CONTROL):
            await django_application(scope, receive, send)
        else:
            await _not_here(send)


async def _not_here(send: Any) -> None:
    body = b"This process does not serve this path (see PORTAL_PLANE).\n"
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 404, "headers": headers})
    await send({"type": "http.response.body", "body": body})
