"""From panel scores to the standings of each category: the relations `tally` and `standing`."""

from __future__ import annotations

from apps.contests.enums import DeductionStage, EntryState
from apps.contests.scoring.tie_breakers import TieBreakerKind
from apps.contests.selectors.board.deductions import DEDUCTION, share, taken, total_after
from apps.contests.selectors.board.policy import BoardPolicy
from apps.contests.selectors.board.ranking import Ranked, Tie, median_steps, ranking_steps

PLACES = Ranked(source="tally", merit_size=1, ballots="entry_ballot", result="entry_place")

COMPONENT = """component AS (
    SELECT entry_id, sum(score) AS total, count(*) AS units, count(score) AS scored
    FROM scored_unit
    GROUP BY entry_id
)"""

BALLOT = "entry_ballot AS (SELECT entry_id AS id, seat_id, total FROM card)"

STANDING = """standing AS (
    SELECT tally.*, entry_place.keys, entry_place.place, entry_place.shared, entry_place.decided_by
    FROM tally LEFT JOIN entry_place USING (id)
)"""


def entry_steps(policy: BoardPolicy) -> list[str]:
    """The steps after `scored_unit`."""
    steps = [COMPONENT, SUBTOTAL, DEDUCTION, TAKEN, _tally(policy)]
    if policy.has_ballots:
        steps += [BALLOT, *median_steps(PLACES)]
    ties = [_tie(policy, place) for place in range(policy.tie_depth)]
    return [*steps, *ranking_steps(PLACES, ties), STANDING]


SUBTOTAL = f"""subtotal AS (
    SELECT entry.id AS entry_id, component.total AS component_total, component.total + technical.points AS subtotal
    FROM entry
    JOIN rule USING (category_id)
    LEFT JOIN component parts ON parts.entry_id = entry.id
    CROSS JOIN LATERAL (SELECT CASE
        WHEN entry.status = '{EntryState.ENTERED}' AND coalesce(parts.scored, 0) = coalesce(parts.units, 0)
        THEN coalesce(parts.total, 0) END AS total) component
    CROSS JOIN LATERAL (SELECT CASE
        WHEN counts_technical THEN direction * entry.technical_points ELSE 0 END AS points) technical
)"""


TAKEN = f"""taken AS (
    SELECT deduction.entry_id, sum({taken("rule.factor_places", "rule.factor_rounding")}) AS points
    FROM deduction
    JOIN subtotal ON subtotal.entry_id = deduction.entry_id
    JOIN entry ON entry.id = deduction.entry_id
    JOIN rule USING (category_id)
    CROSS JOIN LATERAL (SELECT {share("subtotal.subtotal")} AS points) share
    WHERE deduction.counts AND deduction.stage = '{DeductionStage.CATEGORY}'
    GROUP BY deduction.entry_id
)"""


def _tally(policy: BoardPolicy) -> str:
    """An entry with its totals, and beside them what its rule says about ties."""
    ties = "".join(
        f", rule.tie_{place}, rule.tie_{place}_name, rule.tie_{place}_criterion" for place in range(policy.tie_depth)
    )
    return f"""tally AS (
    SELECT entry.*, entry.category_id AS scope, rule.direction, rule.shown_places, rule.weight, rule.category_key,
        rule.counts_technical, subtotal.component_total, subtotal.subtotal,
        CASE WHEN subtotal.subtotal IS NOT NULL THEN deducted.points END AS deductions, total.points AS total,
        CASE WHEN total.points IS NOT NULL THEN ARRAY[direction * total.points] END AS merit{ties}
    FROM entry
    JOIN rule USING (category_id)
    JOIN subtotal ON subtotal.entry_id = entry.id
    LEFT JOIN taken ON taken.entry_id = entry.id
    CROSS JOIN LATERAL (SELECT coalesce(taken.points, 0) AS points) deducted
    CROSS JOIN LATERAL (SELECT {total_after("subtotal.subtotal", "deducted.points", "direction", "deduction_floor")}
        AS points) total
)"""


def _tie(policy: BoardPolicy, place: int) -> Tie:
    """Tie-breaker number `place` of every category: each looks its own up in its rule."""
    kinds = policy.kinds_at(place)
    kind = f"base.tie_{place}"
    arms = [
        f"WHEN '{TieBreakerKind.TECHNICAL_POINTS}' THEN base.technical_points",
        f"WHEN '{TieBreakerKind.COMPONENT_TOTAL}' THEN base.direction * base.component_total",
    ]
    joins = ""
    if TieBreakerKind.CRITERION in kinds:
        arms.append(f"WHEN '{TieBreakerKind.CRITERION}' THEN base.direction * named.score")
        joins += f" LEFT JOIN scored_unit named ON named.entry_id = base.id AND named.unit_id = {kind}_criterion"
    if TieBreakerKind.HIGHER_MEDIAN in kinds:
        arms.append(f"WHEN '{TieBreakerKind.HIGHER_MEDIAN}' THEN medians.median")
        joins += f" LEFT JOIN {PLACES.medians} medians ON medians.id = base.id"
    head_to_head = ""
    if TieBreakerKind.HEAD_TO_HEAD in kinds:
        arms.append(f"WHEN '{TieBreakerKind.HEAD_TO_HEAD}' THEN coalesce(victories.points, 0)")
        head_to_head = f"{kind} = '{TieBreakerKind.HEAD_TO_HEAD}'"
    return Tie(f"CASE {kind} {' '.join(arms)} END", f"{kind}_name", joins, head_to_head)
