"""What every answer of the control plane carries."""

from collections.abc import Awaitable, Callable

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware

from apps.core.ids import new_id

HEADER = "X-Request-Id"


@sync_only_middleware
class RequestIdMiddleware:
    """Name each request, in its answer and on the request as `request_id`.

    The data plane names its requests itself and says so in the ASGI scope. A name that the caller
    chose is not taken over: two calls could then share one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
        scope = getattr(request, "scope", {})
        request_id = scope.get("portal.request_id") or new_id("req")
        request.request_id = request_id  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers[HEADER] = request_id
        return response
