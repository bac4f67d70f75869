"""`manage.py relay`: publish the outbox until SIGTERM or SIGINT, which let the batch in hand end."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from apps.core.heap import settle_heap
from apps.messaging.bell import Bell
from apps.messaging.publishing import BATCH, publish_due
from apps.messaging.relay import Relay


class Command(BaseCommand):
    help = "Publish messages of the outbox, in order per subject. Any number of relays may run at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="publish what is due, and end")
        parser.add_argument("--batch", type=int, default=BATCH, help="messages of one transaction, at most")

    def handle(self, *args: Any, once: bool = False, batch: int = BATCH, **options: Any) -> None:
        if once:
            while publish_due(limit=batch):
                pass
            return
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        settle_heap()
        bell = Bell(settings.DATABASE_DIRECT_URL, stopping)
        try:
            Relay(bell=bell, poll=settings.OUTBOX_POLL_SECONDS, stopping=stopping, batch=batch).run()
        finally:
            bell.close()
