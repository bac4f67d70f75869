"""Many requests at a time to addresses that users have typed, from one event loop.

    async with PinnedClient() as client:
        answer = await registry().endpoint(id).acall(client.post, url, body=body, headers=headers)

Redirects are not followed, cookies not kept, proxies of the environment not used, bodies not decompressed. The time
limit is the policy's deadline. Only the head of an answer is read.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from apps.resilience.http.errors import BadAnswerError, OutboundFaultError
from apps.resilience.http.guard import check_url
from apps.resilience.http.resolver import GuardedResolver, guarded_socket
from apps.resilience.verdicts import read_retry_after

HEAD = 1024
"""Bytes of an answer that are kept."""
LARGEST_ANSWER = 64 * 1024
"""Bytes of an answer that are read, so that its connection can be used again; a longer one costs the connection."""
CONNECT_WITHIN = 5.0
LONGEST_PAUSE = 86_400.0
SERVER_FAULTS = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said. `head` is the beginning of its body."""

    status: int
    head: bytes


class PinnedClient:
    """A pool of connections for one event loop; enter it before use."""

    def __init__(self, *, resolver: AbstractResolver | None = None, trust: ssl.SSLContext | None = None) -> None:
        self._resolver = GuardedResolver(resolver)
        self._trust = trust
        self._session: aiohttp.ClientSession | None = None
        self._urls: dict[str, URL] = {}

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            limit=0,  # the caller counts what is under way
            resolver=self._resolver,
            use_dns_cache=False,  # the resolver's own remembers checked addresses
            happy_eyeballs_delay=None,
            socket_factory=guarded_socket,
            ssl=self._trust or True,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_WITHIN),
            auto_decompress=False,
            headers={"Accept-Encoding": "identity"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()
            await self._resolver.close()
            self._session = None

    async def post(self, url: str, *, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send one request.

        Raises:
            ForbiddenTarget: the guard refuses.
            BadAnswerError: a 5xx, a 408 or a 429.
            OutboundFaultError: no answer.
        """
        if self._session is None:
            raise RuntimeError("Enter the client before using it.")
        try:
            async with self._session.post(
                self._checked(url), data=aiohttp.BytesPayload(body), headers=headers, allow_redirects=False
            ) as response:
                head = await _head_of(response)
        except aiohttp.ClientError as error:
            raise _explained(error) from error
        except TimeoutError as error:
            raise OutboundFaultError("connect_timeout", f"No connection within {CONNECT_WITHIN:g} s.") from error
        except ConnectionError as error:
            raise OutboundFaultError("connection_lost", "The connection broke off.") from error
        status = response.status
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in SERVER_FAULTS:
            raise BadAnswerError(status, head, _asked_pause(response.headers.get("Retry-After")))
        return Answer(status, head)

    def _checked(self, url: str) -> URL:
        known = self._urls.get(url)
        if known is None:
            known = self._urls[url] = check_url(url)
        return known


def _asked_pause(retry_after: str | None) -> float | None:
    """Seconds, at most a day: what was asked for by mistake must not end in a month's silence."""
    pause = read_retry_after(retry_after) if retry_after else None
    return None if pause is None else min(pause, LONGEST_PAUSE)


async def _head_of(response: aiohttp.ClientResponse) -> bytes:
    """The first bytes of the body, the rest read away as far as that is worth it."""
    head, read = b"", 0
    while not response.content.at_eof():
        chunk = await response.content.readany()
        head = (head + chunk)[:HEAD]
        read += len(chunk)
        if read > LARGEST_ANSWER:
            response.close()
            break
    return head


def _explained(error: aiohttp.ClientError) -> OutboundFaultError:
    """In our own words: a client's message shows the address that a name resolved to."""
    match error:
        case aiohttp.ServerTimeoutError():
            return OutboundFaultError("connect_timeout", f"No connection within {CONNECT_WITHIN:g} s.")
        case aiohttp.ClientConnectorDNSError():
            return OutboundFaultError("name_not_found", "The host's name has no address.")
        case aiohttp.ClientSSLError():
            return OutboundFaultError("tls_failed", "The host's certificate or TLS is not valid.")
        case aiohttp.ClientConnectorError():
            return OutboundFaultError("not_connected", "The host did not accept a connection.")
        case aiohttp.ClientResponseError():
            return OutboundFaultError("not_http", "The answer is not HTTP.")
        case _:
            return OutboundFaultError("connection_lost", "The connection broke off before an answer came.")
