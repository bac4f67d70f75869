"""The Celery application: `celery -A config.celery:app worker`."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_before_create_process

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

from apps.core.correlation.celery import CorrelatedTask
from apps.core.heap import settle_heap

app = Celery("podium", task_cls=CorrelatedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def keep_django_logging(**_kwargs: Any) -> None:
    """Celery leaves logging to Django's settings."""


@worker_before_create_process.connect
def share_what_is_loaded(**_kwargs: Any) -> None:
    """Settle the heap before a worker forks the processes that do its tasks."""
    settle_heap()
