"""Prometheus metrics of requests with a key."""

from __future__ import annotations

from prometheus_client import Counter

REQUESTS = Counter(
    "idempotent_requests",
    "Requests with an Idempotency-Key: claimed, taken_over from a lost worker, replayed, in_flight, reused, lost.",
    ["outcome"],
)
