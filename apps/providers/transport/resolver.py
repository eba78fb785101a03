"""Look names up, and give only addresses that the portal may connect to."""

import socket

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override

from apps.providers import addresses


class CheckedResolver(AbstractResolver):
    """Looks names up and gives only addresses that the portal may connect to."""

    def __init__(self, *, private: frozenset[str], inner: AbstractResolver | None = None) -> None:
        self._private = private
        self._inner = inner or aiohttp.ThreadedResolver()

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        authority = addresses.Origin("", host.lower().rstrip("."), port).authority
        listed = authority in self._private
        allowed: list[ResolveResult] = []
        refused = ""
        for result in found:
            address = addresses.literal(result["host"])
            if address is not None and addresses.is_allowed(address, listed=listed):
                allowed.append(result)
            elif address is not None:
                refused = addresses.refusal(authority, address)
        if not allowed:
            raise ForbiddenAddressError(refused or f"{host} has no usable address.")
        return allowed

    @override
    async def close(self) -> None:
        await self._inner.close()


class ForbiddenAddressError(OSError):
    """A name means no address that is allowed; travels through aiohttp as a failed look-up."""
