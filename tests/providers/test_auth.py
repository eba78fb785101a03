from typing import Any

import pytest

from apps.core.errors import InvalidInputError
from apps.providers import auth
from apps.providers.dialects import DIALECTS


class TestAuthHeaders:
    @pytest.mark.parametrize(
        ("scheme", "headers"),
        [
            ("bearer", (("authorization", "Bearer s3cret"),)),
            ("x-api-key", (("x-api-key", "s3cret"),)),
            ("x-goog-api-key", (("x-goog-api-key", "s3cret"),)),
            ("api-key", (("api-key", "s3cret"),)),
            ("header:X-Own-Auth", (("x-own-auth", "s3cret"),)),
        ],
    )
    def test_puts_the_secret_where_the_scheme_says(
        self, scheme: str, headers: tuple[tuple[str, str], ...]
    ) -> None:
        assert auth.auth_headers(scheme, "s3cret") == headers

    @pytest.mark.parametrize("scheme", ["", "basic", "header:", "header:a b", "header:Host"])
    def test_refuses_a_scheme_that_it_does_not_know(self, scheme: str) -> None:
        with pytest.raises(InvalidInputError) as caught:
            auth.auth_headers(scheme, "s3cret")

        assert caught.value.param == "auth"

    @pytest.mark.parametrize("secret", ["", " ", "a b", "geheim\r\nx: y", "geheim\n", "gehéim"])
    def test_refuses_a_secret_that_no_header_carries_and_does_not_show_it(
        self, secret: str
    ) -> None:
        with pytest.raises(InvalidInputError) as caught:
            auth.auth_headers("bearer", secret)

        assert "geh" not in str(caught.value)

    def test_knows_the_scheme_of_every_dialect(self) -> None:
        assert {dialect.auth for dialect in DIALECTS.values()} <= set(auth.SCHEMES)


class TestExtraHeaders:
    def test_gives_them_in_order_and_lowercase(self) -> None:
        given = {"OpenAI-Organization": "org", "x-b": "", "Anthropic-Beta": "a,b"}

        headers = auth.extra_headers(given)

        assert headers == (("openai-organization", "org"), ("x-b", ""), ("anthropic-beta", "a,b"))

    @pytest.mark.parametrize(
        "name",
        ["Host", "Connection", "Content-Length", "Transfer-Encoding", "TE", "Upgrade",
         "Authorization", "authorization", "X-Api-Key", "api-key", "x-goog-api-key", "Cookie",
         "Proxy-Authorization", "", "a b", "a:b", "x\r\ny", "é"],
    )  # fmt: skip
    def test_refuses_names_that_others_own_or_that_are_none(self, name: str) -> None:
        with pytest.raises(InvalidInputError, match="header"):
            auth.extra_headers({name: "value"})

    @pytest.mark.parametrize("value", ["a\r\nb", "a\nb", " a", "a ", "\0", 1, None, ["a"]])
    def test_refuses_values_that_are_no_line_of_text(self, value: Any) -> None:
        with pytest.raises(InvalidInputError, match="one line") as caught:
            auth.extra_headers({"x-a": value})

        assert caught.value.param == "extra_headers.x-a"

    def test_refuses_the_same_name_twice(self) -> None:
        with pytest.raises(InvalidInputError, match="twice"):
            auth.extra_headers({"x-a": "1", "X-A": "2"})

    @pytest.mark.parametrize("given", [None, ["x-a"], "x-a: 1"])
    def test_refuses_what_is_no_object(self, given: Any) -> None:
        with pytest.raises(InvalidInputError, match="object"):
            auth.extra_headers(given)
