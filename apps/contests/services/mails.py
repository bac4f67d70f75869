"""Which mails follow from what happens to contests: who is seated, who signs next, whose result is out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.enums import Role
from apps.contests.enums import Visibility
from apps.contests.models import Assignment, Contest, Contestant, Judge
from apps.contests.selectors.sign_off import sign_off_steps
from apps.messaging.hooks import PublishedMessage
from apps.notifications.enums import MailKind
from apps.notifications.services.email.hooks import Draft, Recipient, Words
from apps.notifications.services.email.rules import draft_about, members
from apps.notifications.services.email.wording import page


def mails_about_contests(messages: Sequence[PublishedMessage]) -> list[Draft]:
    """Hook `mails_about`."""
    drafts: list[Draft] = []
    for message in messages:
        rule = RULES.get(message.type)
        contest = _contest_of(message) if rule else None
        if rule is not None and contest is not None:
            drafts += rule(message, contest)
    return drafts


def _contest_of(message: PublishedMessage) -> Contest | None:
    try:
        contest_id = UUID(str(message.data.get("id")))
    except ValueError:
        return None
    found: Contest | None = Contest.objects.filter(pk=contest_id).first()
    return found


def _signature_needed(message: PublishedMessage, contest: Contest) -> list[Draft]:
    """To everybody whose role signs next, as the chain stands now; who has signed is not asked again."""
    steps = sign_off_steps(contest)
    following = next((step for step in steps if step.signature is None), None)
    if following is None:
        return []
    given = {step.signature.signed_by for step in steps if step.signature is not None}
    asked = [one for one in members(contest.organization_id, [following.role]) if one.user_id not in given]
    words = Words(
        _("%(contest)s waits for your signature") % {"contest": contest.name},
        (
            _("The result of %(contest)s is locked. The next signature is for: %(role)s.")
            % {"contest": contest.name, "role": Role(following.role).label},
            _("Read the result before you sign: your signature is over exactly what it says."),
        ),
        (_("To the tally room"), page("web:tally", contest.pk)),
    )
    return [draft_about(message, MailKind.SIGNATURE_NEEDED, asked, words)]


def _result_published(message: PublishedMessage, contest: Contest) -> list[Draft]:
    """To its contestants and judges, where they may read it, and to the members who asked for it."""
    seats = Assignment.objects.filter(category__contest=contest).select_related("judge__user").order_by("pk")
    judges = _judges(seats)
    if contest.visibility == Visibility.PRIVATE:
        people = [judge for judge in judges if judge.user_id is not None]
    else:
        starters = Contestant.objects.filter(contest=contest).exclude(email="").order_by("pk")
        people = [*judges, *(Recipient(address) for address in starters.values_list("email", flat=True))]
    words = Words(
        _("The result of %(contest)s is out") % {"contest": contest.name},
        (_("The result of %(contest)s was certified, and has been published.") % {"contest": contest.name},),
        (_("To the result"), page("web:board", contest.pk)),
    )
    return [draft_about(message, MailKind.RESULT_PUBLISHED, people, words, to_subscribers=True)]


def _judges_seated(message: PublishedMessage, contest: Contest) -> list[Draft]:
    """One mail to each judge, with all the seats that they were given at once."""
    named = message.data["assignments"]
    return [
        draft_about(message, MailKind.JUDGE_SEATED, [recipient], _words_of_seats(contest, seats, recipient))
        for recipient, seats in _seats_of(named if isinstance(named, list) else []).items()
    ]


def _judges_reminded(message: PublishedMessage, contest: Contest) -> list[Draft]:
    """One mail to each judge, with what each of their seats lacked when it was asked for. It names no contestant."""
    told = message.data["missing"]
    missing: Mapping[str, int] = told if isinstance(told, Mapping) else {}
    return [
        draft_about(
            message, MailKind.JUDGE_REMINDED, [recipient], _words_of_missing(contest, seats, missing, recipient)
        )
        for recipient, seats in _seats_of(missing).items()
    ]


def _seats_of(named: Iterable[object]) -> Mapping[Recipient, list[Assignment]]:
    """These seats in order, by the people who sit there and have an address."""
    found = Assignment.objects.filter(pk__in=list(named)).select_related("judge__user", "category")
    seats_of: dict[Recipient, list[Assignment]] = {}
    for seat in found.order_by("category__position", "seat", "pk"):
        for recipient in _judges([seat]):
            seats_of.setdefault(recipient, []).append(seat)
    return seats_of


def _words_of_seats(contest: Contest, seats: Sequence[Assignment], recipient: Recipient) -> Words:
    named = ", ".join(f"{seat.seat} ({seat.category.name})" for seat in seats)
    return Words(
        _("You judge %(contest)s") % {"contest": contest.name},
        (
            _("You were given a seat on the panel of %(contest)s: %(seats)s.")
            % {"contest": contest.name, "seats": named},
        ),
        _to_scorecards(recipient),
    )


def _words_of_missing(
    contest: Contest, seats: Sequence[Assignment], missing: Mapping[str, int], recipient: Recipient
) -> Words:
    lines = [
        ngettext(
            "%(category)s, seat %(seat)s: %(count)d mark is missing.",
            "%(category)s, seat %(seat)s: %(count)d marks are missing.",
            missing[str(seat.pk)],
        )
        % {"category": seat.category.name, "seat": seat.seat, "count": missing[str(seat.pk)]}
        for seat in seats
    ]
    return Words(
        _("%(contest)s waits for your marks") % {"contest": contest.name},
        (_("%(contest)s is being scored, and marks of yours are missing.") % {"contest": contest.name}, *lines),
        _to_scorecards(recipient),
    )


def _to_scorecards(recipient: Recipient) -> tuple[str, str] | None:
    """The way there, for those who can sign in."""
    return (_("To your scorecards"), page("web:seats")) if recipient.user_id is not None else None


def _judges(seats: Iterable[Assignment]) -> list[Recipient]:
    """The people on these seats who have an address."""
    found = dict.fromkeys(mailbox_of(seat.judge) for seat in seats)
    return [recipient for recipient in found if recipient.address]


def mailbox_of(judge: Judge) -> Recipient:
    """A judge's address: their account's, else the one that was noted down, which may be empty."""
    if judge.user is not None and judge.user.is_active:
        return Recipient(judge.user.email, judge.user.pk)
    return Recipient(judge.email)


RULES: Mapping[str, Callable[[PublishedMessage, Contest], list[Draft]]] = {
    "contest.locked": _signature_needed,
    "contest.signed": _signature_needed,
    "contest.published": _result_published,
    "contest.judges_seated": _judges_seated,
    "contest.judges_reminded": _judges_reminded,
}
