"""Where a caller's key is found."""

import pytest

from apps.access.credentials_in import presented_key
from apps.access.errors import ConflictingKeysError, MalformedKeyError


class TestPresentedKey:
    @pytest.mark.parametrize(
        "headers",
        [
            {"authorization": "Bearer k"},
            {"authorization": "bearer   k "},
            {"x-api-key": "k"},
            {"x-goog-api-key": " k "},
            {"api-key": "k"},
            {"api-key": "k", "authorization": "Bearer k"},
            {"x-api-key": "k", "authorization": ""},
        ],
    )
    def test_reads_every_form(self, headers: dict[str, str]) -> None:
        assert presented_key(headers) == "k"

    @pytest.mark.parametrize("headers", [{}, {"x-api-key": " "}, {"cookie": "k", "key": "k"}])
    def test_finds_none(self, headers: dict[str, str]) -> None:
        assert presented_key(headers) is None

    def test_refuses_keys_that_differ(self) -> None:
        with pytest.raises(ConflictingKeysError, match="differ"):
            presented_key({"api-key": "a", "authorization": "Bearer b"})

    @pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer  ", "k"])
    def test_refuses_other_schemes_and_nothing(self, header: str) -> None:
        with pytest.raises(MalformedKeyError, match="Authorization"):
            presented_key({"authorization": header})

    def test_refuses_what_is_far_too_long(self) -> None:
        with pytest.raises(MalformedKeyError, match="longer"):
            presented_key({"x-api-key": "k" * 5_000})
