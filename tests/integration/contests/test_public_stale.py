"""A public board while the database is away: what was read before is read again, and says how old it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.events.models import Event
from apps.resilience import defaults
from apps.resilience.registry import Registry
from config.settings.resilience import RESILIENCE
from tests.api import anonymous, problem
from tests.integration.contests.arena import API, arena

pytestmark = pytest.mark.django_db(transaction=True)  # in a test's own transaction nothing would be refused


@pytest.fixture
def circuits() -> Iterator[Registry]:
    registry = defaults.build({**RESILIENCE, "STORE_URL": ""}, threads=False)
    previous = defaults.install(registry)
    yield registry
    defaults.install(previous)


def test_a_board_that_was_read_before_is_served_stale_and_another_one_is_a_503(circuits: Registry) -> None:
    found = arena(visibility="public")
    with found.scope():
        Event.objects.filter(pk=found.contest.event_id).update(status="live")
    contest = f"{API}/public/contests/{found.contest.pk}/"
    fresh = anonymous().get(contest)
    assert (fresh.status_code, fresh.get("Warning")) == (200, None)
    circuits.get("database").circuit.trip("an exercise")
    try:
        stale = anonymous().get(contest)
        other = anonymous().get(f"{contest}leaderboard/")
    finally:
        circuits.get("database").reset()
    assert (stale.status_code, stale.json()) == (200, fresh.json())
    assert (stale["Warning"], stale["Cache-Control"]) == ('110 - "Response is Stale"', "no-store")
    assert int(stale["Age"]) >= 0
    problem(other, 503, "DATABASE_UNAVAILABLE")
    assert int(other["Retry-After"]) > 0
    assert anonymous().get(contest).get("Warning") is None
