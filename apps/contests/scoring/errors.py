"""What the scoring core refuses. Each carries one `FieldError` per field or row."""

from __future__ import annotations

from apps.core.errors import Conflict, Invalid


class InvalidRule(Invalid):
    """A scoring or contest rule that can't be applied; pointers are into the rule (`#/drop_high`)."""

    code = "INVALID_SCORING_RULE"
    title = "The scoring rule is not valid"


class InvalidSheet(Invalid):
    """Marks, entries or seats that contradict each other. Pointers go into the sheet: `#/marks/12`."""

    code = "INVALID_SCORE_SHEET"
    title = "The score sheet is not valid"


class NotEnoughJudges(Conflict):
    """Panels can't be filled by the judges that there are, within the load that they may have."""

    code = "NOT_ENOUGH_JUDGES"
    title = "There are not enough judges"
