"""Work is enqueued after the commit, and the commit does not depend on it."""

from __future__ import annotations

import pytest
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from apps.core.queue import enqueue_on_commit
from tests.zoo.models import Park


@pytest.mark.django_db(transaction=True)
def test_a_commit_holds_and_is_answered_while_the_broker_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise OperationalError("The broker is away.")

    monkeypatch.setattr(current_app, "send_task", refuse)
    with transaction.atomic():
        Park.objects.create(name="kept")
        enqueue_on_commit("zoo.stumble", "luck")

    assert Park.objects.filter(name="kept").exists()
    assert ["The broker is away." in record.getMessage() for record in caplog.records] == [True]
