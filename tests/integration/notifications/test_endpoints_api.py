"""Endpoints and deliveries over the API: set up, changed, rotated, tested, sent again, deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings
from rest_framework.test import APIClient
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from apps.accounts.enums import Role
from apps.accounts.models import Organization
from apps.core import clock
from apps.core.audit.models import AuditRecord
from apps.core.outbox.models import OutboxMessage
from apps.notifications.enums import DeliveryState, DisabledReason, EndpointState
from apps.notifications.models import WebhookDelivery, WebhookEndpoint, WebhookMessage
from apps.resilience.defaults import registry
from apps.resilience.errors import CircuitOpen
from tests.api import problem, signed_in
from tests.factories.accounts import member
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

ENDPOINTS = "/api/v1/webhook-endpoints/"
DELIVERIES = "/api/v1/webhook-deliveries/"


@pytest.fixture
def owner(club: Organization) -> APIClient:
    return signed_in(member(club, Role.OWNER))


def made(owner: APIClient, url: str, **fields: object) -> dict[str, object]:
    response = owner.post(ENDPOINTS, {"target_url": url, **fields})
    assert response.status_code == 201, response.content
    body: dict[str, object] = response.json()
    return body


def test_a_secret_is_shown_once_and_encrypted_in_the_database(club: Organization, owner: APIClient) -> None:
    body = made(owner, "https://hooks.example.org/in", headers={"Authorization": "Bearer theirs"})

    shown = owner.get(f"{ENDPOINTS}{body['id']}/").json()
    row = WebhookEndpoint._base_manager.get(pk=str(body["id"]))
    history = AuditRecord.of_all_organizations.filter(row_id=row.pk).values_list("new", flat=True)

    assert str(body["secret"]).startswith("whsec_")
    assert "secret" not in shown
    assert shown["headers"] == {"Authorization": "Bearer theirs"}
    assert shown == {name: value for name, value in body.items() if name != "secret"}
    for stored in (row.secrets.token, row.headers.token, str(list(history)).encode()):
        assert str(body["secret"]).encode() not in stored
        assert b"Bearer theirs" not in stored


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"target_url": "https://10.0.0.1/"}, "#/target_url", "FORBIDDEN_TARGET"),
        ({"target_url": "ftp://hooks.example.org/"}, "#/target_url", "FORBIDDEN_TARGET"),
        ({"event_types": ["contest.*", "Con test"]}, "#/event_types/1", "INVALID_EVENT_TYPE"),
        ({"event_types": ["contest.*", "contest.lockd"]}, "#/event_types/1", "UNKNOWN_EVENT_TYPE"),
        ({"event_types": ["circuit.opened"]}, "#/event_types/0", "UNKNOWN_EVENT_TYPE"),
        ({"headers": {"Webhook-Id": "1"}}, "#/headers/Webhook-Id", "RESERVED_HEADER"),
        ({"headers": {"X-Bad": "line\nbreak"}}, "#/headers", "INVALID_HEADER"),
    ],
)
def test_what_an_endpoint_cannot_have_is_refused(
    fields: dict[str, object], pointer: str, code: str, owner: APIClient
) -> None:
    body = problem(owner.post(ENDPOINTS, {"target_url": "https://hooks.example.org/", **fields}), 422, "INVALID")

    assert [(error["pointer"], error["code"]) for error in body["errors"]] == [(pointer, code)]


def test_a_mistyped_event_is_answered_with_the_one_that_is_meant(owner: APIClient) -> None:
    body = problem(
        owner.post(ENDPOINTS, {"target_url": "https://hooks.example.org/", "event_types": ["contest.lockd"]}),
        422,
        "INVALID",
    )

    assert body["detail"] == "No event is called contest.lockd. Do you mean contest.locked?"


def test_however_often_a_secret_is_rotated_the_signatures_fit_into_a_header(
    owner: APIClient, publish: Publish, receiver: Receiver
) -> None:
    body = made(owner, receiver.url)
    rotate = f"{ENDPOINTS}{body['id']}/rotate-secret/"
    known = [owner.post(rotate).json()["secret"] for _ in range(11)]
    publish()
    send_round()

    (arrival,) = receiver.arrivals
    assert len(arrival.headers["webhook-signature"].split()) == 10
    for secret in known[-10:]:
        Webhook(secret).verify(arrival.body, arrival.headers)


def test_during_a_rotation_either_secret_verifies_and_afterwards_the_new_one(
    owner: APIClient, publish: Publish, receiver: Receiver, settings: object
) -> None:
    body = made(owner, f"{receiver.url}/in")
    old = str(body["secret"])
    new = owner.post(f"{ENDPOINTS}{body['id']}/rotate-secret/").json()["secret"]
    publish()
    send_round()
    row = WebhookEndpoint._base_manager.get(pk=str(body["id"]))
    overlap = row.secrets.open()[1]["expires_at"]

    (during,) = receiver.arrivals
    for secret in (old, new):
        Webhook(secret).verify(during.body, during.headers)

    settings.WEBHOOKS = {**settings.WEBHOOKS, "SECRET_OVERLAP": timedelta(0)}  # type: ignore[attr-defined]
    newest = owner.post(f"{ENDPOINTS}{body['id']}/rotate-secret/").json()["secret"]
    publish()
    send_round()

    after = receiver.arrivals[-1]
    Webhook(newest).verify(after.body, after.headers)
    Webhook(old).verify(after.body, after.headers)  # its day is not over
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(after.body, after.headers)
    assert row.secrets.open()[0] == {"secret": new, "expires_at": None}
    assert timedelta(hours=23) < clock.now().fromisoformat(overlap) - clock.now() < timedelta(hours=25)


def test_a_secret_that_has_leaked_signs_no_more_once_it_is_revoked(
    owner: APIClient, publish: Publish, receiver: Receiver
) -> None:
    body = made(owner, receiver.url)
    rotate = f"{ENDPOINTS}{body['id']}/rotate-secret/"
    second = owner.post(rotate).json()["secret"]
    newest = owner.post(rotate, {"revoke_others": True}).json()["secret"]
    publish()
    send_round()

    (arrival,) = receiver.arrivals
    Webhook(newest).verify(arrival.body, arrival.headers)
    for leaked in (str(body["secret"]), second):
        with pytest.raises(WebhookVerificationError):
            Webhook(leaked).verify(arrival.body, arrival.headers)


def test_an_endpoint_whose_key_is_lost_is_mended_by_its_owner(
    owner: APIClient, publish: Publish, receiver: Receiver, settings: Settings
) -> None:
    settings.ENCRYPTION_KEYS = ("a key that will be lost, thirty-two",)
    body = made(owner, receiver.url, headers={"X-Team": "7"})
    settings.ENCRYPTION_KEYS = ()
    url = f"{ENDPOINTS}{body['id']}/"

    assert owner.get(ENDPOINTS).json()["results"][0]["headers"] == {}
    assert owner.patch(url, {"headers": {"X-Team": "8"}}).status_code == 200
    secret = owner.post(f"{url}rotate-secret/").json()["secret"]
    publish()
    send_round()

    (arrival,) = receiver.arrivals
    Webhook(secret).verify(arrival.body, arrival.headers)
    assert arrival.headers["x-team"] == "8"


def test_a_test_message_goes_out_whatever_the_filter_says(owner: APIClient, receiver: Receiver) -> None:
    body = made(owner, receiver.url, event_types=["event.published"])

    response = owner.post(f"{ENDPOINTS}{body['id']}/test/")
    send_round()

    assert response.status_code == 202
    (arrival,) = receiver.arrivals
    assert (arrival.json["type"], arrival.json["data"]["webhook_endpoint_id"]) == ("webhook.test", body["id"])
    assert Webhook(str(body["secret"])).verify(arrival.body, arrival.headers) == arrival.json
    shown = owner.get(response["Location"]).json()
    assert (shown["state"], shown["payload"], [one["status"] for one in shown["tries"]]) == (
        "delivered",
        arrival.json,
        [200],
    )
    assert shown["correlation_id"] == response["X-Correlation-ID"] == arrival.headers["x-correlation-id"]


def test_a_redelivery_is_byte_identical_under_the_same_id(
    club: Organization, owner: APIClient, publish: Publish, receiver: Receiver
) -> None:
    endpoint_at(club, receiver.url)
    publish()
    send_round()
    (delivery,) = deliveries(club)

    response = owner.post(f"{DELIVERIES}{delivery.pk}/redeliver/")
    problem(owner.post(f"{DELIVERIES}{delivery.pk}/redeliver/"), 409, "DELIVERY_UNDER_WAY")
    send_round()

    assert (response.status_code, response.json()["state"]) == (202, "pending")
    first, second = receiver.arrivals
    assert (first.body, first.message_id) == (second.body, second.message_id)
    assert [d.state for d in deliveries(club)] == [DeliveryState.DELIVERED]
    assert len(owner.get(f"{DELIVERIES}{delivery.pk}/").json()["tries"]) == 2


def test_what_failed_between_two_times_is_recovered(
    club: Organization, owner: APIClient, publish: Publish, receiver: Receiver, settings: object
) -> None:
    endpoint = endpoint_at(club, receiver.url)
    settings.WEBHOOKS = {**settings.WEBHOOKS, "RETRY_SCHEDULE": (0,)}  # type: ignore[attr-defined]
    now = clock.now()
    receiver.answering = answer(400)
    for hours in (3, 2, 1):
        publish(time=now - timedelta(hours=hours))
    send_round()
    receiver.answering = answer(200)
    window = {"since": now - timedelta(hours=2, minutes=30), "until": now - timedelta(hours=1, minutes=30)}

    response = owner.post(f"{ENDPOINTS}{endpoint.pk}/recover/", window)
    send_round()
    everything = owner.post(f"{ENDPOINTS}{endpoint.pk}/recover/", {"since": now - timedelta(days=1)})

    assert (response.json(), everything.json()) == ({"deliveries": 1}, {"deliveries": 2})
    states = [d.state for d in deliveries(club)]
    assert states == [DeliveryState.PENDING, DeliveryState.DELIVERED, DeliveryState.PENDING]
    backwards = {"since": now, "until": now - timedelta(hours=1)}
    problem(owner.post(f"{ENDPOINTS}{endpoint.pk}/recover/", backwards), 422, "INVALID")


def test_an_erased_payload_is_not_sent_again(
    club: Organization, owner: APIClient, publish: Publish, receiver: Receiver
) -> None:
    endpoint_at(club, receiver.url)
    publish()
    send_round()
    WebhookMessage.objects.update(body=None)
    (delivery,) = deliveries(club)

    problem(owner.post(f"{DELIVERIES}{delivery.pk}/redeliver/"), 410, "PAYLOAD_GONE")

    assert owner.get(f"{DELIVERIES}{delivery.pk}/").json()["payload"] is None


def test_switching_off_cancels_what_waits_and_switching_on_starts_anew(
    club: Organization, owner: APIClient, publish: Publish, receiver: Receiver
) -> None:
    endpoint = endpoint_at(club, receiver.url, failing_since=clock.now())
    publish()

    off = owner.patch(f"{ENDPOINTS}{endpoint.pk}/", {"state": "disabled"})
    publish()
    problem(owner.post(f"{ENDPOINTS}{endpoint.pk}/test/"), 409, "ENDPOINT_DISABLED")
    on = owner.patch(f"{ENDPOINTS}{endpoint.pk}/", {"state": "enabled"})

    assert (off.json()["disabled_reason"], on.json()["disabled_reason"]) == ("by_hand", "")
    assert on.json()["failing_since"] is None
    assert send_round() == 0
    assert [d.state for d in deliveries(club)] == [DeliveryState.CANCELLED, DeliveryState.CANCELLED]


def test_what_was_missed_while_it_was_off_is_recovered(
    club: Organization, owner: APIClient, publish: Publish, receiver: Receiver
) -> None:
    endpoint = endpoint_at(club, receiver.url, event_types=["contest.*"])
    before = clock.now()
    owner.patch(f"{ENDPOINTS}{endpoint.pk}/", {"state": "disabled"})
    (missed,) = publish()
    publish_again([missed])
    publish(type="event.published", subject="event/7")
    owner.patch(f"{ENDPOINTS}{endpoint.pk}/", {"state": "enabled"})

    answer = owner.post(f"{ENDPOINTS}{endpoint.pk}/recover/", {"since": before})
    send_round()

    assert answer.json() == {"deliveries": 1}
    assert [arrival.message_id for arrival in receiver.arrivals] == [str(missed.id)]


def test_what_was_told_just_as_it_was_switched_off_is_not_sent_when_it_is_on_again(
    club: Organization, owner: APIClient, publish: Publish, receiver: Receiver
) -> None:
    endpoint = endpoint_at(club, receiver.url)
    owner.patch(f"{ENDPOINTS}{endpoint.pk}/", {"state": "disabled"})
    publish()
    # as the relay leaves it that saw the endpoint enabled, and commits after the switch
    WebhookDelivery.of_all_organizations.update(state="pending", next_attempt_at=clock.now(), finished_at=None)

    owner.patch(f"{ENDPOINTS}{endpoint.pk}/", {"state": "enabled"})

    assert send_round() == 0
    assert [d.state for d in deliveries(club)] == [DeliveryState.CANCELLED]


def test_another_address_is_tried_at_once_whatever_the_one_before_asked_for(
    club: Organization, owner: APIClient, publish: Publish, receiver: Receiver
) -> None:
    pause = {"failing_since": clock.now(), "paused_until": clock.now() + timedelta(days=1)}
    endpoint = endpoint_at(club, "https://overloaded.example.org", **pause)
    publish()
    assert send_round() == 0

    shown = owner.patch(f"{ENDPOINTS}{endpoint.pk}/", {"target_url": receiver.url}).json()

    assert (shown["failing_since"], shown["paused_until"]) == (None, None)
    assert send_round() == 1
    assert len(receiver.arrivals) == 1


def test_nor_is_the_circuit_of_the_address_before_held_against_it(
    club: Organization,
    owner: APIClient,
    receiver: Receiver,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    endpoint = endpoint_at(club, "https://dead.example.org")
    circuit = registry().endpoint(str(endpoint.pk), club.pk).breaker.circuit
    circuit.trip()
    with pytest.raises(CircuitOpen):
        circuit.admit()

    with django_capture_on_commit_callbacks(execute=True):
        owner.patch(f"{ENDPOINTS}{endpoint.pk}/", {"description": "Dead"})
    with pytest.raises(CircuitOpen):
        circuit.admit()
    with django_capture_on_commit_callbacks(execute=True):
        owner.patch(f"{ENDPOINTS}{endpoint.pk}/", {"target_url": receiver.url})

    assert circuit.admit().lease is None


@pytest.mark.parametrize("what", ["endpoint", "organization"])
def test_a_delete_stops_sending_at_once_and_a_restore_does_not_resume(
    what: str, club: Organization, owner: APIClient, publish: Publish, receiver: Receiver
) -> None:
    endpoint = endpoint_at(club, receiver.url)
    publish()
    path = f"{ENDPOINTS}{endpoint.pk}/" if what == "endpoint" else f"/api/v1/organizations/{club.pk}/"

    deleted = owner.delete(path)

    assert deleted.status_code == 204
    assert send_round() == 0
    found = fresh(endpoint)
    assert (found.state, found.disabled_reason) == (EndpointState.DISABLED, DisabledReason.DELETED)
    if what == "endpoint":
        assert owner.post(f"{path}restore/").json()["state"] == "disabled"
        publish()
        assert send_round() == 0
    assert receiver.arrivals == []


def test_an_endpoint_stops_with_the_person_who_set_it_up(
    club: Organization, owner: APIClient, publish: Publish, receiver: Receiver
) -> None:
    admin = member(club, Role.ADMIN)
    theirs = made(signed_in(admin), f"{receiver.url}/theirs")
    kept = made(owner, f"{receiver.url}/kept")
    membership = owner.get("/api/v1/memberships/", {"search": admin.email}).json()["results"][0]

    assert owner.delete(f"/api/v1/memberships/{membership['id']}/").status_code == 204
    publish()
    send_round()

    assert [arrival.path for arrival in receiver.arrivals] == ["/kept"]
    assert owner.get(f"{ENDPOINTS}{theirs['id']}/").json()["disabled_reason"] == "person_left"
    assert owner.get(f"{ENDPOINTS}{kept['id']}/").json()["state"] == "enabled"
    assert OutboxMessage.objects.get(type="webhook_endpoint.disabled").data["reason"] == "person_left"


def test_deliveries_are_found_by_what_they_are_about(club: Organization, owner: APIClient, publish: Publish) -> None:
    one, other = endpoint_at(club, "https://a.example.org"), endpoint_at(club, "https://b.example.org")
    (locked,) = publish(type="contest.locked", subject="contest/1")
    (opened,) = publish(type="contest.opened", subject="contest/2")

    def found(**query: object) -> list[tuple[str, str]]:
        rows = owner.get(DELIVERIES, query).json()["results"]
        return sorted((row["endpoint"], row["message"]) for row in rows)

    def pairs(*wanted: tuple[object, object]) -> list[tuple[str, str]]:
        return sorted((str(endpoint.pk), str(message.id)) for endpoint, message in wanted)  # type: ignore[attr-defined]

    assert found(type="contest.locked") == pairs((one, locked), (other, locked))
    assert found(subject="contest/2", endpoint=one.pk) == pairs((one, opened))
    assert found(message=opened.id) == pairs((one, opened), (other, opened))
    assert found(correlation_id="the-story", type="contest.opened") == pairs((one, opened), (other, opened))
    assert found(correlation_id="another-story") == []
    assert found(state="failed") == []
    assert len(found(state="pending", created_after="2020-01-01T00:00:00Z")) == 4
    assert found(created_before="2020-01-01T00:00:00Z") == []
