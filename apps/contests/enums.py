"""Where contests, contestants and seats stand."""

from django.db import models


class ContestStatus(models.TextChoices):
    """`draft → open → scoring → locked → certified → published`."""

    DRAFT = "draft", "Draft"
    OPEN = "open", "Open for entries"
    SCORING = "scoring", "Being scored"
    LOCKED = "locked", "Locked"
    CERTIFIED = "certified", "Certified"
    PUBLISHED = "published", "Published"


class Visibility(models.TextChoices):
    """Who may read the published board."""

    PRIVATE = "private", "Members only"
    UNLISTED = "unlisted", "Anyone with the link"
    PUBLIC = "public", "Everyone"


class PublicBoardState(models.TextChoices):
    """What somebody sees of the standings who has not signed in."""

    WITHHELD = "withheld", "Not shown yet"
    LIVE = "live", "Live"
    FROZEN = "frozen", "Frozen"
    PUBLISHED = "published", "Published"


class ContestantStatus(models.TextChoices):
    """Whether a contestant takes part."""

    ENTERED = "entered", "Entered"
    WITHDRAWN = "withdrawn", "Withdrawn"
    DISQUALIFIED = "disqualified", "Disqualified"


class EntryState(models.TextChoices):
    """What became of a contestant's start in one category."""

    ENTERED = "entered", "Entered"
    NO_SHOW = "no_show", "Did not start"
    WITHDRAWN = "withdrawn", "Withdrawn"
    DISQUALIFIED = "disqualified", "Disqualified"


class SeatRole(models.TextChoices):
    """What a judge does on a panel."""

    JUDGE = "judge", "Judge"
    HEAD_JUDGE = "head_judge", "Head judge"
    RESERVE = "reserve", "Reserve"


class ScoreState(models.TextChoices):
    """What a recorded mark says. A missing mark has no row, which is neither a zero nor an absence."""

    SCORED = "scored", "Scored"
    ABSENT = "absent", "Judge absent"
    ABSTAINED = "abstained", "Abstained"


class DeductionStage(models.TextChoices):
    """Which total a deduction is taken from."""

    CATEGORY = "category", "The category's total"
    CONTEST = "contest", "The contest's total"


class DeductionUnit(models.TextChoices):
    """What a deduction's amount counts."""

    POINTS = "points", "Points"
    PERCENT = "percent", "Percent of the total before deductions"


class TableKind(models.TextChoices):
    """What the rows of an imported CSV file are."""

    CONTESTANTS = "contestants", "Contestants"
    JUDGES = "judges", "Judges"
    SCORES = "scores", "Scores"


class OnExisting(models.TextChoices):
    """What becomes of a row of a file that is stored already."""

    REFUSE = "refuse", "Name it as a fault"
    UPDATE = "update", "Give it the file's values"
