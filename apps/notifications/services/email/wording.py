"""What mails say. Sentences go through gettext; names of people are not in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.notifications.enums import DisabledReason
from apps.notifications.services.email.hooks import Words

# Put in as the letter leaves, so that nobody who reads the log can use it.
PASSWORD_LINK = "[password link]"  # noqa: S105 - a name, and no password


NAMED = 20
"""So many deletions are named in one mail."""


def page(name: str, *args: object) -> str:
    """The whole address of a page."""
    return settings.PUBLIC_URL + reverse(name, args=args)


def words_of_membership(organization: str, role: str, *, has_password: bool) -> Words:
    """Somebody was made a member."""
    told = _("You are a member of %(organization)s on Podium now. Your role: %(role)s.")
    paragraphs = [told % {"organization": organization, "role": role}]
    subject = _("Welcome to %(organization)s") % {"organization": organization}
    if has_password:
        return Words(subject, tuple(paragraphs), (_("Go to Podium"), page("web:home")))
    paragraphs.append(_("An account was made for this address. Choose a password to sign in with."))
    paragraphs.append(_("The link is good for three days; the sign-in page sends you another."))
    return Words(subject, tuple(paragraphs), (_("Choose a password"), PASSWORD_LINK))


def words_of_new_role(organization: str, role: str) -> Words:
    """A member has another role."""
    told = _("Your role in %(organization)s has changed. You are now: %(role)s.")
    return Words(
        _("Your role in %(organization)s") % {"organization": organization},
        (told % {"organization": organization, "role": role},),
        (_("Go to Podium"), page("web:home")),
    )


def words_of_reset() -> Words:
    """Somebody has forgotten their password."""
    return Words(
        _("Choose a new password"),
        (
            _("Somebody, most likely you, asked for a new password for this account."),
            _("The link is good for three days and works once. All sessions end when it is used."),
            _("If it was not you, do nothing: your password stays as it is."),
        ),
        (_("Choose a new password"), PASSWORD_LINK),
    )


def words_of_new_password() -> Words:
    """A password was changed: whoever did not do it should know."""
    return Words(
        _("Your password was changed"),
        (
            _("The password of your Podium account was changed, and all sessions have ended."),
            _("If it was not you, choose a new one at once, and tell who runs your Podium."),
        ),
        (_("Sign in"), page("web:sign-in")),
    )


def words_of_disabled_endpoint(target_url: str, reason: str, endpoint_id: object) -> Words:
    """Nothing is sent to a webhook endpoint any more."""
    return Words(
        _("A webhook was disabled"),
        (
            _("Podium sends nothing more to %(url)s.") % {"url": target_url},
            _("Why: %(reason)s.") % {"reason": DisabledReason(reason).label},
            _("Once it works again, enable it; “recover” sends what it has missed."),
        ),
        (_("Look at the endpoint"), page("admin:notifications_webhookendpoint_change", endpoint_id)),
    )


def words_of_open_circuit(data: Mapping[str, object]) -> Words:
    """Calls to a service are refused for a while."""
    return Words(
        _("Circuit %(circuit)s is open") % {"circuit": data["circuit"]},
        (
            _("Calls to %(circuit)s fail, and are refused for a while: %(cause)s.")
            % {"circuit": data["circuit"], "cause": data["cause"]},
            _("Podium tries by itself whether the service is back. What waits for it is not lost."),
        ),
        (_("Look at the circuits"), page("admin:resilience_circuit_changelist")),
    )


@dataclass(frozen=True, slots=True)
class Due:
    """A deletion that becomes final: what it took (nothing where that would name somebody), its kind, and when."""

    label: str
    kind: str
    expires_at: datetime
    deletion_id: UUID

    def __str__(self) -> str:
        what = f"“{self.label}” ({self.kind})" if self.label else self.kind.capitalize()
        day = self.expires_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        return _("%(what)s on %(day)s") % {"what": what, "day": day}


def words_of_purges(slug: str | None, due: Sequence[Due]) -> Words:
    """What was deleted is about to go for good; with the page that undoes it. Without a slug, to operators."""
    told = tuple(str(one) for one in due[:NAMED])
    rest = (_("And %(count)s more.") % {"count": len(due) - NAMED},) if len(due) > NAMED else ()
    subject = _("%(count)s deletions become final in a few days") % {"count": len(due)}
    action = _("Look into the recycle bin"), page("web:bin", slug) if slug else page("admin:core_deletion_changelist")
    if len(due) == 1:
        (only,) = due
        subject = _("A deletion becomes final in a few days")
        if only.label:
            subject = _("“%(label)s” goes for good in a few days") % {"label": only.label}
        where = ("web:deletion", slug) if slug else ("admin:core_deletion_change",)
        action = _("Undo the deletion"), page(*where, only.deletion_id)
    first = _("This was deleted, and goes for good. Until then it can be brought back, exactly as it was:")
    return Words(subject, (first, *told, *rest), action)
