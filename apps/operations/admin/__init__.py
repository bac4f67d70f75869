"""Operations in the admin."""

from apps.operations.admin import celery, jobs

__all__ = ["celery", "jobs"]
