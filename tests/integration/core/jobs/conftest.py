"""Jobs of one organization, and the messages that they send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import mock

import pytest
from celery import current_app

from apps.accounts.models import Organization
from apps.core.jobs.models import Job
from apps.core.jobs.services import create_job

NewJob = Callable[..., Job]


@pytest.fixture
def organization() -> Organization:
    """Whose jobs they are."""
    return Organization.objects.create(name="Skating Union", slug="skating-union")


@pytest.fixture
def new_job(organization: Organization) -> NewJob:
    """Make a job; anything can be given."""

    def make(**given: Any) -> Job:
        defaults: dict[str, Any] = {
            "kind": "count",
            "task": "tests.count",
            "label": "Counting",
            "parameters": {"to": 10},
            "organization_id": organization.pk,
        }
        return create_job(**(defaults | given))

    return make


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What went to the broker."""
    messages: list[dict[str, Any]] = []
    send = mock.Mock(side_effect=lambda task, **options: messages.append({"task": task, **options}))
    monkeypatch.setattr(current_app, "send_task", send)
    return messages
