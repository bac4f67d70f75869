"""The winner list from the totals: the first ones by an index, without a look at the others' marks.

The statement makes the relations that the board's own makes from marks (`winner`, `standing`, `part`, `shown_unit`)
and shows them by the same expressions, so that both spell alike. It says too, of the same snapshot, whether the
totals are those of the marks.
"""

from __future__ import annotations

from typing import Any

from apps.contests.selectors.board.contestants import part_step, tie_parameters
from apps.contests.selectors.board.panels import CRITERION, RECUSED, SEAT, rules_step
from apps.contests.selectors.board.policy import BoardPolicy
from apps.contests.selectors.board.ranking import Ranked, Tie, places_step
from apps.contests.selectors.board.refreshing import policy_digest
from apps.contests.selectors.board.statement import WINNER_ORDER, contestant_row, join_steps, shown_category_step

CONTESTANTS = Ranked(source="tied_contestant", merit_size=2, ballots="", result="contestant_place")
ENTRIES = Ranked(source="tied_entry", merit_size=1, ballots="", result="entry_place")

CURRENT = """NOT EXISTS (SELECT FROM contests_staletotal WHERE contest_id = %(contest)s)
    AND EXISTS (SELECT FROM contests_contesttotals WHERE contest_id = %(contest)s AND policy = %(policy)s)"""

# Whole groups of equal merit, so that ties at the edge are seen. How many are `ahead` also names the group.
CONTENDER = """contender AS (
    SELECT id, subtotal, deductions, total, keys, rank() OVER (ORDER BY parts DESC, merit DESC) - 1 AS ahead,
        count(*) OVER (PARTITION BY parts, merit) AS tied
    FROM (
        SELECT contestant_id AS id, subtotal, deductions, total, keys, parts, merit
        FROM contests_contestanttotal
        WHERE contest_id = %(contest)s AND merit IS NOT NULL
        {first}
    ) ranked
)"""
FIRST = "ORDER BY parts DESC, merit DESC FETCH FIRST %(top)s ROWS WITH TIES"
TIED_CONTESTANT = """tied_contestant AS (
    SELECT id, ahead AS scope, keys, ahead FROM contender WHERE tied > 1
)"""

PLACED = """placed AS (
    SELECT id, subtotal, deductions, total, coalesce(place, ahead + 1) AS place, coalesce(shared, false) AS shared,
        coalesce(decided_by, '{{}}') AS decided_by
    FROM contender LEFT JOIN contestant_place USING (id)
    UNION ALL
    SELECT contestant_id, subtotal, deductions, total, NULL, NULL, NULL
    FROM contests_contestanttotal
    WHERE contest_id = %(contest)s AND merit IS NULL {unplaced}
)"""
BY_NUMBER = """placed AS (
    SELECT contestant_id AS id, subtotal, deductions, total, NULL::bigint AS place, NULL::boolean AS shared,
        NULL::text[] AS decided_by
    FROM contests_contestanttotal WHERE contest_id = %(contest)s
)"""
UNPLACED = "AND (SELECT count(*) FROM contender) < %(top)s"

WINNER = """winner AS MATERIALIZED (
    SELECT * FROM (
        SELECT placed.*, contestant.number, contestant.name, contestant.affiliation, contestant.status
        FROM placed JOIN contests_contestant contestant ON contestant.id = placed.id
        WHERE contestant.id = ANY(ARRAY(SELECT id FROM placed))
    ) line
    ORDER BY {order}
    {limit}
)"""

SHOWN = """shown AS MATERIALIZED (
    SELECT * FROM contests_entrytotal
    WHERE category_id = ANY(%(categories)s) AND {whose}
)"""

# How many of a category are ahead of a merit and how many have it: read off the index, no further than the last that
# is shown.
GROUP = """entry_group AS (
    {arms}
)"""
GROUP_IN = """SELECT {lane} AS lane, category_id, merit, count(*) AS tied,
        (sum(count(*)) OVER (ORDER BY merit DESC) - count(*))::bigint AS ahead
    FROM contests_entrytotal
    WHERE category_id = {category} AND merit IS NOT NULL {last}
    GROUP BY category_id, merit"""
LAST = "AND merit >= (SELECT min(merit) FROM shown WHERE category_id = {category})"

