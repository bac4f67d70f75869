"""Boards: from totals and from marks, against objects added up in Python, one window query, and plain DRF."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from statistics import median
from typing import Any
from uuid import UUID

from django.db import connection
from django.http import HttpResponse
from rest_framework.generics import GenericAPIView
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory

from apps.accounts.enums import Role
from apps.accounts.models import Organization
from apps.accounts.policies import MemberAccess
from apps.contests.api.v1.serializers.boards import ContestBoardSerializer, show_contest_board
from apps.contests.models import Contest, Entry, Score
from apps.contests.selectors.board.rows import Visibility
from apps.contests.selectors.leaderboard import ContestBoard, contest_board
from apps.contests.selectors.rendering import contestant_rows
from apps.contests.selectors.sheets import compute_standings, read_sheets
from apps.contests.selectors.totals import refresh_totals
from apps.contests.services.scores import change_mark
from apps.core.ids import new_id
from apps.core.tenancy import organization_scope
from tests.api import signed_in
from tests.benchmarks.contests import build_contest, settle
from tests.benchmarks.figures import Figure, figure_of, milliseconds, race
from tests.factories.accounts import member

SMALL, LARGE, HUGE = 100, 1000, 12_500  # contestants: 8,000, 80,000 and 1,000,000 marks
TOP = 100
SAVES = 100
CENT = Decimal("0.01")
TRIGGERS = ("score_stales_totals_insert", "score_stales_totals_update", "score_stales_totals_delete")

# The same places by one query over the marks, written for this rule and this contest alone.
WINDOW_QUERY = """
WITH entry AS (
    SELECT entry.id, entry.contestant_id, entry.technical_points
    FROM contests_entry entry JOIN contests_category category ON category.id = entry.category_id
    WHERE category.contest_id = %(contest)s AND entry.deleted_at IS NULL
), placed AS (
    SELECT score.entry_id, score.criterion_id, score.value,
        row_number() OVER panel AS place, count(*) OVER (PARTITION BY score.entry_id, score.criterion_id) AS marks
    FROM contests_score score JOIN entry ON entry.id = score.entry_id
    WHERE score.deleted_at IS NULL
    WINDOW panel AS (PARTITION BY score.entry_id, score.criterion_id ORDER BY score.value)
), unit AS (
    SELECT placed.entry_id, round(round(avg(placed.value), 2) * criterion.factor, 2) AS score
    FROM placed JOIN contests_criterion criterion ON criterion.id = placed.criterion_id
    WHERE place BETWEEN 2 AND marks - 1
    GROUP BY placed.entry_id, placed.criterion_id, criterion.factor
), component AS (
    SELECT entry_id, sum(score) AS total FROM unit GROUP BY entry_id
), total AS (
    SELECT entry.contestant_id, sum(component.total + entry.technical_points) AS total,
        sum(entry.technical_points) AS technical, sum(component.total) AS components
    FROM entry JOIN component ON component.entry_id = entry.id
    GROUP BY entry.contestant_id
)
SELECT rank() OVER (ORDER BY total DESC, technical DESC, components DESC) AS place, contestant.number, total
FROM total JOIN contests_contestant contestant ON contestant.id = total.contestant_id
ORDER BY place, contestant.number LIMIT %(top)s
"""

Line = tuple[int | None, int, Decimal]


def run(rounds: int, scale: float) -> Iterator[Figure]:
    """`board_80k`, `top100_80k`, `save_mark`, `endpoint`, `top100_1m`."""
    organization = Organization.objects.create(name="Benchmark", slug=f"benchmark-{new_id().hex}")
    access = MemberAccess(new_id(), organization.pk, Role.VIEWER)

    def build(name: str, contestants: int) -> Contest:
        contest = build_contest(organization, contestants=max(TOP, round(contestants * scale)), slug=name)
        settle()
        refresh_totals(contest)
        settle()
        return contest

    with organization_scope(organization.pk):
        large = build("large", LARGE)
        yield race(
            "leaderboard",
            "board_80k",
            ours=lambda: board(large, access),
            yardstick=lambda: board_by_objects(large),
            yardstick_name="ORM objects in Python",
            rounds=rounds,
        )
        yield top_against_window_query("top100_80k", large, access, rounds)
        yield saving(large, rounds, max(5, round(SAVES * scale)))
        yield endpoint(build("small", SMALL), rounds)
        yield top_against_window_query("top100_1m", build("huge", HUGE), access, rounds)


def top_against_window_query(name: str, contest: Contest, access: MemberAccess, rounds: int) -> Figure:
    """The first of the board as the endpoint gets them, with all of their panels."""
    return race(
        "leaderboard",
        name,
        ours=lambda: board(contest, access, top=TOP),
        yardstick=lambda: board_by_window_query(contest),
        yardstick_name="one window query",
        rounds=rounds,
    )


def board(contest: Contest, access: MemberAccess, top: int | None = None) -> list[Line]:
    """The board as the endpoint gets it."""
    rows = contest_board(contest, access=access, top=top).rows
    return [(row["rank"], row["contestant"]["number"], Decimal(row["total"] or 0)) for row in rows]


def board_by_window_query(contest: Contest) -> list[Line]:
    """Places, numbers and totals, and nothing else."""
    with connection.cursor() as cursor:
        cursor.execute(WINDOW_QUERY, {"contest": contest.pk, "top": TOP})
        return cursor.fetchall()


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


def saving(contest: Contest, rounds: int, saves: int) -> Figure:
    """A mark is corrected, with the triggers that queue its totals and without them; milliseconds a mark."""
    access = MemberAccess(new_id(), contest.organization_id, Role.TALLY_MASTER)
    scores = list(Score.objects.filter(entry__category__contest=contest).order_by("pk")[:saves])

    def save(value: Decimal) -> float:
        """The median: of a hundred saves on a shared machine some are held up by others."""
        return median(
            milliseconds(
                partial(change_mark, score_id=score.pk, access=access, state="scored", value=value, version=None)
            )
            for score in scores
        )

    pairs = []
    for number in range(-1, rounds):
        pair = []
        for verb, value in (("ENABLE", Decimal(1 + number % 2)), ("DISABLE", Decimal(5 + number % 2))):
            _set_triggers(verb)
            pair.append(save(value))
        pairs.append((pair[0], pair[1]))
    _set_triggers("ENABLE")
    return figure_of(
        "leaderboard",
        "save_mark",
        pairs[1:],  # the first one warms up
        yardstick_name="same save without totals",
        unit="ms",
        better="lower",
    )


def _set_triggers(verb: str) -> None:
    with connection.cursor() as cursor:
        for trigger in TRIGGERS:
            cursor.execute(f"ALTER TABLE contests_score {verb} TRIGGER {trigger}")


class PlainBoard(GenericAPIView[Contest]):
    """What one writes first: objects from the ORM, added up in Python, shown by nested serializers.

    Nobody signs in, nothing is throttled and there is no middleware, all of which the other side has.
    """

    serializer_class = ContestBoardSerializer
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    renderer_classes = (JSONRenderer,)

    def get(self, request: Request, **kwargs: Any) -> Response:
        contest: Contest = Contest.objects.get(pk=kwargs["pk"])
        sheets = read_sheets(contest)
        rows = contestant_rows(sheets, compute_standings(sheets), Visibility(all_marks=True, dropped=True))
        parts = (sheets.contestants, sheets.entries, sheets.seats, sheets.scores, sheets.recusals, sheets.deductions)
        times = [row.updated_at for part in parts for row in part]
        times += [
            row.updated_at for policy in sheets.policy.categories for row in (policy.category, *policy.criteria)
        ]
        found = ContestBoard(contest, sheets.policy, max([contest.updated_at, *times]), False, rows)
        return Response(self.get_serializer(show_contest_board(found)).data)


def endpoint(contest: Contest, rounds: int) -> Figure:
    """`GET leaderboard/?top=100` of a contest of a hundred, through everything that a request goes through."""
    client = signed_in(member(contest.organization, Role.TALLY_MASTER))
    address = f"/api/v1/contests/{contest.pk}/leaderboard/?top={TOP}"
    plain, factory = PlainBoard.as_view(), APIRequestFactory()

    def ask_plain() -> bytes:
        response: HttpResponse = plain(factory.get(address), pk=contest.pk)
        return bytes(response.render().content)

    return race(
        "leaderboard",
        "endpoint",
        ours=lambda: bytes(client.get(address).content),
        yardstick=ask_plain,
        yardstick_name="plain DRF over ORM objects",
        rounds=rounds,
        same=lambda left, right: len(left) == len(right) and json.loads(left) == json.loads(right),  # members' order
    )
