import json

import pytest

from apps.core import errors as core
from apps.core.errors import PortalError
from apps.providers import errors
from apps.providers.dialects.openai_responses import inbound, outbound
from tests.providers.dialects.openai_responses.helpers import events_of


class TestParseError:
    @pytest.mark.parametrize(
        ("status", "code", "kind"),
        [
            (400, "invalid_value", errors.ProviderRejectedError),
            (400, "model_not_found", errors.ProviderNotFoundError),
            (404, "DeploymentNotFound", errors.ProviderNotFoundError),
            (400, "content_filter", errors.ProviderContentFilterError),
            (401, "invalid_api_key", errors.ProviderAuthError),
            (403, "unsupported_country", errors.ProviderAuthError),
            (413, None, errors.ProviderTooLargeError),
            (429, "rate_limit_exceeded", errors.ProviderRateLimitError),
            (429, "insufficient_quota", errors.ProviderAuthError),
            (500, "server_error", errors.ProviderFaultError),
            (503, "server_is_overloaded", errors.ProviderOverloadedError),
            (504, None, errors.ProviderTimeoutError),
        ],
    )
    def test_finds_the_class(
        self, status: int, code: str | None, kind: type[errors.ProviderError]
    ) -> None:
        found = {"message": "Said so.", "type": "t", "param": "input", "code": code}

        error = outbound.parse_error(
            status,
            {"x-request-id": "req_1", "retry-after-ms": "1500"},
            json.dumps({"error": found}).encode(),
        )

        assert type(error) is kind
        assert error.status == status
        assert error.param == "input"
        assert error.upstream_request_id == "req_1"
        assert error.retry_after_s == 1.5

    @pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[]", b"null", b'{"error":[]}'])
    def test_never_raises(self, body: bytes) -> None:
        error = outbound.parse_error(502, {}, body)

        assert type(error) is errors.ProviderFaultError
        assert "<" not in error.message


class TestRenderError:
    @pytest.mark.parametrize(
        ("error", "status", "type_", "code"),
        [
            (core.InvalidInputError("x"), 400, "invalid_request_error", "invalid_input"),
            (core.AuthenticationError("x"), 401, "invalid_request_error", "invalid_api_key"),
            (core.ScopeMissingError("x"), 403, "permission_error", "scope_missing"),
            (core.NotFoundError("x"), 400, "invalid_request_error", "model_not_found"),
            (core.ConflictError("x"), 409, "invalid_request_error", "conflict"),
            (core.TooLargeError("x"), 413, "invalid_request_error", "request_too_large"),
            (core.QuotaExceededError("x"), 429, "rate_limit_error", "quota_exceeded"),
            (core.GuardRefusedError("x"), 400, "invalid_request_error", "guard_refused"),
            (core.UnavailableError("x"), 503, "server_error", "unavailable"),
            (core.PortalError("x"), 500, "server_error", "error"),
            (
                errors.UnsupportedContentError("x"),
                400,
                "invalid_request_error",
                "unsupported_content",
            ),
            (errors.ProviderAuthError("x", status=401), 502, "server_error", "server_error"),
            (errors.ProviderConnectionError("x"), 502, "server_error", "server_error"),
            (errors.ProviderProtocolError("x"), 502, "server_error", "server_error"),
            (errors.ProviderFaultError("x"), 500, "server_error", "server_error"),
            (errors.ProviderOverloadedError("x"), 503, "server_error", "server_is_overloaded"),
            (errors.ProviderRateLimitError("x"), 429, "rate_limit_error", "rate_limit_exceeded"),
            (errors.ProviderNotFoundError("x"), 400, "invalid_request_error", "model_not_found"),
            (
                errors.ProviderContentFilterError("x"),
                400,
                "invalid_request_error",
                "content_policy_violation",
            ),
            (
                errors.ProviderRejectedError("x", upstream_code="decimal_below_min_value"),
                400,
                "invalid_request_error",
                "decimal_below_min_value",
            ),
            (errors.ProviderTimeoutError("x"), 504, "server_error", "timeout"),
        ],
    )
    def test_has_status_and_four_keys(
        self, error: PortalError, status: int, type_: str, code: str
    ) -> None:
        rendered = inbound.render_error(error, request_id="req_1")

        found = json.loads(rendered.body)["error"]
        assert rendered.status == status
        assert set(found) == {"message", "type", "param", "code"}
        assert (found["type"], found["code"]) == (type_, code)

    def test_names_the_field_at_fault(self) -> None:
        error = core.InvalidInputError("Wrong.", param="input[0].role")

        found = json.loads(inbound.render_error(error, request_id="r").body)["error"]

        assert (found["message"], found["param"]) == ("Wrong.", "input[0].role")

    @pytest.mark.parametrize(("after", "header"), [(0.2, "1"), (1.0, "1"), (19.5, "20")])
    def test_says_when_to_come_back_in_whole_seconds(self, after: float, header: str) -> None:
        error = core.QuotaExceededError("Later.", retry_after_s=after)

        assert inbound.render_error(error, request_id="r").headers == (("retry-after", header),)

    def test_shows_nothing_of_the_portals_own_account(self) -> None:
        error = errors.ProviderAuthError(
            "Incorrect API key provided: sk-abc.", status=401, upstream_code="invalid_api_key"
        )

        rendered = inbound.render_error(error, request_id="r")

        assert rendered.status == 502
        assert b"sk-abc" not in rendered.body
        assert b"invalid_api_key" not in rendered.body


class TestRenderStreamError:
    def test_is_an_error_event(self) -> None:
        (event,) = events_of(
            inbound.render_stream_error(errors.ProviderFaultError("Broke."), request_id="r")
        )

        assert event.name == "error"
        assert event.data is not None
        assert json.loads(event.data) == {
            "type": "error",
            "sequence_number": 0,
            "code": "server_error",
            "message": "Broke.",
            "param": None,
            "error": {
                "type": "server_error",
                "code": "server_error",
                "message": "Broke.",
                "param": None,
            },
        }
