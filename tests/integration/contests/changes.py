"""Random changes of a contest: whatever can be done to it through the API, the admin, services and raw SQL."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, models
from hypothesis import strategies as st

from apps.contests.models import (
    Assignment,
    Category,
    Contest,
    Contestant,
    Criterion,
    Deduction,
    Entry,
    Judge,
    Recusal,
    Score,
)
from apps.core.softdelete.models import Deletion
from apps.core.softdelete.services import restore_deletion
from tests.integration.contests.random_contests import MARKS, POINTS

ROWS: tuple[type[models.Model], ...] = (
    Score,
    Score,
    Entry,
    Contestant,
    Deduction,
    Recusal,
    Assignment,
    Criterion,
    Category,
    Judge,
)

TIES = ((), ("component_total",), ("head_to_head", "higher_median"))


@dataclass(frozen=True)
class Change:
    """Something that is done to a contest; `at` and `other` choose the rows, `number` and `rule` the values."""

    kind: str
    at: int
    other: int
    number: Decimal
    rule: dict[str, Any]


@st.composite
def changes(draw: Any) -> Change:
    numbers = st.integers(0, 40)
    rule = {
        "aggregation": draw(st.sampled_from(["mean", "median", "sum"])),
        "normalisation": draw(st.sampled_from(["none", "none", "z_score"])),
        "missing": draw(st.sampled_from(["omit", "omit", "block"])),
        "panel_places": draw(st.integers(0, 3)),
        "tie_breakers": draw(
            st.sampled_from(
                [[], [{"kind": "component_total"}], [{"kind": "head_to_head"}, {"kind": "higher_median"}]]
            )
        ),
    }
    kind = draw(st.sampled_from(sorted(KINDS)))
    return Change(kind, draw(numbers), draw(numbers), draw(st.sampled_from(MARKS + POINTS)), rule)


def pick(model: type[models.Model], contest: Contest, number: int, **having: Any) -> Any:
    """One of the contest's live rows, always the same one by the same number; None where there is none."""
    paths = {
        Contestant: "contest",
        Category: "contest",
        Criterion: "category__contest",
        Assignment: "category__contest",
        Entry: "category__contest",
        Score: "entry__category__contest",
        Deduction: "entry__category__contest",
        Recusal: "assignment__category__contest",
    }
    within = {paths[model]: contest} if model in paths else {}
    found = list(model.objects.filter(**within, **having).order_by("pk"))  # type: ignore[attr-defined]
    return found[number % len(found)] if found else None


