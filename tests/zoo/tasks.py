"""Work that goes wrong in every way that a worker has to live with."""

from __future__ import annotations

import os
import signal
import time

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, transaction

from tests.zoo.models import Park

GATE = 77_001


@shared_task(name="zoo.wait")
def wait_at_the_gate(name: str) -> None:
    """Go on once nobody holds the gate; done twice, it is done once."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [GATE])
        Park.objects.get_or_create(name=name)


@shared_task(name="zoo.stumble", default_retry_delay=0)
def stumble(name: str) -> None:
    """Take the worker's process along at the first attempt."""
    _, is_first = Park.objects.get_or_create(name=f"{name} has stumbled")
    if is_first:
        os.kill(os.getpid(), signal.SIGKILL)
    Park.objects.get_or_create(name=name)


@shared_task(name="zoo.fall", default_retry_delay=0, max_retries=1)
def fall(name: str) -> None:
    """Take the worker's process along at every attempt."""
    Park.objects.create(name=f"{name} {Park.objects.filter(name__startswith=name).count() + 1}")
    os.kill(os.getpid(), signal.SIGKILL)


@shared_task(name="zoo.dawdle", soft_time_limit=1, time_limit=2)
def dawdle() -> None:
    """Not listen to the soft limit."""
    try:
        time.sleep(60)
    except SoftTimeLimitExceeded:
        time.sleep(60)
