"""What every resource of `/api` shares: problem details, pages, and the statuses of errors."""

from collections.abc import Mapping
from http import HTTPStatus
from math import ceil
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from rest_framework import exceptions
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import set_rollback
from typing_extensions import override

from apps.core.errors import InvalidInputError, PortalError

STATUS_OF_KIND: Final[Mapping[str, int]] = {
    "invalid": 400,
    "unauthenticated": 401,
    "unpaid": 402,
    "forbidden": 403,
    "not_found": 404,
    "method": 405,
    "conflict": 409,
    "stale": 412,
    "too_large": 413,
    "unprocessable": 422,
    "limited": 429,
    "refused": 400,
    "unavailable": 503,
    "upstream": 502,
    "upstream_fault": 502,
    "overloaded": 503,
    "timeout": 504,
    "internal": 500,
}
MEDIA_TYPE: Final = "application/problem+json"


def status_of(error: PortalError) -> int:
    """Translate the kind of an error into a status; an unknown kind is our own fault."""
    return STATUS_OF_KIND.get(error.kind, 500)


def problem(
    *, status: int, code: str, detail: str, request_id: str = "", **members: Any
) -> dict[str, Any]:
    """Build a problem details object; empty members are left out.

    Source: RFC 9457 §3.1.
    """
    known = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": request_id,
    }
    return {name: value for name, value in (known | members).items() if value not in ("", None)}


def problem_of(error: PortalError, *, request_id: str = "") -> dict[str, Any]:
    """Build the problem details of a deliberate error."""
    return problem(
        status=status_of(error),
        code=error.code,
        detail=error.message,
        request_id=request_id,
        param=error.param,
        details=error.details or None,
    )


def handle_exception(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer an exception of a DRF view with problem details; None lets Django answer 500."""
    request_id = request_id_of(context.get("request"))
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, PortalError):
        body, headers = problem_of(error, request_id=request_id), _retry_after(error)
    elif isinstance(error, exceptions.APIException):
        body, headers = _problem_of_drf(error, request_id=request_id), _headers_of_drf(error)
    else:
        return None
    set_rollback()
    return Response(body, status=body["status"], headers=headers, content_type=MEDIA_TYPE)


def request_id_of(request: Request | HttpRequest | None) -> str:
    """Read the name that the middleware gave to a request."""
    if isinstance(request, Request):
        request = request._request  # noqa: SLF001  (DRF has no other way)
    return str(getattr(request, "request_id", ""))


def flatten_errors(detail: Any, path: str = "") -> list[dict[str, str]]:
    """Turn DRF's nested validation errors into a list of JSON pointers and sentences."""
    if isinstance(detail, Mapping):
        return [
            entry
            for name, inner in detail.items()
            for entry in flatten_errors(
                inner, path if name == "non_field_errors" else f"{path}/{name}"
            )
        ]
    if isinstance(detail, list):
        nested = any(isinstance(inner, Mapping | list) for inner in detail)
        return [
            entry
            for index, inner in enumerate(detail)
            for entry in flatten_errors(inner, f"{path}/{index}" if nested else path)
        ]
    return [{"pointer": f"#{path}", "detail": str(detail), "code": getattr(detail, "code", "")}]


class Pages(CursorPagination):
    """Pages by cursor: stable while rows are added, newest first.

    The id is the second word of the order, or rows of one moment would appear twice.
    """

    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    ordering = ("-created_at", "-id")

    @override
    def decode_cursor(self, request: Request) -> Any:
        try:
            return super().decode_cursor(request)
        except exceptions.NotFound as error:
            raise InvalidInputError("This cursor is not one of ours.", param="cursor") from error


def _problem_of_drf(error: exceptions.APIException, *, request_id: str) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return problem(
            status=400,
            code="invalid_input",
            detail="Some fields are missing or wrong.",
            request_id=request_id,
            errors=flatten_errors(error.detail),
        )
    return problem(
        status=error.status_code,
        code=str(error.get_codes()),
        detail=str(error.detail),
        request_id=request_id,
    )


def _headers_of_drf(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    challenge = getattr(error, "auth_header", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    wait = getattr(error, "wait", None)
    if wait:
        headers["Retry-After"] = str(max(1, ceil(wait)))
    return headers


def _retry_after(error: PortalError) -> dict[str, str]:
    wait = getattr(error, "retry_after_s", None)
    return {"Retry-After": str(max(1, ceil(wait)))} if wait else {}
