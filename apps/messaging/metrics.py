"""Prometheus metrics of the outbox."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

from apps.messaging.selectors import outbox_figures

PUBLISHED = Counter("outbox_published", "Messages that the relay has published.")
FAILED = Counter("outbox_failed", "Attempts to publish that a consumer has refused.")
WAITING = Gauge("outbox_waiting", "Messages to be published.", multiprocess_mode="mostrecent")
OLDEST = Gauge("outbox_oldest_seconds", "Age of the oldest of them.", multiprocess_mode="mostrecent")
PARKED = Gauge("outbox_dead_letters", "Messages given up, until they are replayed.", multiprocess_mode="mostrecent")


def look_at_outbox() -> None:
    """Bring the gauges up to date. Whoever is scraped does it: a relay that is dead could not."""
    figures = outbox_figures()
    WAITING.set(figures.waiting)
    OLDEST.set(figures.oldest_seconds)
    PARKED.set(figures.parked)
