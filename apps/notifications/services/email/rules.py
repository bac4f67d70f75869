"""Which mails follow from what has happened: people, webhooks and the platform; contests answer for themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from django.conf import settings

from apps.accounts.enums import Role
from apps.accounts.models import Membership, Organization, User
from apps.messaging.hooks import PublishedMessage
from apps.notifications.enums import MailKind
from apps.notifications.models import WebhookEndpoint
from apps.notifications.services.email import wording
from apps.notifications.services.email.hooks import Draft, Recipient, Words, mails_about
from apps.notifications.services.email.writing import write_mails
from apps.resilience.config import State

Rule = Callable[[PublishedMessage], Draft | None]


def mail_what_follows(messages: Sequence[PublishedMessage]) -> None:
    """Hook `messages_published`: write the mails that follow, as rows; idempotent by message, kind and address."""
    drafts = [draft for answer in mails_about(messages) for draft in answer]
    if drafts:
        write_mails(drafts)


def mails_of_the_platform(messages: Sequence[PublishedMessage]) -> list[Draft]:
    """Hook `mails_about`: what this app and those below it tell."""
    found = (RULES[message.type](message) for message in messages if message.type in RULES)
    return [draft for draft in found if draft is not None]


def draft_about(
    message: PublishedMessage, kind: MailKind, recipients: Iterable[Recipient], words: Words, **more: bool
) -> Draft:
    """A draft that follows from a message."""
    return Draft(
        kind=kind,
        organization_id=message.organization_id,
        message_id=message.id,
        recipients=list(recipients),
        words=words,
        correlation_id=message.correlation_id,
        traceparent=message.traceparent,
        **more,
    )


def members(organization_id: object, roles: Iterable[str]) -> list[Recipient]:
    """Those with one of these roles, who can sign in."""
    found = Membership.objects.filter(
        organization_id=organization_id, role__in=list(roles), user__is_active=True, user__deleted_at__isnull=True
    )
    return [Recipient(address, pk) for address, pk in found.order_by("pk").values_list("user__email", "user_id")]


def _member_added(message: PublishedMessage) -> Draft | None:
    user, organization = _person(message), _organization(message)
    if user is None or organization is None:
        return None
    role = Role(str(message.data["role"])).label
    words = wording.words_of_membership(organization.name, str(role), has_password=user.has_usable_password())
    return draft_about(message, MailKind.MEMBERSHIP, [Recipient(user.email, user.pk)], words)


def _role_changed(message: PublishedMessage) -> Draft | None:
    user, organization = _person(message), _organization(message)
    if user is None or organization is None:
        return None
    role = Role(str(message.data["role"])).label
    words = wording.words_of_new_role(organization.name, str(role))
    return draft_about(message, MailKind.ROLE_CHANGED, [Recipient(user.email, user.pk)], words)


def _reset_requested(message: PublishedMessage) -> Draft | None:
    user = _person(message)
    if user is None:
        return None
    return draft_about(message, MailKind.PASSWORD_RESET, [Recipient(user.email, user.pk)], wording.words_of_reset())


def _password_changed(message: PublishedMessage) -> Draft | None:
    user = _person(message)
    if user is None:
        return None
    words = wording.words_of_new_password()
    return draft_about(message, MailKind.PASSWORD_CHANGED, [Recipient(user.email, user.pk)], words)


def _endpoint_disabled(message: PublishedMessage) -> Draft | None:
    """To who set the endpoint up, while they are a member; else to the organization's owners."""
    endpoint: WebhookEndpoint | None = WebhookEndpoint.objects.filter(
        pk=str(message.data["webhook_endpoint_id"])
    ).first()
    if endpoint is None:
        return None
    theirs = Membership.objects.filter(
        organization_id=endpoint.organization_id, user=endpoint.created_by, user__is_active=True
    )
    author = [Recipient(address, pk) for address, pk in theirs.values_list("user__email", "user_id")]
    recipients = author or members(endpoint.organization_id, [Role.OWNER])
    words = wording.words_of_disabled_endpoint(endpoint.target_url, str(message.data["reason"]), endpoint.pk)
    return draft_about(message, MailKind.WEBHOOK_DISABLED, recipients, words)


def _circuit_opened(message: PublishedMessage) -> Draft | None:
    """Once for each outage: a circuit whose probes fail opens again every few minutes, and that is no news."""
    if message.data["previous_state"] == State.HALF_OPEN:
        return None
    return draft_about(message, MailKind.CIRCUIT_OPENED, operators(), wording.words_of_open_circuit(message.data))


def operators() -> list[Recipient]:
    """Whom the setting names; without one, everybody who is staff."""
    if settings.OPERATOR_EMAILS:
        return [Recipient(address) for address in settings.OPERATOR_EMAILS]
    staff = User.objects.filter(is_staff=True, is_active=True).order_by("pk")
    return [Recipient(address, pk) for address, pk in staff.values_list("email", "pk")]


def _person(message: PublishedMessage) -> User | None:
    user: User | None = User.objects.filter(pk=str(message.data["user_id"]), is_active=True).first()
    return user


def _organization(message: PublishedMessage) -> Organization | None:
    organization: Organization | None = Organization.objects.filter(pk=message.organization_id).first()
    return organization


RULES: Mapping[str, Rule] = {
    "member.added": _member_added,
    "member.role_changed": _role_changed,
    "user.password_reset_requested": _reset_requested,
    "user.password_changed": _password_changed,
    "webhook_endpoint.disabled": _endpoint_disabled,
    "circuit.opened": _circuit_opened,
}
