"""Prometheus metrics of mail."""

from __future__ import annotations

from prometheus_client import Counter

LETTERS = Counter("mail_letters", "Letters that were taken to a mail server.", ["account", "outcome"])
