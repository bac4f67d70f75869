"""Rate limits shared by every process, by the `limits` package on Valkey. They fail open: a limit is not a gate."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import structlog
from django.conf import settings
from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import SlidingWindowCounterRateLimiter
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.core import clock

log = structlog.get_logger("podium.throttle")


@lru_cache(maxsize=1)
def _limiter(url: str) -> SlidingWindowCounterRateLimiter:
    storage = storage_from_string(url, socket_timeout=0.2, socket_connect_timeout=0.2, wrap_exceptions=True)
    return SlidingWindowCounterRateLimiter(storage)


class CallerThrottle(BaseThrottle):
    """Counts by person where one has signed in, else by address; `view.throttle_scope` names another rate."""

    def allow_request(self, request: Request, view: Any) -> bool:
        user_id = getattr(request.user, "pk", None) if request.user else None
        scope = getattr(view, "throttle_scope", None) or ("user" if user_id else "anonymous")
        caller = str(user_id or request.META.get("REMOTE_ADDR", ""))
        self.item: RateLimitItem = parse(settings.API_RATES[scope])
        try:
            limiter = _limiter(settings.LIMITS_URL)
            allowed = limiter.hit(self.item, scope, caller)
            stats = limiter.get_window_stats(self.item, scope, caller)
        except Exception as error:  # noqa: BLE001 - whatever the store says, the request goes on
            log.warning("rate limits are off", error_type=type(error).__name__)
            self.reset_in = None
            return True
        self.reset_in = max(1, round(stats.reset_time - clock.now().timestamp()))
        window = self.item.get_expiry()
        request._request.rate_limit = {  # type: ignore[attr-defined]
            "RateLimit-Policy": f'"{scope}";q={self.item.amount};w={window}',
            "RateLimit": f'"{scope}";r={stats.remaining};t={self.reset_in}',
        }
        return allowed

    def wait(self) -> float | None:
        """Seconds until there is room again."""
        return self.reset_in
