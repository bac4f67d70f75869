"""Names to addresses that have passed the guard, and sockets to nothing else."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from apps.resilience.http.errors import ForbiddenTarget
from apps.resilience.http.guard import may_connect

REMEMBERED = 30.0
"""Seconds for which a host's checked addresses are used again."""
MOST_HOSTS = 10_000


class GuardedResolver(AbstractResolver):
    """Resolves each host once for a while, and lets none of its addresses through if one is forbidden."""

    def __init__(
        self, resolver: AbstractResolver | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._resolver = resolver or ThreadedResolver()
        self._clock = clock
        self._known: dict[tuple[str, int, int], tuple[float, asyncio.Task[list[ResolveResult]]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The host's addresses.

        Raises:
            ForbiddenTarget: one of them is not public.
            OSError: it has none.
        """
        key = (host, port, int(family))
        until, looking = self._known.get(key, (0.0, None))
        if looking is None or self._clock() >= until or _failed(looking):
            if len(self._known) >= MOST_HOSTS:
                self._known.clear()
            looking = asyncio.create_task(self._look_up(host, port, family))
            self._known[key] = (self._clock() + REMEMBERED, looking)
        # Shielded: the look-up goes on for the others when one of those who wait for it gives up.
        return await asyncio.shield(looking)

    async def close(self) -> None:
        """End what is still being looked up."""
        waiting = [looking for _, looking in self._known.values() if not looking.done()]
        for looking in waiting:
            looking.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        await self._resolver.close()

    async def _look_up(self, host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family=family)
        if not all(may_connect(address["host"]) for address in found):
            raise ForbiddenTarget("Podium connects to public addresses only.")
        return found


def _failed(looking: asyncio.Task[list[ResolveResult]]) -> bool:
    return looking.done() and (looking.cancelled() or looking.exception() is not None)


def guarded_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket for one connection, of the family of an address of `getaddrinfo`'s form.

    The last look before connecting, at the very address that is connected to: it also sees addresses that never
    were names.

    Raises:
        ForbiddenTarget: the address is not public.
    """
    family, kind, protocol, _, where = address
    if not may_connect(str(where[0])):
        raise ForbiddenTarget("Podium connects to public addresses only.")
    return socket.socket(family=family, type=kind, proto=protocol)
