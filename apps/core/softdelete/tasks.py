"""Retention at work. Imported by `apps.core.tasks`, where Celery looks."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from apps.core.softdelete.services.purging import purge_claimed, purge_due


@shared_task(name="core.purge_due", ignore_result=True)
def purge_expired() -> int:
    """Purge what has expired; beat asks for it."""
    return purge_due()


@shared_task(name="core.purge_deletion", ignore_result=True)
def purge_deletion(deletion_id: str) -> bool:
    """Purge one deletion that an owner has claimed."""
    return purge_claimed(deletion_id=UUID(deletion_id))
