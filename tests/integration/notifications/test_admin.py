"""Webhooks in the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.enums import Role
from apps.accounts.models import Organization
from apps.core.ids import new_id
from apps.core.tenancy import organization_scope
from apps.notifications.enums import DeliveryState
from apps.notifications.models import WebhookDelivery, WebhookEndpoint
from tests.factories.accounts import member
from tests.factories.notifications import WebhookDeliveryFactory, WebhookEndpointFactory
from tests.integration.notifications.conftest import Publish, deliveries, endpoint_at, fresh, send_round
from tests.receiver import Receiver

pytestmark = pytest.mark.django_db

ENDPOINTS = "/admin/notifications/webhookendpoint/"
DELIVERIES = "/admin/notifications/webhookdelivery/"
ATTEMPTS = "/admin/notifications/deliveryattempt/"
BODY = {
    "target_url": "https://hooks.example.org/in",
    "description": "",
    "event_types": "contest.*\nevent.published",
    "state": "enabled",
    "rate_limit": "",
}


@pytest.fixture
def client(club: Organization) -> Client:
    browser = Client()
    browser.force_login(member(club, Role.ADMIN))
    return browser


def messages(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def detail(name: str, row: Any) -> str:
    return reverse(f"admin:notifications_{row._meta.model_name}_{name}", args=[row.pk])


def test_a_new_endpoint_shows_its_secret_once(club: Organization, client: Client) -> None:
    response = client.post(f"{ENDPOINTS}add/", BODY, follow=True)

    with organization_scope(club.pk):
        endpoint = WebhookEndpoint.objects.get()
    secret = endpoint.secrets.open()[0]["secret"]
    assert endpoint.event_types == ["contest.*", "event.published"]
    assert [message for message in messages(response) if secret in message] != []
    assert secret not in client.get(detail("change", endpoint)).content.decode()


def test_what_an_endpoint_cannot_have_is_said_beside_its_field(client: Client) -> None:
    wrong = {"target_url": "https://10.0.0.1/", "event_types": "Con test\ncontest.lockd"}
    response = client.post(f"{ENDPOINTS}add/", {**BODY, **wrong})

    assert {name: list(errors) for name, errors in response.context["adminform"].form.errors.items()} == {
        "target_url": ["Podium connects to public addresses only."],
        "event_types": [
            "“Con test” is no event type. Write contest.locked, or contest.*: `*` stands for any part.",
            "No event is called contest.lockd. Do you mean contest.locked?",
        ],
    }


def test_switching_off_cancels_what_waits(club: Organization, client: Client, publish: Publish) -> None:
    endpoint = endpoint_at(club, "https://hooks.example.org/in")
    publish()
    form = {**BODY, "state": "disabled", "version_read": endpoint.version}

    client.post(detail("change", endpoint), form, follow=True)

    assert (fresh(endpoint).disabled_reason, fresh(endpoint).version) == ("by_hand", endpoint.version + 1)
    assert [delivery.state for delivery in deliveries(club)] == [DeliveryState.CANCELLED]


def test_buttons_ask_first_and_act_by_post(club: Organization, client: Client) -> None:
    endpoint = endpoint_at(club, "https://hooks.example.org/in")

    for name in ("send_test", "new_secret"):
        assert "step" in client.get(detail(name, endpoint)).context
    assert (deliveries(club), fresh(endpoint).version) == ([], endpoint.version)

    client.post(detail("send_test", endpoint))
    shown = messages(client.post(detail("new_secret", endpoint), follow=True))

    assert [delivery.message.type for delivery in deliveries(club)] == ["webhook.test"]
    newest, before = fresh(endpoint).secrets.open()
    assert newest["secret"] in " ".join(shown)
    assert before["secret"] not in " ".join(shown)


def test_secrets_that_have_leaked_are_revoked_by_a_button(club: Organization, client: Client) -> None:
    endpoint = endpoint_at(club, "https://hooks.example.org/in")

    assert client.get(detail("revoke_secrets", endpoint)).context["step"].is_grave
    (shown,) = messages(client.post(detail("revoke_secrets", endpoint), follow=True))

    (only,) = fresh(endpoint).secrets.open()
    assert only["secret"] in shown


def test_what_an_endpoint_missed_is_counted_and_recovered(club: Organization, client: Client) -> None:
    endpoint = endpoint_at(club, "https://hooks.example.org/in")
    kept = WebhookDeliveryFactory.create(endpoint=endpoint)
    WebhookDeliveryFactory.create(endpoint=endpoint, message__body=None)
    other = WebhookDeliveryFactory.create(endpoint=endpoint_at(club, "https://other.example.org/in"))

    page = client.get(detail("recover", endpoint))
    assert "Yes, send it again" in page.content.decode()
    asked = page.context["step"].text
    shown = messages(client.post(detail("recover", endpoint), follow=True))

    assert (asked.partition(" since ")[0], shown) == (
        "https://hooks.example.org/in has missed 1",
        ["On their way again: 1."],
    )
    assert [d.pk for d in deliveries(club) if d.state == DeliveryState.PENDING] == [kept.pk]
    nothing = client.get(detail("recover", endpoint))
    assert nothing.context["step"].text == "https://hooks.example.org/in has missed nothing that could be sent again."
    assert "Yes, send it again" not in nothing.content.decode()
    assert messages(client.post(detail("recover", endpoint), follow=True)) == ["On their way again: 0."]
    other.refresh_from_db()
    assert other.state == DeliveryState.FAILED


def test_an_endpoints_page_leads_to_its_deliveries(club: Organization, client: Client) -> None:
    one, other = (endpoint_at(club, f"https://{name}.example.org/in") for name in "ab")
    mine = WebhookDeliveryFactory.create(endpoint=one)
    WebhookDeliveryFactory.create(endpoint=other)
    listed = f"{DELIVERIES}?endpoint__id__exact={one.pk}"

    assert f'href="{listed}"' in client.get(detail("change", one)).content.decode()
    assert [row.pk for row in client.get(listed).context["cl"].result_list] == [mine.pk]


def test_a_delivery_shows_its_attempts_and_is_sent_again(
    club: Organization, client: Client, publish: Publish, receiver: Receiver
) -> None:
    endpoint_at(club, receiver.url)
    publish()
    send_round()
    (delivery,) = deliveries(club)

    page = client.get(detail("change", delivery)).content.decode()
    assert [text for text in ("the-story", "thanks", "contest.locked", receiver.url) if text not in page] == []
    assert client.get(ATTEMPTS).context["cl"].result_count == 1

    client.post(detail("send_again", delivery))
    send_round()
    assert [arrival.message_id for arrival in receiver.arrivals] == [str(delivery.message_id)] * 2


def test_dead_letters_are_found_and_sent_again_together(club: Organization, client: Client) -> None:
    endpoint = endpoint_at(club, "https://hooks.example.org/in")
    dead = [WebhookDeliveryFactory.create(endpoint=endpoint) for _ in range(2)]
    WebhookDeliveryFactory.create(endpoint=WebhookEndpointFactory.create())  # another club's

    listed = client.get(DELIVERIES, {"state__exact": "failed"}).context["cl"].result_count
    chosen = {"action": "redeliver_selected", "_selected_action": [str(row.pk) for row in dead]}
    shown = messages(client.post(DELIVERIES, chosen, follow=True))

    assert (listed, shown) == (2, ["On their way again: 2."])
    assert {delivery.state for delivery in deliveries(club)} == {DeliveryState.PENDING}
    assert WebhookDelivery.of_all_organizations.filter(state=DeliveryState.FAILED).count() == 1


@pytest.mark.parametrize("path", [ENDPOINTS, DELIVERIES, ATTEMPTS])
def test_webhooks_are_for_those_who_manage_them(path: str, club: Organization) -> None:
    browser = Client()
    browser.force_login(member(club, Role.ORGANIZER))

    assert browser.get(path).status_code == 403


def test_another_clubs_rows_are_not_there(client: Client) -> None:
    strange = WebhookDeliveryFactory.create()

    for path in (detail("change", strange), detail("change", strange.endpoint), detail("send_again", strange)):
        assert client.get(path).status_code == 404


BUTTONS = ["webhookendpoint_send_test", "webhookendpoint_recover", "webhookendpoint_new_secret"]
BUTTONS += ["webhookendpoint_revoke_secrets"]
BUTTONS += ["webhookdelivery_send_again"]
BUTTONS += ["emailmessage_send_again", "suppressedaddress_clear"]


@pytest.mark.parametrize("button", BUTTONS)
def test_a_button_of_a_row_that_is_not_there_is_not_there(button: str, client: Client) -> None:
    url = reverse(f"admin:notifications_{button}", args=[new_id()])

    assert (client.get(url).status_code, client.post(url).status_code) == (404, 404)
