"""The link at the end of a mail: no more of these."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.accounts.models import Organization
from apps.core.errors import NotFound
from apps.notifications.enums import MailTopic
from apps.notifications.services.email import letters
from apps.notifications.services.email.unsubscribing import unsubscribe as end_mails
from apps.web.pages import page, show


@csrf_exempt  # mail programs post here by themselves, with no cookie and no form (RFC 8058); the link is the right
@require_http_methods(["GET", "HEAD", "POST"])
@page
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask; and with `POST`, from the page or from a mail program, do it."""
    mail = letters.mail_of_token(token)
    if mail is None:
        raise NotFound
    if request.method == "POST":
        end_mails(mail=mail)
    context = {
        "topic": MailTopic(mail.topic).label,
        "organization": Organization.all_objects.filter(pk=mail.organization_id).first(),
        "is_done": request.method == "POST",
    }
    return show(request, "web/unsubscribe.html", context)
