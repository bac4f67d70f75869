"""Asking judges who are behind for their marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from apps.contests.models import Contest
from apps.contests.policies import may_remind
from apps.contests.selectors.missing import SeatBehind, seats_behind
from apps.contests.services.announcing import announce_reminded
from apps.contests.services.holding import hold_for_update, require_scoring
from apps.contests.services.mails import mailbox_of
from apps.core import clock
from apps.core.access import Access
from apps.core.errors import Forbidden
from apps.core.outbox.models import OutboxMessage
from apps.core.rest.etags import require_version
from apps.notifications.enums import MailTopic, OutOfReach
from apps.notifications.services.email.reaching import out_of_reach

PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Reminders:
    """Every seat that is behind: those whose judge is written to, was so within the hour, or can't be."""

    contest: Contest
    reminded: Sequence[SeatBehind]
    reminded_lately: Sequence[SeatBehind]
    unreachable: Sequence[tuple[SeatBehind, OutOfReach]]

    @property
    def summary(self) -> str:
        """What became of it, as the end of a sentence that begins with the contest's name."""
        parts = [
            f"{_judges(self.reminded)} reminded by mail" if self.reminded else "",
            f"{_judges(self.reminded_lately)} reminded less than an hour ago" if self.reminded_lately else "",
            f"out of reach: {self._out_of_reach}" if self.unreachable else "",
        ]
        return f"has {', '.join(filter(None, parts)) or 'no judge who is behind'}."

    @property
    def _out_of_reach(self) -> str:
        return ", ".join(f"{one.seat.seat} ({why.label.lower()})" for one, why in self.unreachable)


@transaction.atomic
def remind_judges(*, contest_id: UUID, access: Access, version: int | None = None) -> Reminders:
    """Ask the judges who have marks to give for them, each at most once an hour for a contest.

    The contest is held, so that of two callers at once the second one sees whom the first one has reminded.

    Raises:
        NotFound: there is no such contest.
        Forbidden: the caller's role does not allow it.
        StaleVersion: the caller has read another `version`.
        ContestNotScoring, ContestLocked, ContestCertified: no marks are due now.
    """
    contest = hold_for_update(contest_id=contest_id)
    if not may_remind(access, contest):
        raise Forbidden("Your role does not allow you to remind judges.")
    require_version(contest, version)
    require_scoring(contest)
    behind = seats_behind(contest)
    mailboxes = [mailbox_of(one.seat.judge) for one in behind]
    out = out_of_reach(mailboxes, organization_id=contest.organization_id, topic=MailTopic.JUDGING)
    lately = _reminded_lately(contest)
    reachable = [one for one, mailbox in zip(behind, mailboxes, strict=True) if mailbox not in out]
    due = [one for one in reachable if str(one.seat.judge_id) not in lately]
    if due:
        announce_reminded(contest, due)
    return Reminders(
        contest,
        due,
        [one for one in reachable if str(one.seat.judge_id) in lately],
        [(one, out[mailbox]) for one, mailbox in zip(behind, mailboxes, strict=True) if mailbox in out],
    )


def _reminded_lately(contest: Contest) -> set[object]:
    """The judges whom the events of the last hour name."""
    told = OutboxMessage.objects.filter(
        type="contest.judges_reminded", subject=f"contest/{contest.pk}", created_at__gt=clock.now() - PAUSE
    )
    return {judge for data in told.values_list("data", flat=True) for judge in data["judges"]}


def _judges(seats: Sequence[SeatBehind]) -> str:
    number = len({one.seat.judge_id for one in seats})
    return f"{number} judge{'s' if number != 1 else ''}"
