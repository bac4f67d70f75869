"""A real HTTP server that receives webhooks in a thread of its own, and remembers each request."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Answering = Callable[["Arrival"], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Arrival:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes
    request: web.Request = field(repr=False, compare=False)

    @property
    def message_id(self) -> str:
        """The `webhook-id`."""
        return self.headers["webhook-id"]

    @property
    def json(self) -> dict[str, Any]:
        """The body, read."""
        read: dict[str, Any] = json.loads(self.body)
        return read

    def reset(self) -> None:
        """Cut the connection off."""
        transport = self.request.transport
        if transport is not None:
            transport.abort()  # type: ignore[attr-defined]


async def accept(arrival: Arrival) -> web.StreamResponse:
    """200 at once."""
    del arrival
    return web.Response(text="thanks")


def answer(status: int, headers: dict[str, str] | None = None, text: str = "") -> Answering:
    """Always the same answer."""

    async def respond(arrival: Arrival) -> web.StreamResponse:
        del arrival
        return web.Response(status=status, headers=headers, text=text)

    return respond


class Receiver:
    """`answering` answers every path that has no answer of its own in `at`."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.answering: Answering = accept
        self.at: dict[str, Answering] = {}
        self.url = ""
        self.loop = asyncio.new_event_loop()
        self._released = asyncio.Event()
        self.port = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Remember, then answer."""
        arrival = Arrival(
            request.path, {k.lower(): v for k, v in request.headers.items()}, await request.read(), request
        )
        self.arrivals.append(arrival)
        return await self.at.get(request.path, self.answering)(arrival)

    async def hang(self, arrival: Arrival) -> web.StreamResponse:
        """200, but only once the receiver is released."""
        del arrival
        await self._released.wait()
        return web.Response()

    def release(self) -> None:
        """Let everything go on that hangs."""
        self.loop.call_soon_threadsafe(self._released.set)

    def at_path(self, path: str) -> list[Arrival]:
        """What came to one path."""
        return [arrival for arrival in self.arrivals if arrival.path == path]


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """A receiver on a port of the loopback."""
    receiver = Receiver()
    loop = receiver.loop
    started, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        application = web.Application(client_max_size=2**24)
        application.router.add_route("*", "/{rest:.*}", receiver.handle)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, backlog=2048)
        await site.start()
        receiver.port = runner.addresses[0][1]
        receiver.url = f"http://127.0.0.1:{receiver.port}"
        started.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()], daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield receiver
    finally:
        receiver.release()
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