def mark(contest: Contest, change: Change) -> None:
    entry = pick(Entry, contest, change.at)
    where = {"category": entry.category_id} if entry else {"category": None}
    criterion = pick(Criterion, contest, change.other, **where)
    seat = pick(Assignment, contest, change.other // 3, **where)
    if entry and criterion and seat:
        spot = {"entry": entry, "criterion": criterion, "assignment": seat}
        if not Score.objects.filter(**spot).update(value=change.number, state="scored"):
            Score.objects.create(**spot, value=change.number, organization_id=contest.organization_id)


def edit(contest: Contest, change: Change) -> None:
    score = pick(Score, contest, change.at)
    if score:
        score.state, score.value = ("absent", None) if change.other % 4 == 0 else ("scored", change.number)
        score.save()


def move_marks(contest: Contest, change: Change) -> None:
    """Raw SQL over several rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE contests_score SET value = value + %s WHERE deleted_at IS NULL AND entry_id IN"
            " (SELECT e.id FROM contests_entry e JOIN contests_category c ON c.id = e.category_id"
            " WHERE c.contest_id = %s ORDER BY e.id LIMIT %s)",
            [change.number, contest.pk, change.at % 4],
        )


def purge_marks(contest: Contest, change: Change) -> None:
    del contest, change
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM contests_score WHERE deleted_at IS NOT NULL")


def delete(contest: Contest, change: Change) -> None:
    row = pick(ROWS[change.at % len(ROWS)], contest, change.other)
    if row:
        row.delete()


def restore(contest: Contest, change: Change) -> None:
    bin_ = Deletion.objects.filter(organization_id=contest.organization_id, restored_at=None).order_by("-created_at")
    for deletion in bin_[change.at % 3 : change.at % 3 + 1]:
        restore_deletion(deletion=deletion)


def recuse(contest: Contest, change: Change) -> None:
    seat, contestant = pick(Assignment, contest, change.at), pick(Contestant, contest, change.other)
    if seat and contestant and not Recusal.objects.filter(assignment=seat, contestant=contestant):
        own = {"organization_id": contest.organization_id}
        Recusal.objects.create(assignment=seat, contestant=contestant, reason="Family", **own)


def leave(contest: Contest, change: Change) -> None:
    """Withdrawn, disqualified, and back again."""
    contestant = pick(Contestant, contest, change.at)
    if contestant:
        status = ("entered", "withdrawn", "disqualified")[change.other % 3]
        Contestant.objects.filter(pk=contestant.pk).update(status=status)


def start(contest: Contest, change: Change) -> None:
    entry = pick(Entry, contest, change.at)
    if entry:
        entry.technical_points = change.number
        entry.state = ("entered", "entered", "no_show")[change.other % 3]
        entry.save()


def enter(contest: Contest, change: Change) -> None:
    """A new contestant, or one who changes over to another's entry."""
    own = {"organization_id": contest.organization_id}
    category, entry = pick(Category, contest, change.at), pick(Entry, contest, change.at)
    number = 100 + Contestant.all_objects.filter(contest=contest).count()
    new = Contestant.objects.create(contest=contest, number=number, name=f"N{number}", **own)
    if change.other % 2 and entry:
        Entry.objects.filter(pk=entry.pk).update(contestant=new)
    elif category:
        Entry.objects.create(category=category, contestant=new, technical_points=change.number, **own)


def deduct(contest: Contest, change: Change) -> None:
    entry = pick(Entry, contest, change.at)
    if entry:
        Deduction.objects.create(
            entry=entry,
            amount=abs(change.number),
            unit=("points", "percent")[change.other % 2],
            stage=("category", "contest")[change.other // 2 % 2],
            reason="Fall",
            organization_id=contest.organization_id,
        )


def reverse(contest: Contest, change: Change) -> None:
    deduction = pick(Deduction, contest, change.at)
    if deduction and deduction.reversed_at is None:  # once only
        deduction.reversed_at = deduction.created_at
        deduction.save()


def seat_judge(contest: Contest, change: Change) -> None:
    category = pick(Category, contest, change.at)
    if category:
        own = {"organization_id": contest.organization_id}
        judge = Judge.objects.create(name="New", **own)
        seat = f"K{Assignment.all_objects.filter(category=category).count()}"
        Assignment.objects.create(category=category, judge=judge, seat=seat, **own)


def reseat(contest: Contest, change: Change) -> None:
    seat = pick(Assignment, contest, change.at)
    if seat:
        role = ("judge", "reserve")[change.other % 2]
        Assignment.objects.filter(pk=seat.pk).update(role=role, seat=f"{seat.seat[:8]}x")


def weigh(contest: Contest, change: Change) -> None:
    criterion, category = pick(Criterion, contest, change.at), pick(Category, contest, change.other)
    if criterion:
        Criterion.objects.filter(pk=criterion.pk).update(factor=abs(change.number))
    if category:
        Category.objects.filter(pk=category.pk).update(weight=abs(change.number), position=change.at)


def rule(contest: Contest, change: Change) -> None:
    category = pick(Category, contest, change.at)
    if category:
        category.rule = change.rule
        category.save()


def rule_of_contest(contest: Contest, change: Change) -> None:
    contest.rule = {
        "combination": ("weighted_sum", "sum_of_placements")[change.at % 2],
        "incomplete": ("unplaced", "behind")[change.other % 2],
        "tie_breakers": change.rule["tie_breakers"],
    }
    contest.save()


def apply(contest: Contest, change: Change) -> None:
    """Do it; nothing where there is nothing to do it to."""
    KINDS[change.kind](contest, change)


KINDS = {
    function.__name__: function
    for function in (
        mark, edit, move_marks, purge_marks, delete, restore, recuse, leave, start, enter, deduct, reverse,
        seat_judge, reseat, weigh, rule, rule_of_contest,
    )
}  # fmt: skip
