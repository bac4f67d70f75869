"""Setting endpoints up, changing them, and their secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.core import clock
from apps.core.correlation.context import current
from apps.core.encryption import Sealed
from apps.core.errors import FieldError, Invalid
from apps.core.outbox.catalogue import catalogue
from apps.notifications.enums import DeliveryState, DisabledReason, EndpointState
from apps.notifications.errors import EndpointDisabled
from apps.notifications.messages import TEST_TYPE
from apps.notifications.models import WebhookDelivery, WebhookEndpoint, WebhookMessage
from apps.notifications.policies import is_pattern, is_wanted
from apps.notifications.services.webhooks.disabling import cancel_deliveries
from apps.notifications.services.webhooks.fanout import wake_sender
from apps.notifications.services.webhooks.payloads import render_body
from apps.notifications.services.webhooks.signing import RESERVED, new_secret
from apps.resilience.defaults import registry
from apps.resilience.http import ForbiddenTarget, check_url

# RFC 9110, section 5: a token, and visible ASCII with blanks between.
NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
VALUE = re.compile(r"[\x21-\x7e](?:[\t\x20-\x7e]{0,2000}[\x21-\x7e])?")

MOST_SECRETS = 10
"""Secrets in force. Each adds a signature to one header, and servers refuse a header of more than a few KiB."""
LIKENESS = 0.7


@transaction.atomic
def create_endpoint(
    *, organization_id: UUID, created_by: UUID | None, headers: Mapping[str, str] | None = None, **fields: Any
) -> tuple[WebhookEndpoint, str]:
    """Set an endpoint up.

    Returns:
        the endpoint, and its secret, which is not shown again.
    """
    check_fields({**fields, "headers": headers or {}})
    secret = new_secret()
    endpoint = WebhookEndpoint(
        organization_id=organization_id,
        created_by=created_by,
        headers=Sealed.of(dict(headers or {})),
        secrets=Sealed.of([{"secret": secret, "expires_at": None}]),
        **_with_reason(fields),
    )
    endpoint.save()
    return endpoint, secret


@transaction.atomic
def update_endpoint(*, endpoint: WebhookEndpoint, **changes: Any) -> WebhookEndpoint:
    """Change what is named. Disabling cancels what waits; enabling sends nothing old.

    Failures, pauses and the circuit's state are forgotten with the address that they are about, and when it is
    enabled.
    """
    check_fields(changes)
    was, led_to = endpoint.state, endpoint.target_url
    if "headers" in changes:
        sent = dict(changes.pop("headers"))
        if sent != endpoint.headers.open_or(None):
            endpoint.headers = Sealed.of(sent)
    for name, value in changes.items():
        setattr(endpoint, name, value)
    is_switched = endpoint.state != was
    if is_switched:
        vars(endpoint).update(_with_reason({"state": endpoint.state}))
    if is_switched or endpoint.target_url != led_to:
        endpoint.failing_since = endpoint.paused_until = None
        transaction.on_commit(partial(_close_circuit, endpoint), robust=True)
    endpoint.save()
    if is_switched:  # on as well as off: the relay may have told of something just when it was switched off
        cancel_deliveries(WebhookDelivery.of_all_organizations.filter(endpoint=endpoint))
    return endpoint


@transaction.atomic
def rotate_secret(*, endpoint: WebhookEndpoint, revoke_others: bool = False) -> str:
    """Give an endpoint a new secret; those before it go on signing for a while.

    Args:
        revoke_others: none of those before it signs any more, as one that has leaked should not.

    Returns:
        the secret, which is not shown again.
    """
    secret, now = new_secret(), clock.now()
    until = (now + settings.WEBHOOKS["SECRET_OVERLAP"]).isoformat()
    kept = [
        {**entry, "expires_at": entry["expires_at"] or until}
        for entry in ([] if revoke_others else endpoint.secrets.open_or([]))
        if entry["expires_at"] is None or entry["expires_at"] > now.isoformat()
    ]
    endpoint.secrets = Sealed.of([{"secret": secret, "expires_at": None}, *kept][:MOST_SECRETS])
    endpoint.save(update_fields=["secrets"])
    return secret


@transaction.atomic
def send_test(*, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Send a `webhook.test`, whatever the endpoint's filter says.

    Raises:
        EndpointDisabled: it is switched off.
    """
    refuse_disabled(endpoint)
    correlation, now = current(), clock.now()
    message = WebhookMessage(
        organization_id=endpoint.organization_id,
        type=TEST_TYPE,
        sequence=1,
        occurred_at=now,
        correlation_id=correlation.correlation_id if correlation else "",
        traceparent=(correlation.traceparent or "") if correlation else "",
    )
    message.subject = f"webhook_test/{message.pk}"  # its own: tests of an endpoint are no history of it
    message.body = render_body(
        message_id=message.pk,
        type=message.type,
        subject=message.subject,
        sequence=message.sequence,
        organization_id=endpoint.organization_id,
        occurred_at=now,
        data={"webhook_endpoint_id": str(endpoint.pk), "test_id": str(message.pk)},
    )
    message.save()
    delivery = WebhookDelivery(
        organization_id=endpoint.organization_id, endpoint=endpoint, message=message, state=DeliveryState.PENDING
    )
    delivery.save()
    wake_sender()
    return delivery


