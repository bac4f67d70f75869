"""A row becomes a letter: the links that are secrets are put in now, and nowhere kept."""

from __future__ import annotations

from email.utils import formataddr, parseaddr
from html import escape
from uuid import UUID, uuid5

from django.conf import settings
from django.core import signing
from django.urls import reverse

from apps.accounts.models import Organization, User
from apps.accounts.services.passwords import reset_token
from apps.integrations.mail import Letter
from apps.notifications.enums import MailTopic
from apps.notifications.models import EmailMessage
from apps.notifications.policies import is_optional
from apps.notifications.services.email.wording import PASSWORD_LINK
from apps.notifications.services.email.writing import UNSUBSCRIBE_LINK

SIGNED_FOR = "podium.mail.unsubscribe"


def letter_of(mail: EmailMessage) -> Letter:
    """What is handed to the server; at each attempt the same, but for the secrets of a mail that has some."""
    links = _links(mail)
    text, html = mail.text, mail.html
    for name, url in links.items():
        text, html = text.replace(name, url), html.replace(name, escape(url))
    return Letter(
        message_id=message_id_of(mail),
        sender=_sender(mail),
        recipient=mail.recipient,
        subject=mail.subject,
        text=text,
        html=html,
        written_at=mail.created_at,
        headers=_headers(mail, links.get(UNSUBSCRIBE_LINK)),
    )


def message_id_of(mail: EmailMessage) -> str:
    """The mail's `Message-ID`: of the same message, kind, address and copy always the same one."""
    mine = uuid5(mail.message_id, f"{mail.kind}:{mail.recipient.lower()}").hex[:16]
    again = f".{mail.copy}" if mail.copy else ""
    _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return f"{mail.message_id}.{mine}{again}@{address.rpartition('@')[2]}"


def unsubscribe_url(mail: EmailMessage) -> str:
    """Where one click ends the mails of a topic; it names no address."""
    token = signing.Signer(salt=SIGNED_FOR).sign(str(mail.pk))
    return settings.PUBLIC_URL + reverse("web:unsubscribe", args=[token])


def mail_of_token(token: str) -> EmailMessage | None:
    """The mail whose link this is; None where it is none of ours, or too old to be known."""
    try:
        mail_id = UUID(signing.Signer(salt=SIGNED_FOR).unsign(token))
    except (signing.BadSignature, ValueError):
        return None
    return EmailMessage.of_all_organizations.filter(pk=mail_id).first()


def _links(mail: EmailMessage) -> dict[str, str]:
    links = {}
    if UNSUBSCRIBE_LINK in mail.text:
        links[UNSUBSCRIBE_LINK] = unsubscribe_url(mail)
    if mail.topic == MailTopic.ACCOUNT and PASSWORD_LINK in mail.text:  # others may quote whoever wrote it so
        user = _account_of(mail)
        page = reverse("web:password", args=[user.pk, reset_token(user)]) if user else reverse("web:sign-in")
        links[PASSWORD_LINK] = settings.PUBLIC_URL + page
    return links


def _account_of(mail: EmailMessage) -> User | None:
    """Whose account a mail is about, while its address is theirs: an old one gets no key to the account."""
    user = User.objects.filter(pk=mail.user_id, is_active=True).first() if mail.user_id else None
    return user if user is not None and user.email.lower() == mail.recipient.lower() else None


def _headers(mail: EmailMessage, unsubscribe: str | None) -> dict[str, str]:
    headers = {}
    if mail.correlation_id:
        headers["X-Correlation-ID"] = mail.correlation_id
    if mail.traceparent:
        headers["traceparent"] = mail.traceparent
    if unsubscribe and is_optional(mail.topic):
        headers["List-Unsubscribe"] = f"<{unsubscribe}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    return headers


def _sender(mail: EmailMessage) -> str:
    """The platform's address under the organization's name."""
    names = Organization.all_objects.filter(pk=mail.organization_id).values_list("name", flat=True)
    name = names.first() if mail.organization_id else None
    if name is None:
        return settings.DEFAULT_FROM_EMAIL
    _, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((" ".join(name.split()), address))
