"""Contestants from a CSV file, and the categories that they start in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from apps.contests.models import Category, Contestant, Entry
from apps.contests.services.announcing import announce_changed_boards
from apps.contests.services.conflicts import recuse_affiliated
from apps.contests.services.imports.intake import BATCH, HIGHEST_NUMBER, Intake, give, save_changed
from apps.contests.services.imports.tables import Row

EVERY = "*"
FIELDS = ("name", "affiliation", "email", "members")


class ContestantIntake(Intake):
    """One contestant a row, known by number. `categories` are slugs with semicolons between, `*` stands for all."""

    columns = ("number", "name")
    optional = ("affiliation", "email", "members", "categories")

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._known = {one.number: one for one in Contestant.objects.filter(contest=self.contest)}
        self._entered: set[tuple[UUID, UUID]] = set(
            Entry.objects.filter(category__contest=self.contest).values_list("contestant_id", "category_id")
        )
        self._lines: dict[int, int] = {}
        self._new: list[Contestant] = []
        self._changed: list[Contestant] = []
        self._entries: list[Entry] = []

    def take(self, row: Row) -> None:
        number = row.whole("number", highest=HIGHEST_NUMBER)
        known = self._known.get(number)
        if row.is_good:
            self._check_number(row, number, is_known=known is not None)
        values: dict[str, object] = {"name": row.text("name")}
        if row.has("affiliation"):
            values["affiliation"] = row.any_text("affiliation")
        if row.has("email"):
            values["email"] = row.email("email")
        if row.has("members"):
            values["members"] = row.parts("members")
        categories = self._categories(row)
        if not row.is_good:
            return
        if known is None:
            known = Contestant(organization_id=self.organization_id, contest=self.contest, number=number, **values)
            self._new.append(known)
            self.counts["created"] += 1
        elif give(known, values):
            self._changed.append(known)
            self.counts["updated"] += 1
        else:
            self.counts["unchanged"] += 1
        self._enter(known, categories)

    def save(self) -> None:
        if self.contest is None:
            raise ValueError("Contestants are a contest's.")
        Contestant.objects.bulk_create(self._new, batch_size=BATCH)
        save_changed(self._changed, FIELDS)
        Entry.objects.bulk_create(self._entries, batch_size=BATCH)
        recuse_affiliated(contest_id=self.contest.pk)
        announce_changed_boards([self.contest])

    def _check_number(self, row: Row, number: int, *, is_known: bool) -> None:
        line = self._lines.setdefault(number, row.line)
        if line != row.line:
            row.refuse("number", "DUPLICATE_ROW", f"Line {line} has number {number} already; keep one of the two.")
        elif is_known and not self.updates:
            sentence = (
                f"Number {number} is taken in this contest. Give another one, or import with on_existing=update."
            )
            row.refuse("number", "ALREADY_EXISTS", sentence)

    def _categories(self, row: Row) -> list[Category]:
        slugs = row.parts("categories", longest=80)
        if slugs == [EVERY]:
            return list(self.categories.values())
        found = (self.category(row, "categories", slug) for slug in dict.fromkeys(slugs))
        return [category for category in found if category is not None]

    def _enter(self, contestant: Contestant, categories: list[Category]) -> None:
        for category in categories:
            if (contestant.pk, category.pk) not in self._entered:
                self._entries.append(
                    Entry(organization_id=self.organization_id, category=category, contestant=contestant)
                )
                self.counts["entries"] += 1
