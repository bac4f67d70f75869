"""What is kept of webhooks, for how long, and what goes with an erased person."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from apps.accounts.models import Organization
from apps.core import clock
from apps.core.encryption import Sealed, UnreadableSecretError
from apps.core.erasure.hooks import ErasedPerson
from apps.core.ids import new_id
from apps.core.softdelete.services import delete_object
from apps.notifications.enums import DeliveryState
from apps.notifications.models import DeliveryAttempt, WebhookDelivery, WebhookEndpoint, WebhookMessage
from apps.notifications.services.webhooks.retention import forget_erased, forget_old
from tests.integration.notifications.conftest import Publish, deliveries, endpoint_at, fresh, send_round
from tests.receiver import Receiver

pytestmark = pytest.mark.django_db


def test_attempts_are_kept_thirty_days_and_payloads_ninety(
    club: Organization, publish: Publish, receiver: Receiver
) -> None:
    endpoint_at(club, receiver.url)
    publish(3)
    send_round()
    old, middle, _ = WebhookMessage.objects.order_by("pk")
    for message, days in ((old, 91), (middle, 31)):
        moment = clock.now() - timedelta(days=days)
        WebhookMessage.objects.filter(pk=message.pk).update(created_at=moment)
        DeliveryAttempt.of_all_organizations.filter(delivery__message=message).update(started_at=moment)

    assert forget_old(batch=1) == {"attempts": 2, "messages": 1}

    assert WebhookMessage.objects.count() == WebhookDelivery.of_all_organizations.count() == 2
    assert DeliveryAttempt.of_all_organizations.count() == 1


def test_a_payload_goes_with_the_person_whom_it_names(
    club: Organization, publish: Publish, receiver: Receiver
) -> None:
    endpoint_at(club, receiver.url)
    (naming,) = publish(data={"note": 'Zoë "Z" O\'Hara rang'})
    (other,) = publish(data={"note": "Joe rang"})

    forget_erased(ErasedPerson(new_id(), {}, ("zoe@example.org",), ('Zoë "Z" O\'Hara',)))
    send_round()

    assert [arrival.message_id for arrival in receiver.arrivals] == [str(other.id)]
    assert {d.message_id: (d.state, d.message.body is None) for d in deliveries(club)} == {
        naming.id: (DeliveryState.CANCELLED, True),
        other.id: (DeliveryState.DELIVERED, False),
    }


def test_keys_are_changed_without_losing_a_secret(settings: Settings) -> None:
    derived = Sealed.of({"a": 1})
    settings.ENCRYPTION_KEYS = ("the first key, thirty-two letters",)
    first = Sealed.of({"b": 2})
    settings.ENCRYPTION_KEYS = ("the second key, also a long one...", *settings.ENCRYPTION_KEYS)

    assert (derived.open(), first.open()) == ({"a": 1}, {"b": 2})
    renewed = first.renewed()
    settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS[:1]
    assert renewed.open() == {"b": 2}
    with pytest.raises(UnreadableSecretError):
        first.open()
    assert repr(renewed) == "Sealed(•••)"


def test_one_command_encrypts_every_endpoint_anew(club: Organization, settings: Settings) -> None:
    endpoint = endpoint_at(club, "https://a.example.org", headers=Sealed.of({"X-Team": "7"}))
    secrets = endpoint.secrets.open()
    settings.ENCRYPTION_KEYS = ("a new key of one's own, thirty-two",)

    call_command("reencrypt_secrets", stdout=StringIO())

    settings.SECRET_KEY = "the one that it was derived from is another now, and nobody minds"
    found = fresh(endpoint)
    assert (found.secrets.open(), found.headers.open(), found.version) == (secrets, {"X-Team": "7"}, endpoint.version)


def test_what_no_key_opens_any_more_is_named_and_keeps_nothing_else_from_a_new_key(
    club: Organization, settings: Settings
) -> None:
    settings.ENCRYPTION_KEYS = ("a key that will be lost, thirty-two",)
    lost = endpoint_at(club, "https://a.example.org")
    settings.ENCRYPTION_KEYS = ()
    kept, gone = (endpoint_at(club, f"https://{name}.example.org") for name in "bc")
    delete_object(root=gone)
    settings.ENCRYPTION_KEYS = ("a new key of one's own, thirty-two",)

    with pytest.raises(CommandError, match=str(lost.pk)):
        call_command("reencrypt_secrets", stdout=StringIO())

    settings.SECRET_KEY = "the one that it was derived from is another now, and nobody minds"
    assert [WebhookEndpoint._base_manager.get(pk=row.pk).headers.open() for row in (kept, gone)] == [{}, {}]
    with pytest.raises(UnreadableSecretError):
        fresh(lost).headers.open()


def test_an_endpoint_whose_key_is_lost_fails_alone(
    club: Organization, publish: Publish, receiver: Receiver, settings: Settings
) -> None:
    settings.ENCRYPTION_KEYS = ("a key that will be lost, thirty-two",)
    endpoint_at(club, f"{receiver.url}/lost")
    settings.ENCRYPTION_KEYS = ()
    endpoint_at(club, f"{receiver.url}/kept")
    publish()

    send_round()

    assert [arrival.path for arrival in receiver.arrivals] == ["/kept"]
    assert sorted((d.state, d.last_error) for d in deliveries(club)) == [
        (DeliveryState.DELIVERED, ""),
        (DeliveryState.PENDING, "secret_unreadable"),
    ]
