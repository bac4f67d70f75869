"""The outbox: how messages leave it, and how long they stay."""

from datetime import timedelta

from config import env

OUTBOX_POLL_SECONDS = env.read(env.OUTBOX_POLL_SECONDS)
OUTBOX_MAX_ATTEMPTS = env.read(env.OUTBOX_MAX_ATTEMPTS)
OUTBOX_RETENTION = timedelta(days=env.read(env.OUTBOX_RETENTION_DAYS))
# Whether `emit()` holds each event to the catalogue: where people develop, and in tests.
OUTBOX_CHECKED = False
# A message that has waited for so long means that no relay works, or that a consumer refuses everything.
OUTBOX_STUCK_AFTER = timedelta(minutes=2)
