"""What contests refuse, each with a stable code."""

from __future__ import annotations

from apps.core.errors import Conflict, Forbidden, NotFound
from apps.core.rest.constraints import AlreadyExists


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


class BoardFrozen(Conflict):
    """The public board is frozen already."""

    code = "BOARD_FROZEN"
    title = "The board is frozen"


class BoardNotFrozen(Conflict):
    """There is no freeze to lift."""

    code = "BOARD_NOT_FROZEN"
    title = "The board is not frozen"


class NothingToFreeze(Conflict):
    """A draft has no board yet, and a published result is final."""

    code = "NOTHING_TO_FREEZE"
    title = "There is no board to freeze"


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


class AlreadyMarked(AlreadyExists):
    """The seat has marked this criterion of this entry already."""

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


class NotASignatory(Forbidden):
    """The caller's role is not in the contest's sign-off chain."""

    code = "NOT_A_SIGNATORY"
    title = "You don't sign this result"


class NotYourTurn(Conflict):
    """Results are signed in order; `next` in the document is the role whose turn it is."""

    code = "NOT_YOUR_TURN"
    title = "Somebody else signs first"


class AlreadySigned(Conflict):
    """Each signature is another person's."""

    code = "ALREADY_SIGNED"
    title = "You have signed already"


class ResultDiffers(Conflict):
    """The digest to sign is not that of the result as it stands, which is `digest` in the document."""

    code = "RESULT_DIFFERS"
    title = "This is not the result as it stands"


class SignOffBlocked(Conflict):
    """Something has to be done before the result can be signed; `blocks` says what."""

    code = "SIGN_OFF_BLOCKED"
    title = "The result can't be signed yet"


class NothingToCorrect(Conflict):
    """An erratum is about a certification that was published and voided."""

    code = "NOTHING_TO_CORRECT"
    title = "There is nothing to correct"


class SignaturesGiven(Conflict):
    """What has been signed stays as it is; reopen the contest, which voids the signatures."""

    code = "SIGNATURES_GIVEN"
    title = "Somebody has signed this already"


class DrawTooLate(Conflict):
    """Marks were given in the order that there is, so that no other one can be drawn."""

    code = "DRAW_TOO_LATE"
    title = "Marks were given already"


class NothingToDraw(Conflict):
    """Nobody who competes is entered in the category."""

    code = "NOTHING_TO_DRAW"
    title = "Nobody is entered"


class TotalsBusy(Conflict):
    """Totals can't be compared with marks that change all the time."""

    code = "TOTALS_BUSY"
    title = "The totals are changing"
