"""Whether a contest that is there already is the one in the file.

What counts is what results are made of: factors, technical points, deductions, marks. Names may have been corrected.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from apps.contests.models import Contest, Criterion, Deduction, Entry, Score
from apps.contests.services.imports.sheets import ContestSheet
from apps.core.errors import Conflict

Fact = tuple[str | int | Decimal | None, ...]


class ImportDiffers(Conflict):
    """A contest of the files exists with other marks. An import adds; it never overwrites what was judged."""

    code = "IMPORT_DIFFERS"
    title = "This competition is there already, with other marks"


def refuse_difference(contest: Contest, sheet: ContestSheet) -> None:
    """Go on only if the contest holds what the file says.

    Raises:
        ImportDiffers: naming the first few differences.
    """
    there, wanted = set(_facts_of_contest(contest)), set(_facts_of_sheet(sheet))
    if there == wanted:
        return
    differing = sorted({" ".join(str(part) for part in fact[:-1]) for fact in there ^ wanted})
    raise ImportDiffers(
        f"{contest.event.name}, {contest.name}: this contest exists, and differs from the files in {len(differing)} "
        f"things, such as {'; '.join(differing[:3])}. Nothing was imported. Delete the event and import it again, or "
        "leave this competition out of the files.",
        extra={"contest_id": str(contest.pk), "difference_count": len(differing)},
    )


def _facts_of_sheet(sheet: ContestSheet) -> Iterator[Fact]:
    for category in sheet.categories:
        for criterion in category.criteria:
            yield category.slug, criterion.name, "factor", criterion.factor
        for entry in category.entries:
            yield category.slug, entry.number, "technical points", entry.technical_points
            yield category.slug, entry.number, "deductions", entry.deductions
            for (criterion_name, seat), value in entry.marks.items():
                yield category.slug, entry.number, criterion_name, seat, value


def _facts_of_contest(contest: Contest) -> Iterator[Fact]:
    criteria = Criterion.objects.filter(category__contest=contest)
    for slug, name, factor in criteria.values_list("category__slug", "name", "factor"):
        yield slug, name, "factor", factor
    deductions: dict[object, Decimal] = defaultdict(Decimal)
    imposed = Deduction.objects.filter(entry__category__contest=contest, reversed_at=None)
    for entry_id, amount in imposed.values_list("entry_id", "amount"):
        deductions[entry_id] += amount
    entries = Entry.objects.filter(category__contest=contest)
    columns = ("pk", "category__slug", "contestant__number", "technical_points")
    for entry_id, slug, number, points in entries.values_list(*columns):
        yield slug, number, "technical points", points
        yield slug, number, "deductions", deductions[entry_id]
    marks = Score.objects.filter(entry__category__contest=contest)
    yield from marks.values_list(
        "entry__category__slug", "entry__contestant__number", "criterion__name", "assignment__seat", "value"
    )