TIED_ENTRY = """tied_entry AS (
    SELECT entry_id AS id, ahead * {lanes} + lane AS scope, keys, ahead{names}
    FROM contests_entrytotal kept JOIN entry_group USING (category_id, merit) JOIN rule USING (category_id)
    WHERE category_id = ANY(%(categories)s) AND merit IS NOT NULL AND tied > 1 {of_shown}
)"""
OF_SHOWN = "AND kept.merit = ANY(ARRAY(SELECT merit FROM shown))"

STANDING = """standing AS (
    SELECT shown.*, shown.entry_id AS id, coalesce(entry_place.place, ahead + 1) AS place,
        coalesce(entry_place.shared, false) AS shared, coalesce(entry_place.decided_by, '{}') AS decided_by,
        rule.shown_places, rule.weight
    FROM shown
    JOIN rule USING (category_id)
    LEFT JOIN entry_group ON entry_group.category_id = shown.category_id AND entry_group.merit = shown.merit
    LEFT JOIN entry_place ON entry_place.id = shown.entry_id
)"""

SHOWN_UNIT = "shown_unit AS (SELECT entry_id, panels::json AS criteria FROM shown)"

LATEST = """latest AS (
    SELECT greatest(
        (SELECT max(as_of) FROM contests_contestanttotal WHERE contest_id = %(contest)s),
        (SELECT max(updated_at) FROM criterion), (SELECT max(updated_at) FROM seat),
        (SELECT max(updated_at) FROM recused)
    ) AS as_of
)"""


def maintained_statement(policy: BoardPolicy, *, top: int | None, by_number: bool) -> tuple[str, dict[str, Any]]:
    """SQL and parameters of one row: whether the totals are current, `as_of`, and the `rows.ContestantRow`s.

    Args:
        top: how many rows; None for all.
        by_number: the first by number, for readers who must not learn from the choice who is ahead.
    """
    order = "number, id" if by_number else WINNER_ORDER
    contest_ties = [Tie("", f"%(tie_{place}_name)s::text") for place, _ in enumerate(policy.rule.tie_breakers)]
    if by_number:
        placed = [BY_NUMBER]
    else:
        placed = [
            CONTENDER.format(first="" if top is None else FIRST),
            TIED_CONTESTANT,
            places_step(CONTESTANTS, CONTESTANTS.source, contest_ties, ahead="base.ahead"),
            PLACED.format(unplaced="" if top is None else UNPLACED),
        ]
    winner = WINNER.format(
        order=order,
        limit="" if top is None else "LIMIT %(top)s",
    )
    steps = [
        rules_step(policy),
        CRITERION,
        SEAT,
        RECUSED,
        *placed,
        winner,
        *_entries(policy, whole=top is None),
        STANDING,
        SHOWN_UNIT,
        part_step(policy),
        shown_category_step(policy),
        LATEST,
    ]
    select = f"""SELECT {CURRENT}, (SELECT as_of FROM latest), coalesce((
        SELECT json_agg({contestant_row(policy)} ORDER BY {order})
        FROM winner LEFT JOIN shown_category ON shown_category.contestant_id = winner.id
    ), '[]'::json)::text"""
    parameters: dict[str, Any] = policy.parameters() | tie_parameters(policy)
    parameters |= {"top": top, "policy": policy_digest(policy)}
    for number, category in enumerate(policy.categories):
        parameters[f"category_{number}"] = category.category.pk
    return join_steps(steps, select), parameters


def _entries(policy: BoardPolicy, *, whole: bool) -> list[str]:
    """The steps to the places of the entries that are shown."""
    names = "".join(f", rule.tie_{place}_name" for place in range(policy.tie_depth))
    ties = [Tie("", f"base.tie_{place}_name") for place in range(policy.tie_depth)]
    lanes = [f"%(category_{lane})s" for lane in range(len(policy.categories))] or ["NULL::uuid"]
    groups = [
        GROUP_IN.format(lane=lane, category=category, last="" if whole else LAST.format(category=category))
        for lane, category in enumerate(lanes)
    ]
    return [
        SHOWN.format(whose="true" if whole else "contestant_id = ANY(ARRAY(SELECT id FROM winner))"),
        GROUP.format(arms="\n    UNION ALL ".join(groups)),
        TIED_ENTRY.format(lanes=len(lanes), names=names, of_shown="" if whole else OF_SHOWN),
        places_step(ENTRIES, ENTRIES.source, ties, ahead="base.ahead"),
    ]
