import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core import errors as core
from apps.providers import errors
from apps.providers.dialects.anthropic_messages.errors import (
    error_in_answer,
    parse_error,
    render_error,
    render_stream_error,
)
from apps.providers.sse import EventParser


def body_of(kind: str, message: str = "Words.") -> bytes:
    return msgspec.json.encode(
        {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}
    )


class TestParseError:
    @pytest.mark.parametrize(
        ("status", "kind", "expected"),
        [
            (400, "invalid_request_error", errors.ProviderRejectedError),
            (401, "authentication_error", errors.ProviderAuthError),
            (402, "billing_error", errors.ProviderAuthError),
            (403, "permission_error", errors.ProviderAuthError),
            (404, "not_found_error", errors.ProviderNotFoundError),
            (408, "api_error", errors.ProviderTimeoutError),
            (409, "conflict_error", errors.ProviderRejectedError),
            (413, "request_too_large", errors.ProviderTooLargeError),
            (422, "new_error", errors.ProviderRejectedError),
            (429, "rate_limit_error", errors.ProviderRateLimitError),
            (500, "api_error", errors.ProviderFaultError),
            (500, "overloaded_error", errors.ProviderOverloadedError),
            (502, "new_error", errors.ProviderFaultError),
            (503, "api_error", errors.ProviderOverloadedError),
            (504, "timeout_error", errors.ProviderTimeoutError),
            (529, "overloaded_error", errors.ProviderOverloadedError),
        ],
    )
    def test_gives_the_class_of_the_condition(
        self, status: int, kind: str, expected: type[errors.ProviderError]
    ) -> None:
        error = parse_error(status, {}, body_of(kind))

        assert type(error) is expected
        assert (error.status, error.upstream_code) == (status, kind)
        assert (error.message == "Words.") == (expected is not errors.ProviderAuthError)
        assert error.upstream_request_id == "req_1"

    @pytest.mark.parametrize(
        ("message", "expected"),
        [
            ("Your credit balance is too low to access the API.", errors.ProviderAuthError),
            ("This organization has been disabled.", errors.ProviderAuthError),
            (
                "Output blocked by content filtering policy",
                errors.ProviderContentFilterError,
            ),
        ],
    )
    def test_knows_conditions_that_look_like_invalid_requests(
        self, message: str, expected: type[errors.ProviderError]
    ) -> None:
        assert type(parse_error(400, {}, body_of("invalid_request_error", message))) is expected

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"retry-after": "12"}, 12.0),
            ({"retry-after-ms": "250", "retry-after": "12"}, 0.25),
            ({"retry-after": "Mon, 23 Nov 2026 10:00:00 GMT"}, None),
            ({"retry-after": "-1"}, None),
            ({"retry-after": "inf"}, None),
            ({}, None),
        ],
    )
    def test_reads_how_long_to_wait(self, headers: dict[str, str], seconds: float | None) -> None:
        assert parse_error(429, headers, body_of("rate_limit_error")).retry_after_s == seconds

    def test_prefers_the_request_id_of_the_headers(self) -> None:
        error = parse_error(500, {"request-id": "req_2"}, body_of("api_error"))

        assert error.upstream_request_id == "req_2"

    def test_shows_no_page(self) -> None:
        error = parse_error(502, {}, b"<html><h1>Bad Gateway</h1>")

        assert type(error) is errors.ProviderFaultError
        assert error.message == "The provider answered 502 with a page that is not JSON."

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            (b'{"error": "busy"}', "busy"),
            (b'{"message": "Too many"}', "Too many"),
            (b'{"detail": "Not here"}', "Not here"),
            (b'{"error": 5}', "The provider answered 400 with no message."),
            (b"[]", "The provider answered 400 with no message."),
        ],
    )
    def test_reads_shapes_of_proxies(self, body: bytes, message: str) -> None:
        assert parse_error(400, {}, body).message == message

    def test_bounds_the_message(self) -> None:
        assert len(parse_error(400, {}, body_of("x", "y" * 9000)).message) == 2000

    @given(status=st.integers(100, 999), body=st.binary(max_size=60))
    def test_never_raises(self, status: int, body: bytes) -> None:
        assert parse_error(status, {}, body).message


