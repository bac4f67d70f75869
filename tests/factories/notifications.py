"""Webhook endpoints, messages and deliveries."""

from __future__ import annotations

import factory

from apps.core import clock
from apps.core.encryption import Sealed
from apps.notifications.enums import DeliveryState
from apps.notifications.models import WebhookDelivery, WebhookEndpoint, WebhookMessage
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
