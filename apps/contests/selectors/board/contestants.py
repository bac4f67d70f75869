"""From the standings of the categories to the winner list of the contest: the relations up to `winner`."""

from __future__ import annotations

from apps.contests.enums import ContestantStatus, DeductionStage
from apps.contests.scoring.contest_rule import Combination, Incomplete
from apps.contests.scoring.rounding import canonical
from apps.contests.scoring.tie_breakers import TieBreaker, TieBreakerKind
from apps.contests.selectors.board.deductions import share, taken, total_after
from apps.contests.selectors.board.numbers import rounded
from apps.contests.selectors.board.panels import ONLY
from apps.contests.selectors.board.policy import BoardPolicy
from apps.contests.selectors.board.ranking import Ranked, Tie, median_steps, ranking_steps

PLACES = Ranked(source="combined", merit_size=2, ballots="contestant_ballot", result="contestant_place")

BALLOT = """contestant_ballot AS (
    SELECT entry.contestant_id AS id, card.seat_id, card.total FROM card JOIN entry ON entry.id = card.entry_id
)"""

WINNER = """winner AS (
    SELECT combined.*, contestant_place.keys, contestant_place.place, contestant_place.shared,
        contestant_place.decided_by
    FROM combined LEFT JOIN contestant_place USING (id)
)"""


def contestant_steps(policy: BoardPolicy) -> list[str]:
    """The steps after `standing`."""
    ties = policy.rule.tie_breakers
    steps = [part_step(policy), _sums(policy), *_totals(policy)]
    if policy.has_ballots:
        steps += [BALLOT, *median_steps(PLACES)]
    return [*steps, *ranking_steps(PLACES, [_tie(place, tie) for place, tie in enumerate(ties)]), WINNER]


def part_step(policy: BoardPolicy) -> str:
    """What each category adds to its contestants' totals; `value` is NULL where it adds nothing."""
    by_total = policy.rule.combination is Combination.WEIGHTED_SUM
    weighted = rounded("weighted.value", str(policy.rule.places), f"'{policy.rule.rounding}'")
    return f"""part AS (
    SELECT standing.id AS entry_id, standing.contestant_id, part.value, {weighted} AS weighted
    FROM standing
    CROSS JOIN LATERAL (SELECT {"total" if by_total else "place::numeric"} AS value) part
    CROSS JOIN LATERAL (SELECT part.value * standing.weight AS value) weighted
)"""


def _sums(policy: BoardPolicy) -> str:
    """Per contestant: how many parts, their sum, and what the tie-breakers compare over the same categories."""
    ties = "".join(f",\n        {_sum(place, tie)}" for place, tie in enumerate(policy.rule.tie_breakers))
    joins = "".join(_named_unit(place, tie) for place, tie in enumerate(policy.rule.tie_breakers))
    return f"""sums AS (
    SELECT part.contestant_id AS id, count(*) AS parts, sum(part.weighted) AS subtotal{ties}
    FROM part JOIN standing ON standing.id = part.entry_id{joins}
    WHERE part.value IS NOT NULL
    GROUP BY part.contestant_id
)"""


def _sum(place: int, tie: TieBreaker) -> str:
    value, concerned = {
        TieBreakerKind.TECHNICAL_POINTS: ("standing.technical_points", "standing.counts_technical"),
        TieBreakerKind.COMPONENT_TOTAL: ("standing.direction * standing.component_total", "true"),
        TieBreakerKind.CATEGORY: (
            "standing.direction * standing.total",
            f"standing.category_key = {_of(place)}",
        ),
        TieBreakerKind.CRITERION: (
            f"standing.direction * named_{place}.score",
            f"named_{place}.entry_id IS NOT NULL",
        ),
    }.get(tie.kind, ("NULL::numeric", "false"))
    return f"""CASE WHEN count({value}) FILTER (WHERE {concerned}) = count(*) FILTER (WHERE {concerned})
            THEN sum({value}) FILTER (WHERE {concerned}) END AS tie_{place}"""


