"""Errors both ways."""

from typing import Any

import msgspec
import pytest

from apps.core import errors as core
from apps.providers import errors
from apps.providers.dialects.gemini_generate import inbound, outbound

INFO = "type.googleapis.com/google.rpc.ErrorInfo"
RETRY = "type.googleapis.com/google.rpc.RetryInfo"
BAD = "type.googleapis.com/google.rpc.BadRequest"


def body(message: str = "No.", status: str = "", *details: dict[str, Any]) -> bytes:
    return msgspec.json.encode(
        {"error": {"code": 400, "message": message, "status": status, "details": list(details)}}
    )


class TestParseError:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, errors.ProviderRejectedError),
            (401, errors.ProviderAuthError),
            (402, errors.ProviderAuthError),
            (403, errors.ProviderAuthError),
            (404, errors.ProviderNotFoundError),
            (408, errors.ProviderTimeoutError),
            (409, errors.ProviderRejectedError),
            (413, errors.ProviderTooLargeError),
            (422, errors.ProviderRejectedError),
            (429, errors.ProviderRateLimitError),
            (499, errors.ProviderRejectedError),
            (500, errors.ProviderFaultError),
            (502, errors.ProviderFaultError),
            (503, errors.ProviderOverloadedError),
            (504, errors.ProviderTimeoutError),
            (529, errors.ProviderOverloadedError),
        ],
    )
    def test_goes_by_status(self, status: int, kind: type[errors.ProviderError]) -> None:
        for text in (body(), b"<html>", b"", b"[1]", b"\xff", b'{"error": 1}'):
            error = outbound.parse_error(status, {}, text)
            assert type(error) is kind
            assert (error.status, error.body) == (status, text)
            assert "<" not in error.message

    def test_a_bad_key_is_ours_whatever_the_status(self) -> None:
        detail = {"@type": INFO, "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
        error = outbound.parse_error(400, {}, body("Bad key.", "INVALID_ARGUMENT", detail))

        assert type(error) is errors.ProviderAuthError
        assert error.upstream_code == "API_KEY_INVALID"

    def test_so_is_a_missing_payment(self) -> None:
        text = body("Please enable billing on project x.", "FAILED_PRECONDITION")

        assert type(outbound.parse_error(400, {}, text)) is errors.ProviderAuthError

    def test_reads_details(self) -> None:
        error = outbound.parse_error(
            429,
            {"x-request-id": "up-1"},
            body(
                "Slow.",
                "RESOURCE_EXHAUSTED",
                {"@type": RETRY, "retryDelay": "34.4s"},
                {"@type": BAD, "fieldViolations": [{"field": "contents[0]"}]},
            ),
        )

        assert (error.message, error.retry_after_s) == ("Slow.", 34.4)
        assert (error.upstream_code, error.upstream_request_id) == ("RESOURCE_EXHAUSTED", "up-1")
        assert error.param == "contents[0]"

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"retry-after": "7"}, 7.0),
            ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
            ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
            ({"retry-after": "inf"}, None),
        ],
    )
    def test_reads_when_to_come_back(self, headers: dict[str, str], seconds: float | None) -> None:
        assert outbound.parse_error(503, headers, b"").retry_after_s == seconds

    def test_reads_an_array_of_one(self) -> None:
        text = b"[" + body("Slow.", "UNAVAILABLE") + b"]"

        assert outbound.parse_error(503, {}, text).message == "Slow."

    def test_bounds_the_message(self) -> None:
        assert len(outbound.parse_error(400, {}, body("x" * 9000)).message) == 2000

    def test_says_what_the_page_was(self) -> None:
        message = outbound.parse_error(502, {}, b"<html>bad</html>").message

        assert message == "The provider answered 502 with a page that is not JSON."

    def test_content_filters_have_their_own_class(self) -> None:
        text = body("No.", "INVALID_ARGUMENT", {"@type": INFO, "reason": "PROHIBITED_CONTENT"})

        assert type(outbound.parse_error(400, {}, text)) is errors.ProviderContentFilterError


