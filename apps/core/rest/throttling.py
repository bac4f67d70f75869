"""Rate limits of the API."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.core import rates


class CallerThrottle(BaseThrottle):
    """Counts by person where somebody has signed in, by address where not; `view.throttle_scope` has another rate."""

    reset_in: int | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        user_id = getattr(request.user, "pk", None) if request.user else None
        scope = getattr(view, "throttle_scope", None) or ("user" if user_id else "anonymous")
        caller = str(user_id or request.META.get("REMOTE_ADDR", ""))
        window = rates.hit(settings.API_RATES[scope], scope, caller)
        self.reset_in = window.reset_in
        request._request.rate_limit = {  # type: ignore[attr-defined]
            "RateLimit-Policy": f'"{scope}";q={window.limit};w={window.seconds}',
            "RateLimit": f'"{scope}";r={window.remaining};t={window.reset_in}',
        }
        return window.allowed

    def wait(self) -> float | None:
        """Seconds until there is room again."""
        return self.reset_in
