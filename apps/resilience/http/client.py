"""HTTP to the services that Podium is configured to use.

    client = HttpClient("jira_api", base_url="https://jira.example", headers={"Authorization": token})
    answer = client.post("/rest/api/3/issue", json=issue)        # httpx.Response
    answer = await client.aget("/rest/api/3/issue/1")

Each request runs within the service's policy. Its time limits are what the deadline leaves, also for a body that
drips in; it carries the correlation ID; redirects are not followed. A 5xx, a 408 and a broken connection are the
service's fault: they are retried if repeating the request is safe, and raise. A 429 raises `RateLimited` and holds
everybody back for its `Retry-After`. Any other status is an answer, returned for the caller to read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from weakref import WeakKeyDictionary

import httpx

from apps.core.correlation.context import current
from apps.resilience.config import Outcome
from apps.resilience.defaults import policy
from apps.resilience.errors import RateLimited
from apps.resilience.forking import renew_after_fork
from apps.resilience.policy import Policy
from apps.resilience.timeout import exceeded, remaining
from apps.resilience.verdicts import verdict

SAFE_TO_REPEAT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
"""RFC 9110, section 9.2.2; anything else only with an `Idempotency-Key`, or if it never left."""
NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
IN_THE_MIDDLE = (httpx.ReadTimeout, httpx.WriteTimeout)
LARGEST_BODY = 10 * 1024 * 1024
CONNECT_WITHIN = 5.0
"""Seconds for a connection: a host that does not even accept is not worth the whole deadline."""


class HttpClient:
    """A pool of connections to one service, under its policy."""

    def __init__(
        self,
        service: str | Policy,
        *,
        base_url: str = "",
        headers: Mapping[str, str] | None = None,
        largest_body: int = LARGEST_BODY,
        transport: httpx.BaseTransport | None = None,
        async_transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._service = service
        self._base_url = base_url
        self._headers = dict(headers or {})
        self._largest_body = largest_body
        self._transport = transport
        self._async_transport = async_transport
        self._client: httpx.Client | None = None
        self._async_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()
        renew_after_fork(self)

    @property
    def policy(self) -> Policy:
        """What stands around each request."""
        return policy(self._service) if isinstance(self._service, str) else self._service

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **content: Any
    ) -> httpx.Response:
        """Send one request.

        Args:
            content: `json`, `data`, `content`, `files`, `params`, as httpx takes them.

        Raises:
            ResilienceError: refused, or the service failed.
        """
        return self._policy_for(method, headers).call(self._send, method, url, headers, content)

    async def arequest(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **content: Any
    ) -> httpx.Response:
        """`request` for coroutines."""
        return await self._policy_for(method, headers).acall(self._asend, method, url, headers, content)

    def get(self, url: str, **content: Any) -> httpx.Response:
        """`GET`."""
        return self.request("GET", url, **content)

    def post(self, url: str, **content: Any) -> httpx.Response:
        """`POST`; repeated only if it never left, or with an `Idempotency-Key`."""
        return self.request("POST", url, **content)

    async def aget(self, url: str, **content: Any) -> httpx.Response:
        """`GET`, awaited."""
        return await self.arequest("GET", url, **content)

    async def apost(self, url: str, **content: Any) -> httpx.Response:
        """`POST`, awaited."""
        return await self.arequest("POST", url, **content)

    def close(self) -> None:
        """Close the connections of this process."""
        if self._client is not None:
            self._client.close()
            self._client = None

    async def aclose(self) -> None:
        """Close the connections of this event loop."""
        client = self._async_clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def forked(self) -> None:
        """A child must not write into its parent's connections."""
        self._client = None
        self._async_clients = WeakKeyDictionary()

    # Inside

    def _policy_for(self, method: str, headers: Mapping[str, str] | None) -> Policy:
        names = {name.lower() for name in headers or ()}
        if method.upper() in SAFE_TO_REPEAT or "idempotency-key" in names:
            return self.policy
        return self.policy.with_options(retry=replace(self.policy.service.retry, retry_on=_never_left))

    def _send(
        self, method: str, url: str, headers: Mapping[str, str] | None, content: Mapping[str, Any]
    ) -> httpx.Response:
        if self._client is None:
            self._client = httpx.Client(base_url=self._base_url, headers=self._headers, transport=self._transport)
        request = self._client.build_request(
            method, url, headers=_with_correlation(headers), timeout=_limits(), **content
        )
        try:
            response = self._client.send(request, stream=True)
            try:
                body = bytearray()
                for chunk in response.iter_bytes():
                    self._grow(body, chunk)
            finally:
                response.close()
        except IN_THE_MIDDLE as error:
            raise exceeded(self.policy.name, self.policy.service.deadline) from error
        return _judged(_complete(response, body, request))

    async def _asend(
        self, method: str, url: str, headers: Mapping[str, str] | None, content: Mapping[str, Any]
    ) -> httpx.Response:
        client = self._async_client()
        request = client.build_request(method, url, headers=_with_correlation(headers), timeout=_limits(), **content)
        try:
            response = await client.send(request, stream=True)
            try:
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    self._grow(body, chunk)
            finally:
                await response.aclose()
        except IN_THE_MIDDLE as error:
            raise exceeded(self.policy.name, self.policy.service.deadline) from error
        return _judged(_complete(response, body, request))

    def _async_client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        client = self._async_clients.get(loop)
        if client is None:
            client = httpx.AsyncClient(
                base_url=self._base_url, headers=self._headers, transport=self._async_transport
            )
            self._async_clients[loop] = client
        return client

    def _grow(self, body: bytearray, chunk: bytes) -> None:
        body += chunk
        if len(body) > self._largest_body:
            raise OversizedAnswerError(f"The answer is larger than {self._largest_body} bytes.")
        if remaining() <= 0:
            raise exceeded(self.policy.name, self.policy.service.deadline)


class OversizedAnswerError(Exception):
    """The service sent more than anybody asked for: its fault."""


def _limits() -> httpx.Timeout:
    left = max(0.001, remaining(default=60.0))
    return httpx.Timeout(left, connect=min(CONNECT_WITHIN, left))


def _with_correlation(headers: Mapping[str, str] | None) -> dict[str, str]:
    correlation = current()
    own = dict(headers or {})
    if correlation is not None:
        own.setdefault("X-Correlation-ID", correlation.correlation_id)
        if correlation.traceparent:
            own.setdefault("traceparent", correlation.traceparent)
    return own


def _complete(response: httpx.Response, body: bytearray, request: httpx.Request) -> httpx.Response:
    """The response with its body read; without `Content-Encoding`, since the body is decoded."""
    headers = [(key, value) for key, value in response.headers.raw if key.lower() != b"content-encoding"]
    return httpx.Response(response.status_code, headers=headers, content=bytes(body), request=request)


def _judged(response: httpx.Response) -> httpx.Response:
    if not response.is_error:
        return response
    error = httpx.HTTPStatusError(
        f"{response.status_code} {response.reason_phrase}", request=response.request, response=response
    )
    if response.status_code == HTTPStatus.TOO_MANY_REQUESTS or verdict(error) is Outcome.FAILURE:
        raise error
    return response


def _never_left(_kind: type[BaseException], error: BaseException) -> bool:
    return isinstance(error, (*NEVER_LEFT, RateLimited))
