"""What boards are read from: the totals of entries and contestants, kept up with the marks.

They are derived: whoever doubts them computes them again (`manage.py check_totals`). So they have no history, no
soft delete and no foreign keys, nothing of them is shown but through a board, and no person is named in them.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

# Wide enough for whatever a rule can make of marks, exactly.
EXACT = {"max_digits": 60, "decimal_places": 20}


def _number() -> models.DecimalField:  # type: ignore[type-arg]
    return models.DecimalField(**EXACT, null=True)  # type: ignore[arg-type]


def _keys() -> ArrayField:  # type: ignore[type-arg]
    return ArrayField(models.DecimalField(**EXACT), null=True)  # type: ignore[arg-type]


class StaleTotal(models.Model):
    """Totals that are not up to date: of one entry's contestant, of one contestant, or (neither) of all in a contest.

    Written by triggers (`staleness.StalesTotals`), and only ever appended: a row is taken out by who has computed
    everything anew that was there when the row was.
    """

    id = models.BigAutoField(primary_key=True)
    contest_id = models.UUIDField()
    contestant_id = models.UUIDField(null=True)
    entry_id = models.UUIDField(null=True)

    class Meta:
        # whether a contest has any, before each reading of its board
        indexes = [models.Index(fields=["contest_id", "id"], name="stale_total_of_contest")]

    def __str__(self) -> str:
        return f"stale since {self.pk}"


class ContestTotals(models.Model):
    """What all totals of a contest were computed by; totals of another policy are stale as a whole."""

    contest_id = models.UUIDField(primary_key=True)
    policy = models.CharField(max_length=32)

    class Meta:
        verbose_name_plural = "contest totals"

    def __str__(self) -> str:
        return self.policy


class ContestantTotal(models.Model):
    """A live contestant's figures in the winner list.

    `parts`, `merit` and `keys` are what is ranked, higher being better (`board.ranking`), and NULL without a place;
    `as_of` is the latest change among the rows that they come from.
    """

    contestant_id = models.UUIDField(primary_key=True)
    contest_id = models.UUIDField()
    subtotal = _number()
    deductions = _number()
    total = _number()
    parts = models.IntegerField(null=True)
    merit = _number()
    keys = _keys()
    as_of = models.DateTimeField()

    class Meta:
        indexes = [
            # the first of a winner list
            models.Index(
                "contest_id",
                models.F("parts").desc(),
                models.F("merit").desc(),
                condition=Q(merit__isnull=False),
                name="contestant_total_by_merit",
            ),
            # the latest change in a contest; a refresh of all
            models.Index(fields=["contest_id", "as_of"], name="contestant_total_as_of"),
        ]

    def __str__(self) -> str:
        return str(self.total)


class EntryTotal(models.Model):
    """A live entry's figures in its category. `panels` is the JSON of its panel scores, as a tally master sees them.

    `merit` and `keys` as in `ContestantTotal`.
    """

    entry_id = models.UUIDField(primary_key=True)
    contest_id = models.UUIDField()
    category_id = models.UUIDField()
    contestant_id = models.UUIDField()
    status = models.CharField(max_length=12)
    component_total = _number()
    technical_points = _number()
    subtotal = _number()
    deductions = _number()
    total = _number()
    merit = _number()
    keys = _keys()
    panels = models.TextField()

    class Meta:
        indexes = [
            # how many of a category are ahead of an entry
            models.Index(
                "category_id",
                models.F("merit").desc(),
                condition=Q(merit__isnull=False),
                name="entry_total_by_merit",
            ),
            # the entries of the contestants that are shown
            models.Index(fields=["contestant_id"], name="entry_total_of_contestant"),
            # the removal of a contest's totals
            models.Index(fields=["contest_id"], name="entry_total_of_contest"),
        ]

    def __str__(self) -> str:
        return str(self.total)
