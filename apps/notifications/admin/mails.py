"""Mails in the admin: what was sent and what came of it, how it looks, and addresses that are given up."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from apps.core.access import Capability
from apps.core.each import do_each
from apps.core.softdelete.editing import FoundAdmin
from apps.notifications.admin.reading import ReadOnly
from apps.notifications.admin.steps import Question, ask
from apps.notifications.enums import MailState
from apps.notifications.models import EmailMessage, SuppressedAddress
from apps.notifications.services.email.letters import message_id_of
from apps.notifications.services.email.resending import clear_address, resend

STATES = {
    MailState.QUEUED.label: "info",
    MailState.SENDING.label: "info",
    MailState.SENT.label: "success",
    MailState.FAILED.label: "danger",
    MailState.BOUNCED.label: "danger",
    MailState.SUPPRESSED.label: "warning",
    MailState.CANCELLED.label: "warning",
}
# In a frame without any rights: a mail is shown, and runs nothing.
PREVIEW = '<iframe sandbox srcdoc="{}" title="{}" class="bg-white rounded-default w-full" height="480"></iframe>'


@admin.register(EmailMessage)
class EmailMessageAdmin(ReadOnly, FoundAdmin):
    """Every mail, the newest first. Without a mail server they are also files in `PODIUM_HOME/mail`."""

    capability: ClassVar[Capability] = Capability.MANAGE_PEOPLE
    list_display = ["created_at", "kind", "recipient", "subject", "badge", "attempts", "last_code", "next_attempt_at"]
    list_filter = ["state", "kind", "created_at"]
    list_fullwidth = True
    search_fields = ["recipient", "subject", "correlation_id"]
    ordering = ["-id"]
    fields = [
        ("kind", "badge"),
        ("recipient", "topic"),
        "subject",
        "sent_as",
        ("story", "event_id"),
        ("attempts", "next_attempt_at"),
        ("last_code", "account"),
        "last_error",
        ("created_at", "finished_at"),
        "preview",
        "plain",
    ]
    actions = ["resend_selected"]
    actions_detail = ["send_again"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[EmailMessage]:
        """The organization's own; those of the platform too for its staff."""
        rows: models.QuerySet[EmailMessage] = EmailMessage.objects.order_by("-id")
        return rows

    def has_step_permission(self, request: HttpRequest, mail: EmailMessage) -> bool:
        """Whether the button is for this caller."""
        return self.has_view_permission(request, mail)

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """Whether the caller may send again."""
        return self.has_view_permission(request)

    @display(description="State", ordering="state", label=STATES)  # type: ignore[untyped-decorator]
    def badge(self, mail: EmailMessage) -> str:
        """The state, as a badge."""
        return mail.get_state_display()

    @admin.display(description="Message-ID")
    def sent_as(self, mail: EmailMessage) -> str:
        """What servers and mail programs call it."""
        return message_id_of(mail)

    @admin.display(description="Correlation ID")
    def story(self, mail: EmailMessage) -> str:
        """The story that it is part of."""
        return mail.correlation_id

    @admin.display(description="Event's ID")
    def event_id(self, mail: EmailMessage) -> str:
        """What it follows from."""
        return str(mail.message_id)

    @admin.display(description="Preview")
    def preview(self, mail: EmailMessage) -> SafeString | str:
        """How it looks; secret links are names here."""
        return format_html(PREVIEW, mail.html, mail.subject) if mail.html else "Erased"

    @admin.display(description="Plain text")
    def plain(self, mail: EmailMessage) -> SafeString | str:
        """What programs without HTML show."""
        return format_html('<div style="white-space: pre-wrap">{}</div>', mail.text) if mail.text else "Erased"

    @action(description="Send again", icon="forward_to_inbox")  # type: ignore[untyped-decorator]
    def send_again(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same mail; one that had arrived as another copy."""
        return ask(self, request, object_id, _again)

    @admin.action(description="Send selected mails again", permissions=["resend"])
    def resend_selected(self, request: HttpRequest, queryset: models.QuerySet[EmailMessage]) -> None:
        """Each that is finished and whose words are there."""
        do_each(request, queryset, lambda mail: resend(mail_id=mail.pk), done="On their way again")


@admin.register(SuppressedAddress)
class SuppressedAddressAdmin(ReadOnly, FoundAdmin):
    """Addresses that refused mail for good."""

    capability: ClassVar[Capability] = Capability.MANAGE_PEOPLE
    list_display = ["address", "code", "reason", "created_at"]
    search_fields = ["address", "reason"]
    ordering = ["-id"]
    fields = ["address", "code", "reason", "created_at"]
    actions = ["clear_selected"]
    actions_detail = ["clear"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[SuppressedAddress]:
        """The organization's own."""
        rows: models.QuerySet[SuppressedAddress] = SuppressedAddress.objects.order_by("-id")
        return rows

    def has_step_permission(self, request: HttpRequest, address: SuppressedAddress) -> bool:
        """Whether the button is for this caller."""
        return self.has_view_permission(request, address)

    def has_clear_permission(self, request: HttpRequest) -> bool:
        """Whether the caller may clear."""
        return self.has_view_permission(request)

    @admin.action(description="Clear selected addresses", permissions=["clear"])
    def clear_selected(self, request: HttpRequest, queryset: models.QuerySet[SuppressedAddress]) -> None:
        """Let them have mail again."""
        cleared = list(queryset)
        for address in cleared:
            clear_address(address=address)
        messages.success(request, f"Cleared: {len(cleared)}.")

    @action(description="Clear this address", icon="mark_email_read")  # type: ignore[untyped-decorator]
    def clear(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let it have mail again."""
        return ask(self, request, object_id, _clear)


def _again(mail: EmailMessage) -> Question:
    def run() -> str:
        resend(mail_id=mail.pk)
        return "It is on its way again."

    return Question("Send this mail again?", f"“{mail.subject}” to {mail.recipient}.", "Yes, send it again", run)


def _clear(address: SuppressedAddress) -> Question:
    def run() -> str:
        clear_address(address=address)
        return "It gets mail again. What was held back can be sent again from the list of mails."

    text = f"{address.address} refused mail: {address.reason or 'no reason was given'}."
    addresses = reverse("admin:notifications_suppressedaddress_changelist")
    return Question("Clear this address?", text, "Yes, clear it", run, leads_to=addresses)
