"""Mails on their way, what came of them, and who wants none."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from apps.core import clock
from apps.core.ids import new_id
from apps.core.versions import ScopedManager
from apps.notifications.enums import ON_ITS_WAY, MailKind, MailState, MailTopic


class EmailMessage(models.Model):
    """One mail to one address, as it was written when the thing happened that it tells of.

    `message_id` is the outbox message that it follows from (or the deletion, of a notice about one): with `kind` and
    the address it makes the mail's identity, so that a message that is told twice is mailed once. `copy` counts the
    times that somebody had it sent anew after it had arrived. Links that are secrets stand in `text` and `html` by
    name only. A mail of the platform's own has no organization.

    A worker claims it by writing a `lease` and a `next_attempt_at` at which the lease is over: if the worker is
    killed, the mail is due again then. A claim spends an attempt; where nobody could be asked it is given back.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, null=True, related_name="+", editable=False, db_index=False
    )
    message_id = models.UUIDField(editable=False)
    kind = models.CharField(max_length=20, choices=MailKind.choices, editable=False)
    topic = models.CharField(max_length=12, choices=MailTopic.choices, editable=False)
    recipient = models.EmailField(editable=False)
    user_id = models.UUIDField(null=True, editable=False)
    subject = models.CharField(max_length=300, blank=True, editable=False)
    text = models.TextField(blank=True, editable=False)
    html = models.TextField(blank=True, editable=False)
    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.QUEUED, editable=False)
    is_urgent = models.BooleanField(default=False, editable=False)
    copy = models.PositiveSmallIntegerField(default=0, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    next_attempt_at = models.DateTimeField(null=True, default=clock.now, editable=False)
    lease = models.UUIDField(null=True, editable=False)
    account = models.CharField(max_length=20, blank=True, editable=False)
    last_code = models.PositiveSmallIntegerField(null=True, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    correlation_id = models.CharField(max_length=64, blank=True, editable=False)
    traceparent = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)

    objects = ScopedManager()
    of_all_organizations: ClassVar[models.Manager[EmailMessage]] = models.Manager()

    personal_fields: ClassVar[tuple[str, ...]] = ("recipient", "subject", "text", "html")

    class Meta:
        verbose_name = "mail"
        ordering = ["-id"]
        constraints = [
            # the relay may tell of a message twice
            models.UniqueConstraint(F("message_id"), F("kind"), Lower("recipient"), name="email_once"),
            models.CheckConstraint(
                condition=Q(state__in=ON_ITS_WAY, next_attempt_at__isnull=False, finished_at__isnull=True)
                | (~Q(state__in=ON_ITS_WAY) & Q(next_attempt_at__isnull=True, finished_at__isnull=False)),
                name="email_due_until_finished",
            ),
            models.CheckConstraint(
                condition=Q(state=MailState.SENDING, lease__isnull=False)
                | (~Q(state=MailState.SENDING) & Q(lease__isnull=True)),
                name="email_leased_while_sent",
            ),
        ]
        indexes = [
            # the sender's queue
            models.Index(
                F("is_urgent").desc(),
                "next_attempt_at",
                "id",
                name="email_queue",
                condition=Q(state__in=ON_ITS_WAY),
            ),
            # the log, newest first; the cascade of an organization
            models.Index(fields=["organization", "-id"], name="email_list"),
            # what is old enough to be forgotten
            models.Index(fields=["created_at"], name="email_age"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} to {self.recipient}"


class SuppressedAddress(models.Model):
    """An address that refused mail for good: nothing more is sent there until an admin clears it.

    Each organization has its own list, and the platform one for its own mails: what bounced for one says nothing to
    another about whom that one writes to.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, null=True, related_name="+", editable=False, db_index=False
    )
    address = models.EmailField(editable=False)
    code = models.PositiveSmallIntegerField(null=True, editable=False)
    reason = models.CharField(max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = ScopedManager()
    of_all_organizations: ClassVar[models.Manager[SuppressedAddress]] = models.Manager()

    personal_fields: ClassVar[tuple[str, ...]] = ("address",)

    class Meta:
        verbose_name = "suppressed address"
        verbose_name_plural = "suppressed addresses"
        ordering = ["-id"]
        constraints = [
            # also what the sender asks before each mail, and the cascade of an organization
            models.UniqueConstraint(
                F("organization"), Lower("address"), name="suppressed_address_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return self.address


class MailSwitch(models.Model):
    """Whether a member wants the mails of a topic; without a row, the topic's own default holds."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )
    membership = models.ForeignKey(
        "accounts.Membership", on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )
    topic = models.CharField(max_length=12, choices=MailTopic.choices, editable=False)
    is_on = models.BooleanField(editable=False)

    objects = ScopedManager()
    of_all_organizations: ClassVar[models.Manager[MailSwitch]] = models.Manager()

    class Meta:
        constraints = [
            # also a member's switches
            models.UniqueConstraint(fields=["membership", "topic"], name="mail_switch_once"),
        ]
        indexes = [
            # who wants a topic; the cascade of an organization
            models.Index(fields=["organization", "topic"], name="mail_switch_of_topic"),
        ]

    def __str__(self) -> str:
        return f"{self.topic}: {'on' if self.is_on else 'off'}"


class Unsubscription(models.Model):
    """An address that wants no more mails of a topic from an organization, whoever has it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization = models.ForeignKey(
        "accounts.Organization", on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )
    address = models.EmailField(editable=False)
    topic = models.CharField(max_length=12, choices=MailTopic.choices, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = ScopedManager()
    of_all_organizations: ClassVar[models.Manager[Unsubscription]] = models.Manager()

    personal_fields: ClassVar[tuple[str, ...]] = ("address",)

    class Meta:
        constraints = [
            # also who of an organization's recipients wants none, and the cascade of an organization
            models.UniqueConstraint(F("organization"), F("topic"), Lower("address"), name="unsubscription_once"),
        ]

    def __str__(self) -> str:
        return f"{self.address}: {self.topic}"


class PurgeNotice(models.Model):
    """Says of a deletion that its people were told that it becomes final. Deletions are known by plain ids."""

    deletion_id = models.UUIDField(primary_key=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        indexes = [
            # what is old enough to be forgotten
            models.Index(fields=["created_at"], name="purge_notice_age"),
        ]

    def __str__(self) -> str:
        return str(self.deletion_id)