def _of(place: int) -> str:
    return f"%(tie_{place}_of)s"


def _named_unit(place: int, tie: TieBreaker) -> str:
    if tie.kind is not TieBreakerKind.CRITERION:
        return ""
    return (
        f" LEFT JOIN scored_unit named_{place} ON named_{place}.entry_id = part.entry_id"
        f" AND named_{place}.unit_id = {_of(place)}::uuid"
    )


def tie_parameters(policy: BoardPolicy) -> dict[str, object]:
    """What the contest's tie-breakers name: a category by its key, a criterion by its id."""
    parameters: dict[str, object] = {}
    for place, tie in enumerate(policy.rule.tie_breakers):
        parameters[f"tie_{place}_of"] = tie.of
        parameters[f"tie_{place}_name"] = tie.name
        if tie.kind is TieBreakerKind.CRITERION:
            key, _, name = (tie.of or "").partition("/")
            owner = next(category for category in policy.categories if category.category.slug == key)
            parameters[f"tie_{place}_of"] = owner.criterion_id(name)
    return parameters


def _totals(policy: BoardPolicy) -> list[str]:
    """The steps to `combined`: a contestant's subtotal, what is imposed on it, and the total.

    Who has more categories with a value is ahead; by the rule `unplaced` all have the same number.
    """
    rule = policy.rule
    enough = 1 if rule.incomplete is Incomplete.BEHIND else max(1, len(policy.categories))
    floor = "NULL::numeric" if rule.deduction_floor is None else f"{canonical(rule.deduction_floor)}::numeric"
    direction = "-1" if policy.lower_is_better else "1"
    ties = "".join(f", sums.tie_{place}" for place in range(len(rule.tie_breakers)))
    reached = f"""reached AS (
    SELECT contestant.id, contestant.number, contestant.name, contestant.affiliation, contestant.status,
        contestant.updated_at, sums.parts{ties},
        CASE WHEN contestant.status = '{ContestantStatus.ENTERED}' AND sums.parts >= {enough} THEN sums.subtotal
        END AS subtotal
    FROM contests_contestant contestant LEFT JOIN sums USING (id)
    WHERE contestant.contest_id = %(contest)s AND contestant.deleted_at IS NULL AND {ONLY.format(id="contestant.id")}
)"""
    imposed = f"""imposed AS (
    SELECT reached.id, sum({taken(str(rule.places), f"'{rule.rounding}'")}) AS points
    FROM reached JOIN deduction ON deduction.contestant_id = reached.id
    CROSS JOIN LATERAL (SELECT {share("reached.subtotal")} AS points) share
    WHERE deduction.counts AND deduction.stage = '{DeductionStage.CONTEST}'
    GROUP BY reached.id
)"""
    combined = f"""combined AS (
    SELECT reached.*, 0 AS scope, deducted.points AS deductions, total.points AS total,
        CASE WHEN total.points IS NOT NULL THEN ARRAY[reached.parts, {direction} * total.points] END AS merit
    FROM reached LEFT JOIN imposed USING (id)
    CROSS JOIN LATERAL (SELECT CASE WHEN subtotal IS NOT NULL THEN coalesce(imposed.points, 0) END AS points) deducted
    CROSS JOIN LATERAL (SELECT {total_after("subtotal", "deducted.points", direction, floor)} AS points) total
)"""
    return [reached, imposed, combined]


def _tie(place: int, tie: TieBreaker) -> Tie:
    name = f"%(tie_{place}_name)s::text"
    if tie.kind is TieBreakerKind.HIGHER_MEDIAN:
        return Tie("medians.median", name, f"LEFT JOIN {PLACES.medians} medians ON medians.id = base.id")
    if tie.kind is TieBreakerKind.HEAD_TO_HEAD:
        return Tie("coalesce(victories.points, 0)", name, head_to_head="true")
    return Tie(f"base.tie_{place}", name)
