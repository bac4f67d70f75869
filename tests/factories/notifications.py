"""Webhook endpoints, messages and deliveries; mails."""

from __future__ import annotations

import factory

from apps.core import clock
from apps.core.encryption import Sealed
from apps.core.ids import new_id
from apps.notifications.enums import DeliveryState, MailKind, MailState, MailTopic
from apps.notifications.models import (
    EmailMessage,
    SuppressedAddress,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
)
from apps.notifications.services.webhooks.signing import new_secret
from tests.factories.accounts import OrganizationFactory
from tests.factories.scoped import ScopedFactory


class WebhookEndpointFactory(ScopedFactory[WebhookEndpoint]):
    """An endpoint that wants everything."""

    class Meta:
        model = WebhookEndpoint

    organization = factory.SubFactory(OrganizationFactory)
    target_url = factory.Sequence(lambda n: f"https://receiver-{n}.example.org/hooks")
    secrets = factory.LazyFunction(lambda: Sealed.of([{"secret": new_secret(), "expires_at": None}]))


class WebhookMessageFactory(ScopedFactory[WebhookMessage]):
    """A message."""

    class Meta:
        model = WebhookMessage

    organization = factory.SubFactory(OrganizationFactory)
    type = "contest.locked"
    subject = factory.Sequence(lambda n: f"contest/{n}")
    sequence = 1
    occurred_at = factory.LazyFunction(clock.now)
    body = b'{"type":"contest.locked","data":{}}'


class WebhookDeliveryFactory(ScopedFactory[WebhookDelivery]):
    """A delivery that has failed for good."""

    class Meta:
        model = WebhookDelivery

    endpoint = factory.SubFactory(WebhookEndpointFactory)
    message = factory.SubFactory(WebhookMessageFactory, organization=factory.SelfAttribute("..endpoint.organization"))
    organization_id = factory.SelfAttribute("endpoint.organization_id")
    state = DeliveryState.FAILED
    attempts = 8
    next_attempt_at = None
    finished_at = factory.LazyFunction(clock.now)


class EmailMessageFactory(ScopedFactory[EmailMessage]):
    """A mail that was given up."""

    class Meta:
        model = EmailMessage

    organization = factory.SubFactory(OrganizationFactory)
    message_id = factory.LazyFunction(new_id)
    kind = MailKind.RESULT_PUBLISHED
    topic = MailTopic.RESULTS
    recipient = factory.Sequence(lambda n: f"recipient-{n}@example.org")
    subject = "The result is out"
    text = "It has been published."
    html = "<p>It has been published.</p>"
    state = MailState.FAILED
    attempts = 9
    next_attempt_at = None
    finished_at = factory.LazyFunction(clock.now)


class SuppressedAddressFactory(ScopedFactory[SuppressedAddress]):
    """An address that bounced."""

    class Meta:
        model = SuppressedAddress

    organization = factory.SubFactory(OrganizationFactory)
    address = factory.Sequence(lambda n: f"gone-{n}@example.org")
    code = 550
    reason = "5.1.1 No such user"
