"""The board of a large contest: SQL against ORM objects added up in Python."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from django.db import connection

from apps.accounts.enums import Role
from apps.accounts.models import Organization
from apps.accounts.policies import MemberAccess
from apps.contests.models import Assignment, Category, Contest, Contestant, Criterion, Entry, Judge, Score
from apps.contests.selectors.leaderboard import contest_board
from apps.core.ids import new_id
from apps.core.tenancy import organization_scope
from apps.events.models import Event
from tests.benchmarks.figures import Figure, race

CONTESTANTS, CATEGORIES, CRITERIA, JUDGES = 1000, 2, 5, 8  # 80,000 marks
CENT = Decimal("0.01")
BATCH = 5000
RULE = {
    "aggregation": "trimmed_mean",
    "drop_high": 1,
    "drop_low": 1,
    "minimum_panel": 3,
    "technical_points": True,
    "tie_breakers": [{"kind": "technical_points"}, {"kind": "component_total"}],
}

Line = tuple[int | None, int, Decimal]


def run(rounds: int, scale: float) -> Iterator[Figure]:
    """`board_80k`."""
    organization = Organization.objects.create(name="Benchmark", slug=f"benchmark-{new_id().hex}")
    access = MemberAccess(new_id(), organization.pk, Role.VIEWER)
    with organization_scope(organization.pk):
        contest = build_contest(organization, contestants=max(1, round(CONTESTANTS * scale)))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # what autovacuum does within a minute, at a time of its own choice
        yield race(
            "leaderboard",
            "board_80k",
            ours=lambda: board_by_sql(contest, access),
            yardstick=lambda: board_by_objects(contest),
            yardstick_name="ORM objects in Python",
            rounds=rounds,
        )


def board_by_sql(contest: Contest, access: MemberAccess) -> list[Line]:
    """The board as the endpoint gets it, with all of its panels."""
    rows = contest_board(contest, access=access).rows
    return [(row["rank"], row["contestant"]["number"], Decimal(row["total"] or 0)) for row in rows]


def board_by_objects(contest: Contest) -> list[Line]:
    """The same places and totals from prefetched objects: no query in a loop, and nothing else worked out."""
    marks: dict[tuple[UUID, UUID], list[Decimal]] = defaultdict(list)
    for score in Score.objects.filter(entry__category__contest=contest):
        if score.value is not None:
            marks[score.entry_id, score.criterion_id].append(score.value)
    totals: dict[int, tuple[Decimal, Decimal, Decimal]] = {}
    entries = Entry.objects.filter(category__contest=contest).select_related("contestant", "category")
    for entry in entries.prefetch_related("category__criteria", "deductions"):
        component = sum(
            (_unit(marks[entry.pk, criterion.pk], criterion.factor) for criterion in entry.category.criteria.all()),
            Decimal(0),
        )
        technical = entry.technical_points or Decimal(0)
        taken = sum((deduction.amount for deduction in entry.deductions.all()), Decimal(0))
        weighted = ((component + technical - taken) * entry.category.weight).quantize(CENT, ROUND_HALF_UP)
        before = totals.get(entry.contestant.number, (Decimal(0),) * 3)
        totals[entry.contestant.number] = (before[0] + weighted, before[1] + technical, before[2] + component)
    return _ranked(totals)


def _unit(marks: list[Decimal], factor: Decimal) -> Decimal:
    kept = sorted(marks)[1:-1]
    panel = (sum(kept, Decimal(0)) / len(kept)).quantize(CENT, ROUND_HALF_UP)
    return (panel * factor).quantize(CENT, ROUND_HALF_UP)


def _ranked(totals: dict[int, tuple[Decimal, Decimal, Decimal]]) -> list[Line]:
    ordered = sorted(totals.items(), key=lambda item: ([-value for value in item[1]], item[0]))
    lines: list[Line] = []
    for place, (number, values) in enumerate(ordered, start=1):
        tied = place > 1 and ordered[place - 2][1] == values
        lines.append((lines[-1][0] if tied else place, number, values[0]))
    return lines


def build_contest(organization: Organization, *, contestants: int, seed: int = 7) -> Contest:
    """A contest with every mark given; the marks are the same in each run."""
    dice = random.Random(seed)
    own = {"organization_id": organization.pk}
    event = Event.objects.create(name="Benchmark", slug="benchmark", **own)
    rule = {"tie_breakers": RULE["tie_breakers"]}
    contest: Contest = Contest.objects.create(
        event=event, name="Benchmark", slug="benchmark", status="scoring", rule=rule, **own
    )
    judges = Judge.objects.bulk_create(Judge(name=f"Judge {n}", **own) for n in range(JUDGES))
    people = Contestant.objects.bulk_create(
        Contestant(contest=contest, number=n, name=f"Contestant {n}", **own) for n in range(1, contestants + 1)
    )
    for place in range(CATEGORIES):
        category = Category.objects.create(
            contest=contest, name=f"Segment {place}", slug=f"segment-{place}", position=place, rule=RULE, **own
        )
        _fill(category, judges, people, dice)
    return contest


def _fill(category: Category, judges: list[Judge], people: list[Contestant], dice: random.Random) -> None:
    own = {"organization_id": category.organization_id}
    criteria = Criterion.objects.bulk_create(
        Criterion(category=category, name=f"Criterion {n}", position=n, factor=Decimal("1.6"), **own)
        for n in range(CRITERIA)
    )
    seats = Assignment.objects.bulk_create(
        Assignment(category=category, judge=judge, seat=f"J{n}", **own) for n, judge in enumerate(judges, start=1)
    )
    entries = Entry.objects.bulk_create(
        Entry(category=category, contestant=one, technical_points=Decimal(dice.randrange(2000, 9000)) / 100, **own)
        for one in people
    )
    Score.objects.bulk_create(
        (
            Score(entry=entry, criterion=criterion, assignment=seat, value=Decimal(dice.randrange(41)) / 4, **own)
            for entry in entries
            for criterion in criteria
            for seat in seats
        ),
        batch_size=BATCH,
    )
