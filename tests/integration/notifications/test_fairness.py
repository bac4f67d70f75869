"""Nobody waits for somebody else's receiver, or for somebody else's backlog."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.core import clock
from apps.notifications.enums import DeliveryState
from apps.notifications.models import WebhookDelivery
from apps.notifications.services.webhooks.claiming import claim_due, next_due
from tests.factories.accounts import OrganizationFactory
from tests.integration.notifications.conftest import (
    Publish,
    deliveries,
    endpoint_at,
    fresh,
    message,
    publish_again,
    send_round,
)
from tests.receiver import Receiver

pytestmark = pytest.mark.django_db


def limits(settings: Settings, **numbers: object) -> None:
    settings.WEBHOOKS = {**settings.WEBHOOKS, **numbers}


def claimed(room: int) -> Counter[str]:
    return Counter(claim.receiver.url for claim in claim_due(room=room, under_way={}))


def test_a_large_backlog_does_not_keep_another_organization_waiting(club: Organization) -> None:
    other: Organization = OrganizationFactory.create()
    endpoint_at(club, "https://busy.example.org")
    endpoint_at(other, "https://quiet.example.org")
    publish_again([message(club) for _ in range(40)])
    publish_again([message(other) for _ in range(2)])

    assert claimed(6) == {"https://busy.example.org": 4, "https://quiet.example.org": 2}


def test_an_organization_shares_between_its_endpoints_and_takes_no_more_than_its_part(
    club: Organization, publish: Publish, settings: Settings
) -> None:
    limits(settings, IN_FLIGHT_PER_ENDPOINT=4, IN_FLIGHT_PER_ORGANIZATION=6)
    one, two = (endpoint_at(club, f"https://{name}.example.org") for name in ("one", "two"))
    publish(10)

    first = claim_due(room=100, under_way={})
    nothing = claim_due(room=100, under_way={(str(one.pk), club.pk): 3, (str(two.pk), club.pk): 3})
    rest = claim_due(room=100, under_way={(str(one.pk), club.pk): 3})

    assert Counter(claim.receiver.endpoint_id for claim in first) == {str(one.pk): 3, str(two.pk): 3}
    assert nothing == []
    assert Counter(claim.receiver.endpoint_id for claim in rest) == {str(one.pk): 1, str(two.pk): 2}


def test_a_claim_is_nobody_elses_until_its_lease_is_over(
    club: Organization, publish: Publish, settings: Settings
) -> None:
    endpoint_at(club, "https://a.example.org")
    publish()
    (claim,) = claim_due(room=1, under_way={})

    assert claim_due(room=1, under_way={}) == []
    (delivery,) = deliveries(club)
    assert str(delivery.lease) == claim.lease
    assert next_due() == delivery.next_attempt_at
    WebhookDelivery.of_all_organizations.update(next_attempt_at=clock.now())
    (again,) = claim_due(room=1, under_way={})
    assert (again.id, again.lease != claim.lease) == (claim.id, True)


def test_a_rate_is_kept_over_all_processes(club: Organization, publish: Publish) -> None:
    endpoint = endpoint_at(club, "https://slow.example.org", rate_limit=5)
    publish(20)

    assert [len(claim_due(room=100, under_way={})) for _ in range(3)] == [5, 0, 0]

    paced = fresh(endpoint).paced_until
    soon = next_due()
    assert paced is not None
    assert soon is not None
    assert 0.1 < (paced - clock.now()).total_seconds() <= 1.0
    assert 0 < (soon - clock.now()).total_seconds() <= 0.2  # a fifth of a second later there is room for one


def test_an_endpoint_after_a_pause_gets_one_message_first(club: Organization, publish: Publish) -> None:
    endpoint_at(club, "https://back.example.org", paused_until=clock.now())
    publish(5)

    assert len(claim_due(room=100, under_way={})) == 1


def test_one_hanging_endpoint_among_fifty_holds_up_nobody(
    club: Organization, publish: Publish, receiver: Receiver, settings: Settings
) -> None:
    """All others' messages are there while the dead one still has not answered once."""
    services = settings.RESILIENCE["SERVICES"]
    patient = {**services, "webhook": {**services["webhook"], "deadline": 120.0}}
    settings.RESILIENCE = {**settings.RESILIENCE, "SERVICES": patient}
    limits(settings, LEASE=timedelta(seconds=200))
    receiver.at["/0"] = receiver.hang
    for number in range(50):
        endpoint_at(club, f"{receiver.url}/{number}")
    publish(10)
    sender = ThreadPoolExecutor(1).submit(send_round, connections["default"])
    until = time.monotonic() + 60  # the dead one's requests last for 120
    while len(receiver.arrivals) < 500 and time.monotonic() < until:
        threading.Event().wait(0.02)
    arrived, still_hanging = Counter(arrival.path for arrival in receiver.arrivals), sender.running()
    receiver.release()
    sender.result(30)

    assert arrived == {f"/{number}": 10 for number in range(50)}
    assert still_hanging
    assert Counter((d.state, d.last_error) for d in deliveries(club)) == {(DeliveryState.DELIVERED, ""): 500}