class TestErrorInAnswer:
    def test_goes_by_the_type(self) -> None:
        error = error_in_answer(body_of("overloaded_error"))

        assert type(error) is errors.ProviderOverloadedError

    def test_takes_an_unknown_type_for_a_fault(self) -> None:
        assert type(error_in_answer(body_of("new_error"))) is errors.ProviderFaultError


class TestRenderError:
    @pytest.mark.parametrize(
        ("error", "status", "kind"),
        [
            (core.InvalidInputError("x"), 400, "invalid_request_error"),
            (core.AuthenticationError("x"), 401, "authentication_error"),
            (core.ScopeMissingError("x"), 403, "permission_error"),
            (core.NotFoundError("x"), 404, "not_found_error"),
            (core.ConflictError("x"), 409, "conflict_error"),
            (core.TooLargeError("x"), 413, "request_too_large"),
            (core.QuotaExceededError("x"), 429, "rate_limit_error"),
            (core.GuardRefusedError("x"), 400, "invalid_request_error"),
            (core.UnavailableError("x"), 529, "overloaded_error"),
            (core.PortalError("x"), 500, "api_error"),
            (errors.ProviderAuthError("x", status=401), 502, "api_error"),
            (errors.ProviderRateLimitError("x"), 429, "rate_limit_error"),
            (errors.ProviderOverloadedError("x", status=503), 529, "overloaded_error"),
            (errors.ProviderFaultError("x"), 500, "api_error"),
            (errors.ProviderTimeoutError("x"), 504, "timeout_error"),
            (errors.ProviderConnectionError("x"), 502, "api_error"),
            (errors.ProviderContentFilterError("x"), 400, "invalid_request_error"),
            (errors.ProviderNotFoundError("x"), 404, "not_found_error"),
        ],
    )
    def test_translates_type_and_status(
        self, error: core.PortalError, status: int, kind: str
    ) -> None:
        shown = render_error(error, request_id="req_9")

        assert shown.status == status
        assert msgspec.json.decode(shown.body) == {
            "type": "error",
            "error": {"type": kind, "message": "x"},
            "request_id": "req_9",
        }

    @pytest.mark.parametrize(("seconds", "shown"), [(0.2, "1"), (12.4, "13"), (0, "1")])
    def test_says_how_long_to_wait_in_whole_seconds(self, seconds: float, shown: str) -> None:
        error = core.QuotaExceededError("x", retry_after_s=seconds)

        assert render_error(error, request_id="r").headers == (("retry-after", shown),)

    def test_names_the_field_once(self) -> None:
        bare = render_error(core.InvalidInputError("is wrong", param="a.b"), request_id="r")
        told = render_error(core.InvalidInputError("`a.b`: no", param="a.b"), request_id="r")

        assert msgspec.json.decode(bare.body)["error"]["message"] == "a.b: is wrong"
        assert msgspec.json.decode(told.body)["error"]["message"] == "`a.b`: no"


class TestRenderStreamError:
    def test_is_an_event_of_its_own(self) -> None:
        raw = render_stream_error(errors.ProviderOverloadedError("Busy."), request_id="req_9")

        (event,) = EventParser().feed(raw)
        assert event.name == "error"
        assert msgspec.json.decode(event.data or b"") == {
            "type": "error",
            "error": {"type": "overloaded_error", "message": "Busy."},
            "request_id": "req_9",
        }


class TestQuarrelsWithTheAccount:
    def test_are_not_told_in_the_words_of_the_provider(self) -> None:
        said = {"type": "authentication_error", "message": "Your key sk-ant-123 of org-9 is gone."}
        body = msgspec.json.encode({"type": "error", "error": said})

        error = parse_error(401, {}, body)

        assert error.message == "The provider refused the portal's own account (401)."