class TestRenderError:
    @pytest.mark.parametrize(
        ("error", "status", "name"),
        [
            (core.InvalidInputError("x"), 400, "INVALID_ARGUMENT"),
            (core.AuthenticationError("x"), 401, "UNAUTHENTICATED"),
            (core.PermissionDeniedError("x"), 403, "PERMISSION_DENIED"),
            (core.NotFoundError("x"), 404, "NOT_FOUND"),
            (core.ConflictError("x"), 409, "ABORTED"),
            (core.TooLargeError("x"), 413, "INVALID_ARGUMENT"),
            (core.QuotaExceededError("x"), 429, "RESOURCE_EXHAUSTED"),
            (core.GuardRefusedError("x"), 400, "INVALID_ARGUMENT"),
            (core.UnavailableError("x"), 503, "UNAVAILABLE"),
            (core.PortalError("x"), 500, "INTERNAL"),
            (errors.ProviderAuthError("x"), 502, "UNAVAILABLE"),
            (errors.ProviderConnectionError("x"), 502, "UNAVAILABLE"),
            (errors.ProviderFaultError("x"), 500, "INTERNAL"),
            (errors.ProviderOverloadedError("x"), 503, "UNAVAILABLE"),
            (errors.ProviderTimeoutError("x"), 504, "DEADLINE_EXCEEDED"),
            (errors.ProviderNotFoundError("x"), 404, "NOT_FOUND"),
            (errors.ProviderContentFilterError("x"), 400, "INVALID_ARGUMENT"),
        ],
    )
    def test_follows_the_kind(self, error: core.PortalError, status: int, name: str) -> None:
        shown = inbound.render_error(error, request_id="req_1")

        told = msgspec.json.decode(shown.body)["error"]
        assert shown.status == told["code"] == status
        assert (told["status"], told["message"]) == (name, "x")
        assert {"@type", "requestId"} <= set(told["details"][-1])

    def test_names_the_field(self) -> None:
        error = core.InvalidInputError("Wrong.", param="contents[0]")

        details = msgspec.json.decode(inbound.render_error(error, request_id="").body)["error"][
            "details"
        ]
        assert details == [
            {"@type": INFO, "reason": "INVALID_INPUT", "domain": "portal"},
            {
                "@type": BAD,
                "fieldViolations": [{"field": "contents[0]", "description": "Wrong."}],
            },
        ]

    def test_says_when_to_come_back(self) -> None:
        shown = inbound.render_error(core.QuotaExceededError("x", retry_after_s=0.2), request_id="")

        assert shown.headers == (("retry-after", "1"),)
        details = msgspec.json.decode(shown.body)["error"]["details"]
        assert details[1] == {"@type": RETRY, "retryDelay": "1s"}

    def test_a_bad_key_of_the_caller_is_named_as_google_does(self) -> None:
        shown = inbound.render_error(core.AuthenticationError("x"), request_id="")

        (detail,) = msgspec.json.decode(shown.body)["error"]["details"]
        assert detail == {"@type": INFO, "reason": "API_KEY_INVALID", "domain": "googleapis.com"}

    def test_comes_back_as_the_same_class(self) -> None:
        for kind in (
            errors.ProviderRateLimitError,
            errors.ProviderOverloadedError,
            errors.ProviderTimeoutError,
            errors.ProviderNotFoundError,
            errors.ProviderRejectedError,
            errors.ProviderFaultError,
        ):
            error = kind("Slow.", upstream_code="rate.limit", retry_after_s=3)
            shown = inbound.render_error(error, request_id="req_1")
            back = outbound.parse_error(shown.status, dict(shown.headers), shown.body)
            assert type(back) is kind
            assert (back.message, back.retry_after_s) == ("Slow.", 3)
            assert back.upstream_code == "RATE_LIMIT"


class TestRenderStreamError:
    def test_is_one_event(self) -> None:
        event = inbound.render_stream_error(core.UnavailableError("x"), request_id="req_1")

        assert event.startswith(b'data: {"error":{"code":503')
        assert event.endswith(b"\r\n\r\n")
        assert event.count(b"\n") == 2


class TestQuarrelsWithTheAccount:
    def test_are_not_told_in_the_words_of_the_provider(self) -> None:
        said = {"code": 403, "message": "Project 1234 has no API enabled.", "status": "X"}
        body = msgspec.json.encode({"error": said})

        error = outbound.parse_error(403, {}, body)

        assert error.message == "The provider refused the portal's own account (403)."
