from ipaddress import ip_address

import pytest

from apps.core.errors import InvalidInputError
from apps.providers import addresses

LISTED = frozenset({"127.0.0.1:9001", "ollama.lan:11434", "[::1]:9001", "169.254.169.254:80"})


class TestCheckBaseUrl:
    @pytest.mark.parametrize(
        ("url", "origin"),
        [
            ("https://api.openai.com/v1", "https://api.openai.com:443"),
            ("https://API.OpenAI.com:8443", "https://api.openai.com:8443"),
            ("https://api.openai.com.", "https://api.openai.com:443"),
            ("https://8.8.8.8/x", "https://8.8.8.8:443"),
            ("https://[2606:4700::1111]", "https://[2606:4700::1111]:443"),
            ("http://127.0.0.1:9001/v1", "http://127.0.0.1:9001"),
            ("http://ollama.lan:11434", "http://ollama.lan:11434"),
            ("http://[::1]:9001", "http://[::1]:9001"),
        ],
    )
    def test_gives_the_origin(self, url: str, origin: str) -> None:
        assert addresses.check_base_url(url, private=LISTED).text == origin

    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("", "begin with https"),
            ("ftp://example.com", "begin with https"),
            ("api.openai.com/v1", "begin with https"),
            ("https://", "names no host"),
            ("http://example.com", "put example.com:80 into PORTAL_PRIVATE_UPSTREAMS"),
            ("http://127.0.0.1:9002", "PORTAL_PRIVATE_UPSTREAMS"),
            ("https://127.0.0.1", "private address"),
            ("https://10.1.2.3", "private address"),
            ("https://100.64.0.1", "private address"),
            ("https://[::1]", "private address"),
            ("https://[fd00::1]", "private address"),
            ("https://[::ffff:10.0.0.1]", "private address"),
            ("https://[64:ff9b::a00:1]", "private address"),
            ("https://[2002:a00:1::]", "private address"),
            ("https://169.254.169.254", "never allowed"),
            ("http://169.254.169.254", "never allowed"),
            ("https://[fe80::1]", "never allowed"),
            ("https://[fe80::1%25eth0]", "neither a name nor an IP address"),
            ("https://0.0.0.0", "never allowed"),
            ("https://224.0.0.1", "never allowed"),
            ("https://255.255.255.255", "never allowed"),
            ("https://127.1", "neither a name"),
            ("https://2130706433", "neither a name"),
            ("https://0x7f.0.0.1", "neither a name"),
            ("https://0177.0.0.1", "neither a name"),
            ("https://example.0x1", "neither a name"),
            ("https://-x.com", "neither a name"),
            ("https://user@example.com", "user name"),
            ("https://:pw@example.com", "user name"),
            ("https://example.com?x=1", "query"),
            ("https://example.com/?", "query"),
            ("https://example.com/#", "fragment"),
            ("https://example.com/a/../b", "segments"),
            ("https://example.com:99999", "cannot be read"),
            ("https://example.com:0x50", "cannot be read"),
            ("https://exa mple.com", "blanks"),
            ("https://example.com\\@evil.com", "blanks"),
            ("https://example.com/\r\nx", "blanks"),
            ("https://exämple.com", "non-ASCII"),
            ("https://[::1", "cannot be read"),
        ],
    )
    def test_says_what_is_wrong(self, url: str, reason: str) -> None:
        with pytest.raises(InvalidInputError, match=reason) as caught:
            addresses.check_base_url(url, private=LISTED)

        assert caught.value.param == "base_url"


class TestIsAllowed:
    @pytest.mark.parametrize("text", ["1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"])
    def test_public_addresses_are(self, text: str) -> None:
        assert addresses.is_allowed(ip_address(text), listed=False)

    @pytest.mark.parametrize("text", ["127.0.0.1", "::1", "192.168.1.1", "fd00::1", "100.64.0.1"])
    def test_private_addresses_are_when_listed(self, text: str) -> None:
        address = ip_address(text)

        assert addresses.is_allowed(address, listed=True)
        assert not addresses.is_allowed(address, listed=False)

    @pytest.mark.parametrize(
        "text",
        ["169.254.169.254", "fe80::1", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "0.0.0.0",
         "::", "ff02::1", "239.1.1.1", "240.0.0.1"],
    )  # fmt: skip
    def test_some_never_are(self, text: str) -> None:
        assert not addresses.is_allowed(ip_address(text), listed=True)
