"""Jobs, messages and failed tasks."""

from __future__ import annotations

import factory

from apps.core import clock
from apps.core.deadletters.models import FailedTask
from apps.core.ids import new_id
from apps.core.jobs.models import Job
from apps.core.outbox.models import OutboxMessage
from tests.factories.scoped import ScopedFactory


class JobFactory(ScopedFactory[Job]):
    """Work that waits for a worker; nothing is sent to one."""

    class Meta:
        model = Job

    organization_id = factory.LazyFunction(new_id)
    kind = "import"
    task = "tests.import"
    label = factory.Sequence(lambda n: f"Import {n}")


class OutboxMessageFactory(ScopedFactory[OutboxMessage]):
    """A dead letter."""

    class Meta:
        model = OutboxMessage

    organization_id = factory.LazyFunction(new_id)
    type = "contest.locked"
    subject = factory.Sequence(lambda n: f"contest/{n}")
    attempts = 8
    parked_at = factory.LazyFunction(clock.now)
    last_error = "ValueError: can't digest it"


class FailedTaskFactory(ScopedFactory[FailedTask]):
    """A task of the platform that can be sent again."""

    class Meta:
        model = FailedTask

    organization_id = factory.LazyFunction(new_id)
    task = "core.sweep_jobs"
    arguments: list[str] = []
    queue = "default"
    error_type = "ValueError"
    run_id = factory.Sequence(lambda n: f"run-{n}")
