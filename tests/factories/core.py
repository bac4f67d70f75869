"""Jobs."""

from __future__ import annotations

import factory

from apps.core.ids import new_id
from apps.core.jobs.models import Job
from tests.factories.scoped import ScopedFactory


class JobFactory(ScopedFactory[Job]):
    """Work that waits for a worker; nothing is sent to one."""

    class Meta:
        model = Job

    organization_id = factory.LazyFunction(new_id)
    kind = "import"
    task = "tests.import"
    label = factory.Sequence(lambda n: f"Import {n}")
