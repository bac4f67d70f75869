"""Prepares a fault run: `python -m tests.e2e.webhooks.member URL SUBJECTS` prints the secret of an endpoint there."""

from __future__ import annotations

import sys

import django

django.setup()

from django.db import connection  # noqa: E402

from apps.accounts.models import Organization  # noqa: E402
from apps.core.ids import new_id  # noqa: E402
from apps.core.tenancy import platform_scope  # noqa: E402
from apps.notifications.services.webhooks.endpoints import create_endpoint  # noqa: E402
from apps.resilience.services import set_policy  # noqa: E402
from tests.e2e.messaging.member import TABLES  # noqa: E402


def prepare(url: str, subjects: int) -> str:
    """A club with one endpoint, subjects to tell of, and circuits that a run of a minute sees open and close.

    Returns:
        the endpoint's secret.
    """
    with platform_scope("a fault run"):
        club = Organization.objects.create(name="Club", slug="club")
        _, secret = create_endpoint(organization_id=club.pk, created_by=None, target_url=url)
        for service, failures in (("webhook", 40), ("database", 5)):
            set_policy(
                service=service,
                reason="A fault run",
                actor_id=None,
                failure_threshold=failures,
                recovery_timeout=1.0,
                success_threshold=1,
            )
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        cursor.executemany(
            "INSERT INTO fault_subject (id, organization_id) VALUES (%s, %s)",
            [(new_id(), club.pk) for _ in range(subjects)],
        )
    return secret


if __name__ == "__main__":
    print(prepare(sys.argv[1], int(sys.argv[2])))
