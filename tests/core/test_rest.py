"""Problem details, statuses and pages."""

from typing import Any, ClassVar

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from apps.core import errors, rest

CONTEXT: dict[str, Any] = {"request": None}


def body_of(error: Exception) -> tuple[int, Any, Any]:
    response = rest.handle_exception(error, CONTEXT)
    assert response is not None
    return response.status_code, response.data, response


class TestHandleException:
    def test_describes_a_deliberate_error(self) -> None:
        error = errors.InvalidInputError("No.", param="messages[0]", details={"near": "yes"})

        status, body, response = body_of(error)

        assert (status, response.content_type) == (400, "application/problem+json")
        assert body == {
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "code": "invalid_input",
            "detail": "No.",
            "param": "messages[0]",
            "details": {"near": "yes"},
        }

    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (Http404(), 404, "not_found"),
            (PermissionDenied(), 403, "permission_denied"),
            (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
            (exceptions.UnsupportedMediaType("x"), 415, "unsupported_media_type"),
            (errors.AuthenticationError("x"), 401, "invalid_api_key"),
            (errors.TooLargeError("x"), 413, "request_too_large"),
            (errors.ConflictError("x"), 409, "conflict"),
        ],
    )
    def test_gives_each_its_status_and_code(self, error: Exception, status: int, code: str) -> None:
        found, body, _ = body_of(error)

        assert (found, body["status"], body["code"]) == (status, status, code)

    @pytest.mark.parametrize(
        "error",
        [errors.UnavailableError("x", retry_after_s=2.4), exceptions.Throttled(wait=2.4)],
    )
    def test_says_when_to_come_back(self, error: Exception) -> None:
        assert body_of(error)[2].headers["Retry-After"] == "3"

    def test_points_at_each_wrong_field(self) -> None:
        detail: Any = {
            "name": ["missing"],
            "targets": [{"model": ["bad"]}],
            "non_field_errors": ["no"],
        }

        _, body, _ = body_of(exceptions.ValidationError(detail))

        assert [(e["pointer"], e["detail"]) for e in body["errors"]] == [
            ("#/name", "missing"),
            ("#/targets/0/model", "bad"),
            ("#", "no"),
        ]

    def test_leaves_what_nobody_meant_to_django(self) -> None:
        assert rest.handle_exception(RuntimeError("secret"), CONTEXT) is None


class TestStatusOf:
    def test_knows_every_kind_of_the_error_tree(self) -> None:
        pending, kinds = [errors.PortalError], set()
        while pending:
            current = pending.pop()
            pending += current.__subclasses__()
            kinds.add(current.kind)

        assert kinds <= set(rest.STATUS_OF_KIND)

    def test_calls_an_unknown_kind_our_own_fault(self) -> None:
        class OddError(errors.PortalError):
            kind: ClassVar[str] = "odd"

        assert rest.status_of(OddError("x")) == 500


class TestPages:
    def test_refuses_a_cursor_that_is_not_ours(self) -> None:
        request = Request(APIRequestFactory().get("/", {"cursor": "abc"}))

        with pytest.raises(errors.InvalidInputError, match="cursor"):
            rest.Pages().decode_cursor(request)
