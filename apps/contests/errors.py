"""What contests refuse, each with a stable code."""

from __future__ import annotations

from apps.core.errors import Conflict, Forbidden, NotFound


class TransitionNotAllowed(Conflict):
    """The contest can't go there from where it stands; `allowed` in the document names the ways it can."""

    code = "TRANSITION_NOT_ALLOWED"
    title = "The contest can't do this now"


class ContestLocked(Conflict):
    """Marks, deductions and structure of a locked contest are read-only; reopen it, or void its certification."""

    code = "CONTEST_LOCKED"
    title = "The contest is locked"


class ContestNotScoring(Conflict):
    """Marks are taken only while the contest is being scored."""

    code = "CONTEST_NOT_SCORING"
    title = "The contest is not being scored"


class ContestCertified(Conflict):
    """A certified contest and everything in it stays until an owner voids the certification."""

    code = "CONTEST_CERTIFIED"
    title = "The contest is certified"


class MarksMissing(Conflict):
    """A category whose rule blocks on missing marks lacks some; `errors` names each."""

    code = "MARKS_MISSING"
    title = "Marks are missing"


class ConflictOfInterest(Conflict):
    """This judge doesn't mark this contestant: own affiliation, or recused."""

    code = "CONFLICT_OF_INTEREST"
    title = "This judge may not mark this contestant"


class EntryNotCompeting(Conflict):
    """Withdrawn, disqualified or not started: it takes no marks."""

    code = "ENTRY_NOT_COMPETING"
    title = "This entry does not compete"


class SeatNotMarking(Conflict):
    """A reserve takes no part in the panel until its role is changed."""

    code = "SEAT_NOT_MARKING"
    title = "This seat does not mark"


class AlreadyMarked(Conflict):
    """The seat has marked this criterion of this entry already."""

    code = "ALREADY_EXISTS"
    title = "Already marked"


class DeductionReversed(Conflict):
    """A reversed deduction stays as it is."""

    code = "DEDUCTION_REVERSED"
    title = "This deduction was reversed"


class NotYourSeat(Forbidden):
    """Judges mark from their own seats; other people's are for the tally room."""

    code = "NOT_YOUR_SEAT"


class NotCertified(NotFound):
    """There is no certification in force."""

    code = "NOT_CERTIFIED"
    title = "Not certified"
