"""Masking of secrets."""

import pytest

from apps.core.redaction import MASK, is_secret_name, redact, redact_event, redact_text


class TestIsSecretName:
    @pytest.mark.parametrize(
        "name",
        [
            *("Authorization", "x-api-key", "api-key", "x-goog-api-key", "Set-Cookie", "password"),
            *("client_secret", "access_token", "refresh-token", "PORTAL_SECRET_KEY", "api_key"),
            *("apikey", "proxy-authorization", "token", "csrfmiddlewaretoken"),
        ],
    )
    def test_knows_names_of_secrets(self, name: str) -> None:
        assert is_secret_name(name)

    @pytest.mark.parametrize(
        "name", ["max_tokens", "input_tokens", "content-type", "monkey", "keyboard", "model"]
    )
    def test_leaves_other_names_alone(self, name: str) -> None:
        assert not is_secret_name(name)


class TestRedactText:
    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("key ptl_0123456789abcdef_SecretSecret1", "key ptl_0123456789abcdef_***"),
            ("Authorization: Bearer abcdef123456", "Authorization: Bearer ***"),
            ("used sk-proj-abcdefghijklmnopqrstuvwx", "used ***"),
            ("AIzaSyA1234567890abcdefghijklmnopqrstuv", "***"),
            ("postgresql://portal:hunter2@db/portal", "postgresql://portal:***@db/portal"),
            ("GET /v1?key=abc&x=1", "GET /v1?key=***&x=1"),
        ],
    )
    def test_masks_what_looks_like_a_key(self, text: str, kept: str) -> None:
        assert redact_text(text) == kept

    def test_leaves_other_text_alone(self) -> None:
        text = "The task desk-lamp asked https://example.org/a?page=2 at 10:30"

        assert redact_text(text) == text


class TestRedact:
    def test_goes_into_nested_data(self) -> None:
        data = {
            "headers": [{"x-api-key": "abc"}, ["Bearer abcdefgh1234"]],
            "n": 1,
            "b": b"Bearer 12345678",
        }

        assert redact(data) == {
            "headers": [{"x-api-key": MASK}, [f"Bearer {MASK}"]],
            "n": 1,
            "b": f"Bearer {MASK}",
        }

    def test_keeps_counts_and_flags(self) -> None:
        assert redact({"token": 5, "key": True, "secret": None, "password": ""}) == {
            "token": 5,
            "key": True,
            "secret": None,
            "password": "",
        }

    def test_stops_at_a_bounded_depth(self) -> None:
        deep: object = "x"
        for _ in range(5_000):
            deep = [deep]

        assert MASK in str(redact(deep))


class TestRedactEvent:
    def test_masks_fields_and_the_message(self) -> None:
        event = redact_event(None, "info", {"event": "sent Bearer abcdefgh1234", "api_key": "x"})

        assert event == {"event": "sent Bearer ***", "api_key": MASK}
