"""The first middleware: every request gets its ids, every response carries them, every request makes one log line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from apps.core import clock
from apps.core.correlation.context import Correlation, correlated, current, new_correlation

log = structlog.get_logger("podium.request")

QUIET_PATHS = ("/health/", "/healthz", "/metrics", "/static/")


class CorrelationMiddleware:
    """Takes `X-Request-ID`, `X-Correlation-ID` and `traceparent` when well formed, makes them when not."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], object]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> object:
        if self.is_async:
            return self._acall(request)
        started = clock.monotonic()
        with correlated(_from_headers(request)) as correlation:
            response: HttpResponseBase = self.get_response(request)  # type: ignore[assignment]
            return _finish(request, response, correlation, started)

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        started = clock.monotonic()
        with correlated(_from_headers(request)) as correlation:
            answer: Awaitable[HttpResponseBase] = self.get_response(request)  # type: ignore[assignment]
            return _finish(request, await answer, correlation, started)


def _from_headers(request: HttpRequest) -> Correlation:
    correlation = new_correlation(
        request_id=request.headers.get("X-Request-ID"),
        correlation_id=request.headers.get("X-Correlation-ID"),
        traceparent=request.headers.get("traceparent"),
    )
    request.correlation = correlation  # type: ignore[attr-defined]
    return correlation


def _finish(
    request: HttpRequest, response: HttpResponseBase, correlation: Correlation, started: float
) -> HttpResponseBase:
    response["X-Request-ID"] = correlation.request_id
    response["X-Correlation-ID"] = correlation.correlation_id
    if not request.path.startswith(QUIET_PATHS):
        match = request.resolver_match
        actor = (current() or correlation).actor_id
        log.info(
            "request",
            method=request.method,
            route=match.view_name if match else None,
            status=response.status_code,
            duration_ms=round((clock.monotonic() - started) * 1000, 2),
            user_id=str(actor) if actor else None,
        )
    return response
