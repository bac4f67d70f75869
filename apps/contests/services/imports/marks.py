"""Marks from a CSV file: one mark a row, by the same rules as marks from the API."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from apps.contests.enums import ScoreState
from apps.contests.models import Assignment, Criterion, Entry, Score
from apps.contests.services.announcing import announce_changed_boards
from apps.contests.services.imports.intake import BATCH, HIGHEST_NUMBER, Intake, give, save_changed
from apps.contests.services.imports.tables import Row
from apps.contests.services.scores import MarkInput, find_objections, insert_marks
from apps.core.access import Access

# Where the parts of a mark stand in the file.
COLUMN_OF = {"entry": "number", "criterion": "criterion", "assignment": "seat", "value": "value", "": ""}
STATES = ", ".join(ScoreState.values)


class MarkIntake(Intake):
    """A mark by number, category, criterion and seat. `state` is `scored` where it is left out.

    Rows are checked and written batch by batch, so that a file of any length takes as much memory as a short one; the
    transaction takes back what was written before a fault.
    """

    columns = ("number", "category", "criterion", "seat", "value")
    optional = ("state",)
    most_rows = 500_000

    def __init__(self, *, access: Access, **given: Any) -> None:
        super().__init__(**given)
        self.access = access
        within = {"category__contest": self.contest}
        self._entries: dict[tuple[UUID, int], UUID] = {
            (category_id, number): pk
            for pk, category_id, number in Entry.objects.filter(**within).values_list(
                "pk", "category_id", "contestant__number"
            )
        }
        self._criteria: dict[tuple[UUID, str], UUID] = {
            (category_id, name): pk
            for pk, category_id, name in Criterion.objects.filter(**within).values_list("pk", "category_id", "name")
        }
        self._seats: dict[tuple[UUID, str], UUID] = {
            (category_id, seat): pk
            for pk, category_id, seat in Assignment.objects.filter(**within).values_list("pk", "category_id", "seat")
        }
        self._lines: dict[tuple[UUID, UUID, UUID], int] = {}
        self._batch: list[tuple[Row, MarkInput]] = []
        self._has_faults = False

    def take(self, row: Row) -> None:
        mark = self._mark(row)
        if mark is not None:
            line = self._lines.setdefault(mark.place, row.line)
            if line != row.line:
                row.refuse("", "DUPLICATE_ROW", f"Line {line} has the same mark already; keep one of the two.")
            else:
                self._batch.append((row, mark))
        self._has_faults = self._has_faults or not row.is_good
        if len(self._batch) >= BATCH:
            self._settle()

    def read(self, rows: Iterable[Row]) -> int:
        count = super().read(rows)
        self._settle()
        return count

    def save(self) -> None:
        """Nothing but the news: the rows are written."""
        if self.contest is not None:
            announce_changed_boards([self.contest])

    def _mark(self, row: Row) -> MarkInput | None:
        """The mark that the row names; None, and faults, where one of its parts is not there."""
        number = row.whole("number", highest=HIGHEST_NUMBER)
        slug, criterion, seat = row.text("category", longest=80), row.text("criterion"), row.text("seat", longest=10)
        value = row.number("value") if row.cells["value"].strip() else None
        state = row.any_text("state", longest=10) or ScoreState.SCORED.value
        if state not in ScoreState.values:
            row.refuse("state", "UNKNOWN_STATE", f"state is one of {STATES}, not {state!r}.")
        category = self.category(row, "category", slug) if slug else None
        if not row.is_good or category is None:
            return None
        return self._named(row, category.pk, (number, criterion, seat), state, value)

    def _named(
        self, row: Row, category_id: UUID, names: tuple[int, str, str], state: str, value: Decimal | None
    ) -> MarkInput | None:
        number, criterion, seat = names
        slug = row.cells["category"].strip()
        entry_id = self._entries.get((category_id, number))
        criterion_id = self._criteria.get((category_id, criterion))
        seat_id = self._seats.get((category_id, seat))
        if entry_id is None:
            sentence = f"Number {number} is not entered in {slug}. Check the number, or enter the contestant first."
            row.refuse("number", "UNKNOWN_NUMBER", sentence)
        if criterion_id is None:
            known = ", ".join(name for owner, name in self._criteria if owner == category_id)
            row.refuse("criterion", "UNKNOWN_CRITERION", f"{slug} is marked by {known}; name one of them.")
        if seat_id is None:
            known = ", ".join(sorted(name for owner, name in self._seats if owner == category_id))
            row.refuse("seat", "UNKNOWN_SEAT", f"The panel of {slug} has the seats {known}; name one of them.")
        if entry_id is None or criterion_id is None or seat_id is None:
            return None
        return MarkInput(seat_id, entry_id, criterion_id, state, value)

    def _settle(self) -> None:
        """Check the batch against the rules of marks, and write it while nothing is wrong."""
        batch, self._batch = self._batch, []
        marks = [mark for _, mark in batch]
        entries, objections = find_objections(inputs=marks, access=self.access, new=not self.updates)
        for objection in objections:
            row = batch[objection.place][0]
            row.refuse(COLUMN_OF[objection.fault.pointer], objection.fault.code, objection.fault.detail)
            self._has_faults = True
        stored = self._stored(marks) if self.updates else {}
        new = [mark for mark in marks if mark.place not in stored]
        changed = [
            stored[mark.place]
            for mark in marks
            if mark.place in stored and give(stored[mark.place], {"state": mark.state, "value": mark.value})
        ]
        self.counts["created"] += len(new)
        self.counts["updated"] += len(changed)
        self.counts["unchanged"] += len(stored) - len(changed)
        if not self._has_faults and not self.rehearses:
            insert_marks(new, entries)
            save_changed(changed, ("state", "value"))

    def _stored(self, marks: list[MarkInput]) -> dict[tuple[UUID, UUID, UUID], Score]:
        """The scores of these marks that are there already."""
        found = Score.objects.filter(
            entry__in={mark.entry_id for mark in marks},
            criterion__in={mark.criterion_id for mark in marks},
            assignment__in={mark.assignment_id for mark in marks},
        )
        wanted = {mark.place for mark in marks}
        places = {(score.entry_id, score.criterion_id, score.assignment_id): score for score in found}
        return {place: score for place, score in places.items() if place in wanted}
