"""Each request has a deadline, which every policy that it meets keeps to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from apps.resilience.timeout import enter_deadline, leave_deadline


class DeadlineMiddleware:
    """Lets no retry outlast `RESILIENCE["REQUEST_DEADLINE"]`.

    A response that streams is read after the middleware, in its own time.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], object]) -> None:
        self.get_response = get_response
        self.seconds = float(settings.RESILIENCE["REQUEST_DEADLINE"])  # type: ignore[arg-type]
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> object:
        if self.is_async:
            return self._acall(request)
        token = enter_deadline(self.seconds)
        try:
            return self.get_response(request)
        finally:
            leave_deadline(token)

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        token = enter_deadline(self.seconds)
        try:
            answer: Awaitable[HttpResponseBase] = self.get_response(request)  # type: ignore[assignment]
            return await answer
        finally:
            leave_deadline(token)
