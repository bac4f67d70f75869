"""What the three CSV imports have in common: rows are taken one by one, and saved together or not at all."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from typing import ClassVar
from uuid import UUID

from django.db import models

from apps.contests.models import Category, Contest
from apps.contests.services.imports.tables import Row
from apps.core import clock

BATCH = 2000
HIGHEST_NUMBER = 2_147_483_647  # a contestant's: what its column holds


class Intake(ABC):
    """Takes the rows of one file; `save` is called once all of them are good.

    `counts` says what became of them: `created`, `updated`, `unchanged`, and what was made beside them. While only a
    rehearsal is wanted (`rehearses`), nothing is written.
    """

    columns: ClassVar[tuple[str, ...]]
    optional: ClassVar[tuple[str, ...]] = ()
    most_rows: ClassVar[int] = 100_000

    def __init__(self, *, organization_id: UUID, contest: Contest | None, updates: bool, rehearses: bool) -> None:
        self.organization_id = organization_id
        self.contest = contest
        self.updates = updates
        self.rehearses = rehearses
        self.counts: Counter[str] = Counter()
        self.categories = {
            category.slug: category
            for category in (Category.objects.filter(contest=contest).order_by("position", "id") if contest else ())
        }

    @abstractmethod
    def take(self, row: Row) -> None:
        """Check a row, and keep what it will become; what is wrong is noted with the row."""

    def read(self, rows: Iterable[Row]) -> int:
        """Take all of them; how many there were."""
        count = 0
        for count, row in enumerate(rows, start=1):  # noqa: B007 - the last one is how many there were
            self.take(row)
        return count

    @abstractmethod
    def save(self) -> None:
        """Write everything that was taken, in the transaction of the caller, who holds the contest."""

    def category(self, row: Row, column: str, slug: str) -> Category | None:
        """The category of this slug, or a fault."""
        found = self.categories.get(slug)
        if found is None:
            known = ", ".join(list(self.categories)[:10]) or "none"
            sentence = f"This contest has no category {slug[:80]!r}. Its categories are: {known}."
            row.refuse(column, "UNKNOWN_CATEGORY", sentence)
        return found


def give(row: models.Model, values: dict[str, object]) -> bool:
    """Put the values on a stored row that is to be saved in bulk; whether that changes anything."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    if changed:
        row.updated_at = clock.now()  # type: ignore[attr-defined]  # every row of ours has it
    return bool(changed)


def save_changed(rows: Iterable[models.Model], fields: Iterable[str]) -> None:
    """Write changed rows in bulk. The `UPDATE` counts their versions up."""
    rows = list(rows)
    if rows:
        type(rows[0])._default_manager.bulk_update(rows, [*fields, "updated_at"], batch_size=BATCH)
