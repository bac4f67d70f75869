"""What workers do for datasets."""

from __future__ import annotations

from celery import shared_task

from apps.core.errors import RetryableError
from apps.datasets import services


@shared_task(
    name="datasets.remove_unused_content",
    autoretry_for=(RetryableError, OSError),
    retry_backoff=5,
    retry_backoff_max=600,
    max_retries=12,
)
def remove_unused_content(keys: list[str]) -> int:
    """Remove the bytes that no version needs any more."""
    return services.remove_unused_content(keys=keys)
