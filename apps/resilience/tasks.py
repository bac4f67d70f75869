"""What a worker can be asked about its circuits."""

from __future__ import annotations

from celery import shared_task

from apps.resilience.defaults import registry
from apps.resilience.errors import CircuitOpen


@shared_task(name="resilience.lets_through")
def lets_through(service: str) -> bool:
    """Whether the worker that runs this would let a call of `service` through now.

    For operators and tests: the pages show what the web processes and the store know, this asks a worker itself. No
    service is called; the call that passes is empty, and counts as a success.
    """
    try:
        registry().get(service).call(bool)
    except CircuitOpen:
        return False
    return True
