"""From a published message to a receiver, and what every kind of answer leads to."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest
from django.db import OperationalError
from standardwebhooks import Webhook

from apps.accounts.models import Organization
from apps.core import clock
from apps.core.encryption import Sealed
from apps.core.outbox.models import OutboxMessage
from apps.core.tenancy import organization_scope
from apps.notifications.enums import DeliveryState, DisabledReason, EndpointState
from apps.notifications.models import DeliveryAttempt, WebhookDelivery, WebhookEndpoint
from apps.notifications.services.webhooks import fanout, sending
from apps.notifications.services.webhooks.claiming import claim_due
from apps.notifications.services.webhooks.endpoints import update_endpoint
from apps.notifications.services.webhooks.outcomes import Try, Verdict
from apps.notifications.services.webhooks.settling import Result, settle
from apps.resilience.defaults import registry
from tests.integration.notifications.conftest import (
    Publish,
    deliveries,
    endpoint_at,
    fresh,
    publish_again,
    send_round,
)
from tests.receiver import Receiver, answer

pytestmark = pytest.mark.django_db


def secret_of(endpoint: object) -> str:
    secret: str = endpoint.secrets.open()[0]["secret"]  # type: ignore[attr-defined]
    return secret


def test_a_published_message_arrives_and_verifies(club: Organization, publish: Publish, receiver: Receiver) -> None:
    endpoint = endpoint_at(club, f"{receiver.url}/in", headers=Sealed.of({"Authorization": "Bearer theirs"}))
    (message,) = publish()

    assert send_round() == 1

    (arrival,) = receiver.arrivals
    assert Webhook(secret_of(endpoint)).verify(arrival.body, arrival.headers) == {
        "id": str(message.id),
        "type": "contest.locked",
        "timestamp": message.time.isoformat().replace("+00:00", "Z"),
        "subject": "contest/7",
        "sequence": 1,
        "organization_id": str(club.pk),
        "data": {"contest_id": "7"},
    }
    assert arrival.message_id == str(message.id)
    assert arrival.headers["x-correlation-id"] == "the-story"
    assert arrival.headers["traceparent"] == message.traceparent
    assert arrival.headers["authorization"] == "Bearer theirs"
    (delivery,) = deliveries(club)
    assert (delivery.state, delivery.attempts, delivery.last_status) == (DeliveryState.DELIVERED, 1, 200)
    attempt = DeliveryAttempt.of_all_organizations.get()
    assert (attempt.delivery_id, attempt.status, attempt.error, attempt.answer) == (delivery.pk, 200, "", "thanks")


def test_only_endpoints_that_want_a_type_are_told_once(club: Organization, publish: Publish) -> None:
    wants = endpoint_at(club, "https://a.example.org", event_types=["leaderboard.changed", "contest.*"])
    endpoint_at(club, "https://b.example.org", event_types=["event.*"])
    off = {"state": EndpointState.DISABLED, "disabled_reason": DisabledReason.BY_HAND}
    missing = endpoint_at(club, "https://c.example.org", event_types=["contest.locked"], **off)
    messages = publish(3)
    publish_again(messages)

    told = {(d.endpoint_id, d.message_id, d.state) for d in deliveries(club)}
    assert told == {(wants.pk, m.id, DeliveryState.PENDING) for m in messages} | {
        (missing.pk, m.id, DeliveryState.CANCELLED) for m in messages
    }
    assert len(deliveries(club)) == 6


def test_the_platforms_own_messages_go_to_nobody(club: Organization, publish: Publish) -> None:
    endpoint_at(club, "https://a.example.org")
    publish(organization_id=None)

    assert deliveries(club) == []


@pytest.mark.parametrize(
    ("status", "error"), [(500, "refused"), (404, "refused"), (302, "redirect"), (400, "refused")]
)
def test_what_is_no_success_is_tried_again_by_the_schedule(
    status: int, error: str, club: Organization, publish: Publish, receiver: Receiver
) -> None:
    endpoint = endpoint_at(club, receiver.url)
    receiver.answering = answer(status, {"Location": f"{receiver.url}/elsewhere"}, "no" * 1000)
    publish()
    before = clock.now()

    send_round()

    (delivery,) = deliveries(club)
    assert (delivery.state, delivery.attempts) == (DeliveryState.PENDING, 1)
    assert (delivery.last_status, delivery.last_error, delivery.lease) == (status, error, None)
    assert delivery.next_attempt_at is not None
    assert 5 <= (delivery.next_attempt_at - before).total_seconds() <= 7
    assert DeliveryAttempt.of_all_organizations.get().answer == ("no" * 1000)[:1024]
    assert len(receiver.arrivals) == 1
    assert fresh(endpoint).failing_since is not None


def test_after_the_last_attempt_a_delivery_has_failed(
    club: Organization, publish: Publish, receiver: Receiver, settings: object
) -> None:
    endpoint_at(club, receiver.url)
    receiver.answering = answer(400)
    settings.WEBHOOKS = {**settings.WEBHOOKS, "RETRY_SCHEDULE": (0, 0, 0)}  # type: ignore[attr-defined]
    publish()

    assert send_round() == 3

    (delivery,) = deliveries(club)
    assert (delivery.state, delivery.attempts, delivery.next_attempt_at) == (DeliveryState.FAILED, 3, None)
    assert delivery.finished_at is not None


def test_gone_disables_the_endpoint_and_says_so(club: Organization, publish: Publish, receiver: Receiver) -> None:
    endpoint = endpoint_at(club, receiver.url)
    receiver.answering = answer(410)
    publish(2)

    send_round()

    found = fresh(endpoint)
    assert (found.state, found.disabled_reason) == (EndpointState.DISABLED, DisabledReason.GONE)
    assert {d.state for d in deliveries(club)} <= {DeliveryState.FAILED, DeliveryState.CANCELLED}
    told = OutboxMessage.objects.get(type="webhook_endpoint.disabled")
    assert (told.organization_id, told.subject) == (club.pk, f"webhookendpoint/{endpoint.pk}")
    assert told.data["reason"] == "gone"


def test_what_the_address_before_answers_is_not_held_against_the_new_one(
    club: Organization, publish: Publish
) -> None:
    endpoint = endpoint_at(club, "https://gone.example.org")
    publish()
    (claim,) = claim_due(room=1, under_way={})
    with organization_scope(club.pk):
        update_endpoint(endpoint=fresh(endpoint), target_url="https://new.example.org")

    gone = Try(was_made=True, status=410, error="refused")
    asked = clock.now() + timedelta(days=1)
    settle([Result(claim, gone, Verdict(DeliveryState.FAILED, None, asked, is_gone=True), clock.now(), 5)])

    found = fresh(endpoint)
    assert (found.state, found.failing_since, found.paused_until) == (EndpointState.ENABLED, None, None)
    assert [d.last_status for d in deliveries(club)] == [410]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_honoured_in_both_forms(
    status: int, form: str, club: Organization, publish: Publish, receiver: Receiver
) -> None:
    endpoint = endpoint_at(club, receiver.url)
    wanted = clock.now() + timedelta(seconds=90)
    value = "90" if form == "seconds" else format_datetime(wanted, usegmt=True)
    receiver.answering = answer(status, {"Retry-After": value})
    publish()

    send_round()
    publish()
    assert send_round() == 0  # the whole endpoint has its pause

    delivery, second = deliveries(club)
    for moment in (delivery.next_attempt_at, fresh(endpoint).paused_until):
        assert moment is not None
        assert abs((moment - wanted).total_seconds()) < 5
    assert (delivery.attempts, second.attempts, len(receiver.arrivals)) == (1, 0, 1)


def test_an_asked_pause_is_the_endpoints_row_to_keep_so_that_it_ends_with_the_address(
    club: Organization, publish: Publish, receiver: Receiver
) -> None:
    endpoint = endpoint_at(club, receiver.url)
    receiver.answering = answer(429, {"Retry-After": "86400"})
    publish()

    send_round()

    circuit = registry().endpoint(str(endpoint.pk)).breaker.circuit
    assert 0 < circuit.paused_for() <= 5


def test_too_many_requests_do_not_open_the_circuit(
    club: Organization, publish: Publish, receiver: Receiver, settings: object
) -> None:
    endpoint_at(club, receiver.url)
    receiver.answering = answer(429, {"Retry-After": "0"})
    settings.WEBHOOKS = {**settings.WEBHOOKS, "RETRY_SCHEDULE": (0,) * 12}  # type: ignore[attr-defined]
    publish()

    send_round()

    assert len(receiver.arrivals) == 12


def test_an_open_circuit_defers_and_spends_no_attempt(
    club: Organization, publish: Publish, receiver: Receiver, settings: object
) -> None:
    endpoint = endpoint_at(club, receiver.url)
    receiver.answering = answer(500)
    settings.WEBHOOKS = {**settings.WEBHOOKS, "RETRY_SCHEDULE": (0, 3600)}  # type: ignore[attr-defined]
    publish(30)

    send_round()
    send_round()

    spent = sorted(d.attempts for d in deliveries(club))
    assert len(receiver.arrivals) == sum(spent)
    assert spent[:5] == [0] * 5  # the circuit opened before these were sent
    assert set(spent) == {0, 1}
    assert {d.state for d in deliveries(club)} == {DeliveryState.PENDING}
    pause = fresh(endpoint).paused_until
    assert pause is not None
    assert 50 < (pause - clock.now()).total_seconds() < 90


def test_a_broken_connection_is_an_attempt_without_a_status(
    club: Organization, publish: Publish, receiver: Receiver
) -> None:
    async def cut(arrival: object) -> object:
        arrival.reset()  # type: ignore[attr-defined]
        return answer(200)

    endpoint_at(club, receiver.url)
    receiver.answering = cut  # type: ignore[assignment]
    publish()

    send_round()

    (delivery,) = deliveries(club)
    assert (delivery.state, delivery.last_status, delivery.last_error) == (
        DeliveryState.PENDING,
        None,
        "connection_lost",
    )


def test_a_success_ends_the_failing(club: Organization, publish: Publish, receiver: Receiver) -> None:
    endpoint = endpoint_at(club, receiver.url, failing_since=clock.now(), paused_until=clock.now())
    publish()

    send_round()

    found = fresh(endpoint)
    assert (found.failing_since, found.paused_until, found.version) == (None, None, endpoint.version)


def test_failing_for_five_days_disables_the_endpoint(
    club: Organization, publish: Publish, receiver: Receiver
) -> None:
    endpoint = endpoint_at(club, receiver.url, failing_since=clock.now() - timedelta(days=5, minutes=1))
    receiver.answering = answer(400)
    publish()

    send_round()

    assert fresh(endpoint).disabled_reason == DisabledReason.FAILING
    assert OutboxMessage.objects.get().data["reason"] == "failing"
    assert [d.state for d in deliveries(club)] == [DeliveryState.CANCELLED]


@pytest.mark.parametrize(("after", "state"), [(1, EndpointState.ENABLED), (-1, EndpointState.DISABLED)])
def test_a_success_since_the_failures_began_counts_against_them_and_one_before_does_not(
    after: int, state: EndpointState, club: Organization, publish: Publish, receiver: Receiver
) -> None:
    endpoint = endpoint_at(club, receiver.url)
    publish()
    send_round()
    begin = clock.now() - timedelta(days=5, minutes=1)
    WebhookDelivery.of_all_organizations.update(finished_at=begin + timedelta(milliseconds=after))
    WebhookEndpoint._base_manager.update(failing_since=begin)
    receiver.answering = answer(400)
    publish()

    send_round()

    found = fresh(endpoint)
    assert (found.state, found.version) == (state, endpoint.version + (after < 0))
    assert found.failing_since is not None
    assert (clock.now() - found.failing_since < timedelta(minutes=1)) == (after > 0)


def test_a_delivery_whose_worker_died_is_sent_again_under_its_id(
    club: Organization, publish: Publish, receiver: Receiver
) -> None:
    endpoint_at(club, receiver.url)
    (message,) = publish()
    WebhookDelivery.of_all_organizations.update(lease=message.id, next_attempt_at=clock.now() + timedelta(seconds=32))
    assert send_round() == 0

    WebhookDelivery.of_all_organizations.update(next_attempt_at=clock.now())
    assert send_round() == 1

    assert [arrival.message_id for arrival in receiver.arrivals] == [str(message.id)]


def test_a_payload_that_was_erased_is_not_sent(club: Organization, publish: Publish, receiver: Receiver) -> None:
    endpoint_at(club, receiver.url)
    (message,) = publish()
    deliveries(club)[0].message.__class__.objects.filter(pk=message.id).update(body=None)

    send_round()

    assert [(d.state, d.last_error) for d in deliveries(club)] == [(DeliveryState.FAILED, "payload_gone")]
    assert receiver.arrivals == []


def test_a_round_without_a_database_ends_quietly_and_leaves_the_next_one_to_the_beat(
    monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    def away() -> None:
        raise OperationalError("The database is away.")

    monkeypatch.setattr(sending, "next_due", away)

    assert sending.send_due() == 0
    safety_net = settings.CELERY_BEAT_SCHEDULE["webhooks-send"]  # type: ignore[attr-defined]
    assert (safety_net["task"], safety_net["options"]["queue"]) == (fanout.SEND_TASK, fanout.QUEUE)