def _close_circuit(endpoint: WebhookEndpoint) -> None:
    registry().endpoint(str(endpoint.pk), endpoint.organization_id).breaker.circuit.reset(
        "another address, or enabled"
    )


def refuse_disabled(endpoint: WebhookEndpoint) -> None:
    """Refuse what an endpoint that is switched off can't do.

    Raises:
        EndpointDisabled: it is.
    """
    if endpoint.state != EndpointState.ENABLED:
        raise EndpointDisabled(f"{endpoint.get_disabled_reason_display()}. Enable the endpoint first.")


def check_fields(fields: Mapping[str, Any]) -> None:
    """Refuse what an endpoint can't have.

    Raises:
        Invalid: with an entry for each field.
    """
    found: list[FieldError] = []
    if "target_url" in fields:
        found += _faults_of_url(fields["target_url"])
    if "event_types" in fields:
        found += _faults_of_types(fields["event_types"])
    if "headers" in fields:
        found += _faults_of_headers(fields["headers"])
    if found:
        raise Invalid(found[0].detail, errors=found)


def _faults_of_url(url: str) -> list[FieldError]:
    try:
        check_url(url)
    except ForbiddenTarget as error:
        return [FieldError("#/target_url", error.code, error.detail)]
    return []


def _faults_of_types(patterns: Sequence[str]) -> list[FieldError]:
    known = [event.name for event in catalogue().values() if not event.of_platform]
    found = []
    for place, pattern in enumerate(patterns):
        pointer = f"#/event_types/{place}"
        if not is_pattern(pattern):
            detail = f"“{pattern}” is no event type. Write contest.locked, or contest.*: `*` stands for any part."
            found.append(FieldError(pointer, "INVALID_EVENT_TYPE", detail))
        elif not any(is_wanted(name, [pattern]) for name in known):
            near = get_close_matches(pattern, known, 1, LIKENESS)
            detail = f"No event is called {pattern}." + (f" Do you mean {near[0]}?" if near else "")
            found.append(FieldError(pointer, "UNKNOWN_EVENT_TYPE", detail))
    return found


def _faults_of_headers(headers: Mapping[str, str]) -> list[FieldError]:
    found = []
    for name, value in headers.items():
        if name.lower() in RESERVED:
            found.append(FieldError(f"#/headers/{name}", "RESERVED_HEADER", "This header is Podium's to set."))
        elif not NAME.fullmatch(name) or not VALUE.fullmatch(value):
            found.append(FieldError("#/headers", "INVALID_HEADER", "A header has a name, and a value in ASCII."))
    return found


def _with_reason(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields, with the reason that belongs to the state."""
    if "state" not in fields:
        return dict(fields)
    is_off = fields["state"] == EndpointState.DISABLED
    return {**fields, "disabled_reason": DisabledReason.BY_HAND.value if is_off else ""}
