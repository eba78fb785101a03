"""Where the portal may connect to: the rules for upstream URLs and for the addresses behind them.

`private` is everywhere the set of `host:port` entries that an operator allows although they are
private or speak plain http (an IPv6 host in brackets). The rules are used twice, when a URL is
saved and when a connection is made, because a name may come to mean another address later.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from apps.core.errors import InvalidInputError

Address = IPv4Address | IPv6Address

DEFAULT_PORTS = {"https": 443, "http": 80}
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
# Forms of IPv6 that carry an IPv4 address in their last or middle bits.
# Source: RFC 6052 §2.1 (NAT64), RFC 3056 §2 (6to4).
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a URL: what a secret is entered for. `host` is lowercase."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """`host:port`, as an operator lists it."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def text(self) -> str:
        """`https://api.openai.com:443`, with the port even when it is the usual one."""
        return f"{self.scheme}://{self.authority}"


def check_base_url(url: str, *, private: frozenset[str]) -> Origin:
    """Say whether a provider may live at this URL, and give its origin.

    Names are not resolved here: the transport checks what they mean on every connection.

    Raises:
        InvalidInputError: names what is wrong; its `param` is `base_url`.
    """
    if _UNSAFE.search(url) or not url.isascii():
        raise _wrong("The base URL holds blanks, control or non-ASCII characters.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise _wrong(f"The base URL cannot be read: {error}.") from error
    host = (parts.hostname or "").rstrip(".")
    if "?" in url or "#" in url:
        raise _wrong("The base URL must not hold a query or a fragment.")
    _check_parts(parts, host)
    origin = Origin(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme])
    listed = origin.authority in private
    if parts.scheme == "http" and not listed:
        raise _wrong(
            f"The base URL must be https; for plain http an operator has to put "
            f"{origin.authority} into PORTAL_PRIVATE_UPSTREAMS."
        )
    address = literal(host)
    if address is not None and not is_allowed(address, listed=listed):
        raise _wrong(refusal(origin.authority, address))
    return origin


def _check_parts(parts: SplitResult, host: str) -> None:
    if parts.scheme not in DEFAULT_PORTS:
        raise _wrong("The base URL must begin with https://.")
    if not host:
        raise _wrong("The base URL names no host.")
    if parts.username is not None or parts.password is not None:
        raise _wrong("The base URL must not hold a user name or password.")
    if any(segment in {".", ".."} for segment in parts.path.split("/")):
        raise _wrong("The base URL must not hold the path segments . or ..")
    if literal(host) is None and not is_name(host):
        raise _wrong(f"The base URL's host {host!r} is neither a name nor an IP address.")


def is_name(host: str) -> bool:
    """Whether a host is a DNS name and not an odd spelling of an IPv4 address (`127.1`, `0x7f.1`).

    Source: WHATWG URL Standard §3.5, "ends in a number".
    """
    return (
        len(host) <= 253
        and _NAME.fullmatch(host) is not None
        and not _NUMBER.fullmatch(host.rpartition(".")[2])
    )


def literal(host: str) -> Address | None:
    """The address that a host spells out, None for a name."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return None if isinstance(address, IPv6Address) and address.scope_id else address


@lru_cache(maxsize=1024)
def is_allowed(address: Address, *, listed: bool) -> bool:
    """Whether the portal may connect to an address.

    Public addresses: yes. Private and loopback ones: only when `listed` by the operator.
    Link-local (where clouds keep their metadata service), multicast, unspecified: never.
    """
    address = _embedded(address)
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if address.is_loopback or address.is_private or not address.is_global:
        return listed and (not address.is_reserved or address.is_loopback)
    return not address.is_reserved


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, else the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _SIX_TO_FOUR and address.sixtofour is not None:
        return address.sixtofour
    return address


def refusal(authority: str, address: Address) -> str:
    """The sentence for an address that is not allowed."""
    if is_allowed(address, listed=True):
        return (
            f"{authority} is at the private address {address}; an operator has to put "
            f"{authority} into PORTAL_PRIVATE_UPSTREAMS to allow it."
        )
    return f"{authority} is at {address}, an address that is never allowed."


def _wrong(message: str) -> InvalidInputError:
    return InvalidInputError(message, param="base_url")
