"""Contests of any size for benchmarks: every mark given, the same ones in each run."""

from __future__ import annotations

import random
from decimal import Decimal

from django.db import connection

from apps.accounts.models import Organization
from apps.contests.models import Assignment, Category, Contest, Contestant, Criterion, Entry, Judge
from apps.events.models import Event

CATEGORIES, CRITERIA, JUDGES = 2, 5, 8  # 80 marks a contestant
TIES = [{"kind": "technical_points"}, {"kind": "component_total"}]
RULE = {
    "aggregation": "trimmed_mean",
    "drop_high": 1,
    "drop_low": 1,
    "minimum_panel": 3,
    "technical_points": True,
    "tie_breakers": TIES,
}

# Quarters from 0 to 10. History of a million made-up marks is of no use to anybody.
NO_HISTORY = "ALTER TABLE contests_score DISABLE TRIGGER contests_score_trail_on_insert"
HISTORY = "ALTER TABLE contests_score ENABLE TRIGGER contests_score_trail_on_insert"
MARKS = """
INSERT INTO contests_score (
    id, created_at, updated_at, version, organization_id, assignment_id, entry_id, criterion_id, state, value
)
SELECT uuidv7(), now(), now(), 1, entry.organization_id, seat.id, entry.id, criterion.id, 'scored',
    mod(hashtext(contestant.number::text || criterion.name || seat.seat || category.slug)::bigint + 2147483648, 41)
        * 0.25
FROM contests_entry entry
JOIN contests_contestant contestant ON contestant.id = entry.contestant_id
JOIN contests_category category ON category.id = entry.category_id
JOIN contests_criterion criterion ON criterion.category_id = category.id
JOIN contests_assignment seat ON seat.category_id = category.id
WHERE category.contest_id = %s
ORDER BY entry.id, criterion.id, seat.id
"""


def build_contest(organization: Organization, *, contestants: int, slug: str, seed: int = 7) -> Contest:
    """A contest that is being scored, with `contestants` in each category."""
    dice = random.Random(seed)
    own = {"organization_id": organization.pk}
    event = Event.objects.create(name="Benchmark", slug=slug, **own)
    contest: Contest = Contest.objects.create(
        event=event, name="Benchmark", slug=slug, status="scoring", rule={"tie_breakers": TIES}, **own
    )
    judges = Judge.objects.bulk_create(Judge(name=f"Judge {n}", **own) for n in range(JUDGES))
    people = Contestant.objects.bulk_create(
        Contestant(contest=contest, number=n, name=f"Contestant {n}", **own) for n in range(1, contestants + 1)
    )
    for place in range(CATEGORIES):
        category = Category.objects.create(
            contest=contest, name=f"Segment {place}", slug=f"segment-{place}", position=place, rule=RULE, **own
        )
        Criterion.objects.bulk_create(
            Criterion(category=category, name=f"Criterion {n}", position=n, factor=Decimal("1.6"), **own)
            for n in range(CRITERIA)
        )
        Assignment.objects.bulk_create(
            Assignment(category=category, judge=judge, seat=f"J{n}", **own) for n, judge in enumerate(judges, start=1)
        )
        Entry.objects.bulk_create(
            Entry(
                category=category, contestant=one, technical_points=Decimal(dice.randrange(2000, 9000)) / 100, **own
            )
            for one in people
        )
    with connection.cursor() as cursor:
        for statement in (NO_HISTORY, HISTORY):
            cursor.execute(statement)
            if statement is NO_HISTORY:
                cursor.execute(MARKS, [contest.pk])
    return contest


def settle() -> None:
    """What autovacuum does within a minute, at a time of its own choice."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
