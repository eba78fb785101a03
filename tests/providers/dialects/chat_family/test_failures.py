import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.providers import errors
from apps.providers.dialects.chat_family.failures import (
    MAX_MESSAGE,
    embedded_error,
    raise_embedded,
    read_error,
)


def read(status: int, plain: Any, headers: dict[str, str] | None = None) -> errors.ProviderError:
    return read_error(status, headers or {}, json.dumps(plain).encode())


def said(code: str | None = None, kind: str | None = None) -> dict[str, Any]:
    return {"error": {"message": "words", "type": kind, "param": None, "code": code}}


class TestReadError:
    @pytest.mark.parametrize(
        ("status", "code", "expected"),
        [
            (400, None, errors.ProviderRejectedError),
            (400, "context_length_exceeded", errors.ProviderRejectedError),
            (400, "content_filter", errors.ProviderContentFilterError),
            (400, "content_policy_violation", errors.ProviderContentFilterError),
            (400, "billing_hard_limit_reached", errors.ProviderAuthError),
            (400, "model_not_found", errors.ProviderNotFoundError),
            (401, "invalid_api_key", errors.ProviderAuthError),
            (402, None, errors.ProviderAuthError),
            (403, None, errors.ProviderAuthError),
            (404, "DeploymentNotFound", errors.ProviderNotFoundError),
            (404, None, errors.ProviderNotFoundError),
            (408, None, errors.ProviderTimeoutError),
            (409, None, errors.ProviderRejectedError),
            (413, None, errors.ProviderTooLargeError),
            (422, None, errors.ProviderRejectedError),
            (429, "rate_limit_exceeded", errors.ProviderRateLimitError),
            (429, "slow_down", errors.ProviderRateLimitError),
            (429, "insufficient_quota", errors.ProviderAuthError),
            (500, "server_error", errors.ProviderFaultError),
            (502, None, errors.ProviderFaultError),
            (503, "server_is_overloaded", errors.ProviderOverloadedError),
            (504, None, errors.ProviderTimeoutError),
            (529, None, errors.ProviderOverloadedError),
        ],
    )
    def test_classifies(
        self, status: int, code: str | None, expected: type[errors.ProviderError]
    ) -> None:
        error = read(status, said(code))

        assert type(error) is expected
        assert error.status == status
        assert error.upstream_code == code

    @pytest.mark.parametrize(
        ("plain", "message", "code", "param"),
        [
            (
                {"error": {"message": "m", "type": "t", "param": "p", "code": None}},
                "m",
                "t",
                "p",
            ),
            (
                {"error": {"code": "BadRequest", "message": "m", "target": "x"}},
                "m",
                "BadRequest",
                "x",
            ),
            ({"error": "m"}, "m", None, None),
            ({"status": 422, "code": "c", "message": "m"}, "m", "c", None),
            ({"statusCode": 400, "message": "m"}, "m", None, None),
            ({"object": "error", "message": "m", "type": "Bad", "code": 400}, "m", "Bad", None),
            (
                {"detail": [{"loc": ["body", "n"], "msg": "m", "type": "int"}]},
                "m",
                None,
                "n",
            ),
            ({"detail": "m"}, "m", None, None),
            (
                {
                    "status": 422,
                    "code": "parameter_not_supported",
                    "detail": {"loc": ["body", "response_format"], "input": "json_object"},
                    "message": "m",
                },
                "m",
                "parameter_not_supported",
                "response_format",
            ),
            (
                [{"error": {"code": 400, "message": "m", "status": "INVALID_ARGUMENT"}}],
                "m",
                "INVALID_ARGUMENT",
                None,
            ),
            (
                {"error": {"code": 400, "message": "m", "metadata": {"raw": "r"}}},
                "m: r",
                None,
                None,
            ),
            ("m", "m", None, None),
        ],
    )
    def test_reads_every_shape(
        self, plain: Any, message: str, code: str | None, param: str | None
    ) -> None:
        error = read(400, plain)

        assert (error.message, error.upstream_code, error.param) == (message, code, param)

    def test_finds_a_bad_key_that_gemini_reports_as_a_bad_request(self) -> None:
        details = [{"reason": "API_KEY_INVALID"}]

        error = read(400, [{"error": {"code": 400, "message": "m", "details": details}}])

        assert type(error) is errors.ProviderAuthError

    def test_finds_the_filter_inside_an_inner_error(self) -> None:
        inner = {"code": "ResponsibleAIPolicyViolation"}

        error = read(400, {"error": {"code": "400", "message": "m", "innererror": inner}})

        assert type(error) is errors.ProviderContentFilterError

    def test_never_repeats_what_a_provider_says_of_the_portals_key(self) -> None:
        error = read(401, {"error": {"message": "Incorrect API key provided: sk-abc"}})

        assert "sk-abc" not in error.message

    def test_shows_no_page(self) -> None:
        error = read_error(502, {}, b"<html><h1>Bad Gateway</h1></html>")

        assert type(error) is errors.ProviderFaultError
        assert error.message == "The provider answered 502 with a page that is not JSON."

    def test_repeats_plain_text(self) -> None:
        assert read_error(404, {}, b"NOT FOUND").message == "NOT FOUND"

    def test_says_so_when_there_is_no_body(self) -> None:
        assert read_error(500, {}, b"").message == "The provider answered 500 without a body."

    def test_bounds_the_message(self) -> None:
        assert len(read(400, {"error": {"message": "x" * 10_000}}).message) == MAX_MESSAGE

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"retry-after": "20"}, 20.0),
            ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
            ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
            ({"retry-after": "-3"}, None),
            ({"retry-after": "nan"}, None),
            ({}, None),
        ],
    )
    def test_reads_when_to_come_back(self, headers: dict[str, str], seconds: float | None) -> None:
        assert read(429, said(), headers).retry_after_s == seconds

    def test_reads_when_to_come_back_from_geminis_details(self) -> None:
        error = read(429, [{"error": {"message": "m", "details": [{"retryDelay": "34.5s"}]}}])

        assert error.retry_after_s == 34.5

    @pytest.mark.parametrize("header", ["x-request-id", "request-id", "apim-request-id"])
    def test_keeps_the_providers_request_id(self, header: str) -> None:
        assert read(500, said(), {header: "r-1"}).upstream_request_id == "r-1"

    @given(st.integers(400, 599), st.binary(max_size=60))
    def test_never_raises_for_bytes(self, status: int, body: bytes) -> None:
        assert isinstance(read_error(status, {}, body), errors.ProviderError)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=2)
                | st.dictionaries(
                    st.sampled_from(
                        [
                            "error",
                            "message",
                            "code",
                            "detail",
                            "details",
                            "loc",
                            "msg",
                            "innererror",
                        ]
                    ),
                    inner,
                    max_size=3,
                )
            ),
        )
    )
    def test_never_raises_for_json(self, plain: Any) -> None:
        assert isinstance(read(400, plain), errors.ProviderError)


class TestEmbeddedError:
    def test_finds_none_in_a_good_answer(self) -> None:
        assert embedded_error({"choices": [], "error": None}, b"") is None

    def test_takes_the_status_from_the_code(self) -> None:
        error = embedded_error({"error": {"code": 429, "message": "slow"}}, b"{}")

        assert isinstance(error, errors.ProviderRateLimitError)

    def test_is_a_fault_without_a_code(self) -> None:
        error = embedded_error({"error": {"message": "oops", "code": 7}}, b"{}")

        assert isinstance(error, errors.ProviderFaultError)


class TestRaiseEmbedded:
    def test_raises_what_it_finds(self) -> None:
        with pytest.raises(errors.ProviderFaultError):
            raise_embedded({"error": "broken"}, b"")

    def test_lets_a_good_answer_pass(self) -> None:
        raise_embedded({"choices": []}, b"")


class TestAKeyThatIsRefusedWithoutACode:
    def test_is_the_portals_own_trouble(self) -> None:
        error = read(400, {"error": "Incorrect API key provided: xa-123. Get one elsewhere."})

        assert type(error) is errors.ProviderAuthError
        assert "xa-123" not in error.message
