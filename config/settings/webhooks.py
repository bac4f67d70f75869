"""Webhooks: when they are tried again, how many at a time, how long they are kept."""

from datetime import timedelta
from typing import Any

from config import env

WEBHOOKS: dict[str, Any] = {
    "RETRY_SCHEDULE": env.read(env.WEBHOOK_RETRY_SCHEDULE),
    # Up to this share is added at random, so that what failed together is not tried again together.
    "RETRY_JITTER": 0.2,
    # An endpoint that has failed for so long, with not one success, is given up.
    "DISABLE_AFTER": timedelta(days=5),
    # After a rotation both secrets sign for so long: receivers change theirs in between.
    "SECRET_OVERLAP": timedelta(hours=24),
    # A larger payload is sent thin: ids and links.
    "LARGEST_PAYLOAD": 256 * 1024,
    # Requests under way in one process. No organization may take more than half of it, no receiver more than it can
    # be expected to stand.
    "IN_FLIGHT": 500,
    "IN_FLIGHT_PER_ORGANIZATION": 250,
    "IN_FLIGHT_PER_ENDPOINT": 20,
    # A delivery that a killed worker had begun is sent again after this: once the request must have ended, and its
    # result been written.
    "LEASE": timedelta(seconds=env.read(env.WEBHOOK_TIMEOUT) * 1.5 + 2),
    "KEEP_ATTEMPTS": timedelta(days=30),
    "KEEP_PAYLOADS": timedelta(days=90),
}
