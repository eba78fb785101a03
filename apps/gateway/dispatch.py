"""Find the data-plane view of a path: an exact table and, behind it, a few prefixes.

This stands in front of Django: no middleware, no URL resolver, no thread. Paths that no view has,
below a dialect's root, are answered in that dialect's shape and never by a page.
"""

from collections.abc import Mapping
from typing import ClassVar

from typing_extensions import override

from apps.core.errors import NotFoundError
from apps.gateway.edge import EdgeReply, EdgeRequest, EdgeView
from apps.gateway.operations import OPERATIONS
from apps.providers.dialects import DIALECTS

_PARAMETER = "<path:model>"
_NOTHING: Mapping[str, str] = {}


class Unknown(EdgeView):
    """A path below a dialect's root that the portal does not serve."""

    path: ClassVar[str] = ""
    scope: ClassVar[str] = ""

    @override
    async def handle(self, request: EdgeRequest) -> EdgeReply:
        return self.render_error(
            NotFoundError(f"The portal has no {request.method} {request.path}."), request
        )


class UnknownOpenAI(Unknown):
    """In OpenAI's shape."""

    dialect = DIALECTS["openai_chat"]


class UnknownAnthropic(Unknown):
    """In Anthropic's shape."""

    dialect = DIALECTS["anthropic_messages"]


class UnknownGemini(Unknown):
    """In Gemini's shape."""

    dialect = DIALECTS["gemini_generate"]


class UnknownAzure(Unknown):
    """In Azure's shape."""

    dialect = DIALECTS["azure_inference"]


_VIEWS = [operation() for operation in OPERATIONS]
_EXACT: Mapping[str, EdgeView] = {f"/{v.path}": v for v in _VIEWS if _PARAMETER not in v.path}
_PREFIXES: tuple[tuple[str, EdgeView], ...] = tuple(
    (f"/{v.path.removesuffix(_PARAMETER)}", v) for v in _VIEWS if v.path.endswith(_PARAMETER)
)
_ROOTS: tuple[tuple[str, EdgeView], ...] = (
    ("/v1/messages/", UnknownAnthropic()),
    ("/v1/", UnknownOpenAI()),
    ("/v1beta/", UnknownGemini()),
    ("/azure/", UnknownAzure()),
)


def find_view(path: str) -> tuple[EdgeView, Mapping[str, str]] | None:
    """The view of a path with its parameters; None when the path is the control plane's."""
    if (view := _EXACT.get(path)) is not None:
        return view, _NOTHING
    for prefix, view in _PREFIXES:
        if path.startswith(prefix) and len(path) > len(prefix):
            return view, {"model": path[len(prefix) :]}
    for root, view in _ROOTS:
        if path.startswith(root):
            return view, _NOTHING
    return None
