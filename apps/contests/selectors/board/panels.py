"""From marks to panel scores: the relations `rule` to `scored_unit`.

A unit is what is aggregated: a criterion, or with unit `judge_total` the judges' totals, under the category's id.
"""

from __future__ import annotations

from apps.contests.enums import EntryState, ScoreState, SeatRole
from apps.contests.scoring.panel import PanelFault, Use
from apps.contests.scoring.rule import Aggregation, Normalisation, Unit
from apps.contests.selectors.board.numbers import quotient, rounded, spelled, square_root
from apps.contests.selectors.board.policy import BoardPolicy

RULE_COLUMNS = """category_id uuid, category_key text, position int, weight numeric, aggregation text, trims boolean,
    drop_low int, drop_high int, minimum_panel int, normalisation text, normalisation_minimum int,
    by_criterion boolean, blocks boolean, panel_places int, panel_rounding text, factor_places int,
    factor_rounding text, shown_places int, counts_technical boolean, deduction_floor numeric, direction int"""

SCORED = f"state = '{ScoreState.SCORED}'"
COMPETES = f"status = '{EntryState.ENTERED}'"


def panel_steps(policy: BoardPolicy) -> list[str]:
    """The steps in order; each is `name AS (…)`."""
    steps = [rules_step(policy), CRITERION, SEAT, RECUSED, ENTRY, MARK]
    if policy.has_ballots or Unit.JUDGE_TOTAL in policy.units:
        steps.append(CARD)
    return [*steps, *_values(policy), PLACED, USED, PANEL, UNIT, SCORED_UNIT]


def rules_step(policy: BoardPolicy) -> str:
    """The categories' rules, as a relation."""
    ties = "".join(
        f", tie_{place} text, tie_{place}_name text, tie_{place}_criterion uuid" for place in range(policy.tie_depth)
    )
    return f"rule AS MATERIALIZED (SELECT * FROM jsonb_to_recordset(%(rules)s::jsonb) AS rule({RULE_COLUMNS}{ties}))"


# Tables that hold more than this contest are narrowed by arrays of ids: that is an index scan whatever the planner
# believes, where a join with a relation of the statement needs a nested loop to use the index (see `rows.ask`).
CRITERION = """criterion AS (
    SELECT id, category_id, position, factor, updated_at, count(*) OVER (PARTITION BY category_id) AS siblings
    FROM contests_criterion
    WHERE category_id = ANY(%(categories)s) AND deleted_at IS NULL
)"""

# J2 before J10: seats are short, and those of one panel alike but for the number.
SEAT = f"""seat AS (
    SELECT id, category_id, seat, updated_at,
        row_number() OVER (PARTITION BY category_id ORDER BY length(seat), seat, id) AS position,
        count(*) OVER (PARTITION BY category_id) AS siblings
    FROM contests_assignment
    WHERE category_id = ANY(%(categories)s) AND deleted_at IS NULL AND role <> '{SeatRole.RESERVE}'
)"""

RECUSED = """recused AS (
    SELECT seat.id AS seat_id, seat.category_id, recusal.contestant_id, recusal.updated_at
    FROM contests_recusal recusal JOIN seat ON seat.id = recusal.assignment_id
    WHERE recusal.assignment_id = ANY(ARRAY(SELECT id FROM seat)) AND recusal.deleted_at IS NULL
)"""

# A statement is of all contestants (NULL), or of some: then everything about them is, and nothing of anybody else.
ONLY = "(%(contestants)s::uuid[] IS NULL OR {id} = ANY(%(contestants)s::uuid[]))"

# `expected` is how many seats are to mark the entry. Who is out of the contest is out of each category.
ENTRY = f"""entry AS (
    SELECT entry.id, entry.category_id, entry.contestant_id, entry.starting_order, entry.technical_points,
        contestant.number, greatest(entry.updated_at, contestant.updated_at) AS updated_at,
        CASE contestant.status WHEN '{EntryState.ENTERED}' THEN entry.state ELSE contestant.status END AS status,
        coalesce(panel.seats, 0) - coalesce(recused.seats, 0) AS expected
    FROM contests_entry entry
    JOIN contests_contestant contestant ON contestant.id = entry.contestant_id AND contestant.deleted_at IS NULL
    LEFT JOIN (SELECT category_id, count(*) AS seats FROM seat GROUP BY 1) panel USING (category_id)
    LEFT JOIN (SELECT category_id, contestant_id, count(*) AS seats FROM recused GROUP BY 1, 2) recused
        USING (category_id, contestant_id)
    WHERE entry.category_id = ANY(%(categories)s) AND entry.deleted_at IS NULL AND contestant.contest_id = %(contest)s
        AND {ONLY.format(id="entry.contestant_id")} AND {ONLY.format(id="contestant.id")}
)"""

MARK = """mark AS (
    SELECT entry.id AS entry_id, entry.category_id, criterion.id AS criterion_id, criterion.factor,
        criterion.siblings AS criteria, seat.id AS seat_id, seat.position AS seat_position,
        score.state, score.value, score.updated_at
    FROM entry
    JOIN contests_score score ON score.entry_id = entry.id AND score.deleted_at IS NULL
    JOIN seat ON seat.id = score.assignment_id AND seat.category_id = entry.category_id
    JOIN criterion ON criterion.id = score.criterion_id AND criterion.category_id = entry.category_id
    LEFT JOIN recused ON recused.seat_id = seat.id AND recused.contestant_id = entry.contestant_id
    WHERE score.entry_id = ANY(ARRAY(SELECT id FROM entry)) AND recused.seat_id IS NULL
)"""

# A judge's scorecard of an entry. Its total is there if every criterion has a value.
CARD = f"""card AS (
    SELECT entry_id, category_id, seat_id, seat_position, max(updated_at) AS updated_at,
        CASE WHEN count(*) < min(criteria) THEN 'missing'
            WHEN bool_or(state = '{ScoreState.ABSENT}') THEN '{ScoreState.ABSENT}'
            WHEN bool_or(state = '{ScoreState.ABSTAINED}') THEN '{ScoreState.ABSTAINED}'
            ELSE '{ScoreState.SCORED}' END AS state,
        CASE WHEN count(*) FILTER (WHERE {SCORED}) = min(criteria) THEN sum(value * factor) END AS total
    FROM mark
    GROUP BY entry_id, category_id, seat_id, seat_position
)"""


def _values(policy: BoardPolicy) -> list[str]:
    arms = []
    if Unit.CRITERION in policy.units or not policy.units:
        arms.append("""SELECT mark.entry_id, mark.criterion_id, mark.seat_id, mark.seat_position, mark.updated_at,
            rule.drop_low, rule.drop_high, mark.state, mark.value
        FROM mark JOIN rule USING (category_id) WHERE rule.by_criterion""")
    if Unit.JUDGE_TOTAL in policy.units:
        arms.append("""SELECT card.entry_id, card.category_id, card.seat_id, card.seat_position, card.updated_at,
            rule.drop_low, rule.drop_high, card.state, card.total
        FROM card JOIN rule USING (category_id) WHERE NOT rule.by_criterion""")
    columns = "entry_id, unit_id, seat_id, seat_position, updated_at, drop_low, drop_high, state, raw"
    raw = f"raw_value ({columns}) AS ({' UNION ALL '.join(arms)})"
    if not policy.normalises:
        return [raw, "value AS (SELECT raw_value.*, raw AS adjusted FROM raw_value)"]
    return [raw, MOMENTS, ADJUSTED]


# By judge and unit, over the entries that compete.
MOMENTS = f"""moments AS (
    SELECT raw_value.*, entry.category_id, entry.{COMPETES} AND raw IS NOT NULL AS enters,
        count(raw) FILTER (WHERE entry.{COMPETES}) OVER judge AS marked,
        sum(raw) FILTER (WHERE entry.{COMPETES}) OVER judge AS total,
        sum(raw * raw) FILTER (WHERE entry.{COMPETES}) OVER judge AS squares,
        rank() OVER (PARTITION BY seat_id, unit_id, entry.{COMPETES} ORDER BY raw DESC NULLS LAST)
            + (count(*) OVER (PARTITION BY seat_id, unit_id, entry.{COMPETES}, raw) - 1) * 0.5 AS ordinal
    FROM raw_value JOIN entry ON entry.id = raw_value.entry_id
    WINDOW judge AS (PARTITION BY seat_id, unit_id)
)"""

ADJUSTED = f"""value AS (
    SELECT moments.*, CASE
        WHEN rule.normalisation = '{Normalisation.NONE}' THEN raw
        WHEN NOT enters OR marked < rule.normalisation_minimum THEN NULL
        WHEN rule.normalisation = '{Normalisation.RANK}' THEN ordinal
        WHEN spread.variance = 0 THEN NULL
        ELSE {quotient("marked * raw - total", square_root("spread.variance"))} END AS adjusted
    FROM moments JOIN rule USING (category_id)
    CROSS JOIN LATERAL (SELECT marked * squares - total * total AS variance) spread
)"""

# Values in the order in which they are trimmed; those without one come last and are not counted. Nothing is joined
# from here to `panel`, so that PostgreSQL sorts once: for the windows, the grouping and the list of what was dropped.
PLACED = """placed AS (
    SELECT value.*,
        row_number() OVER (PARTITION BY entry_id, unit_id ORDER BY adjusted, seat_position) AS place,
        count(adjusted) OVER (PARTITION BY entry_id, unit_id) AS present
    FROM value
)"""

USED = f"""used AS (
    SELECT placed.*, CASE
        WHEN adjusted IS NULL THEN '{Use.OMITTED}'
        WHEN place <= drop_low THEN '{Use.DROPPED_LOW}'
        WHEN place > present - drop_high THEN '{Use.DROPPED_HIGH}'
        ELSE '{Use.COUNTED}' END AS use
    FROM placed
)"""

# `middle` is the median where nothing is dropped: the middle value, or half the sum of the two. A dropped mark's seat
# is named to those who see it.
PANEL = f"""panel AS (
    SELECT entry_id, unit_id,
        count(*) FILTER (WHERE state <> 'missing') AS recorded,
        count(*) FILTER (WHERE {SCORED}) AS scored,
        bool_or({SCORED} AND adjusted IS NULL) AS undefined,
        sum(adjusted) FILTER (WHERE use = '{Use.COUNTED}') AS total,
        count(*) FILTER (WHERE use = '{Use.COUNTED}') AS counted,
        sum(adjusted) FILTER (WHERE place IN ((present + 1) / 2, (present + 2) / 2))
            * CASE WHEN mod(min(present), 2) = 0 THEN 0.5 ELSE 1 END AS middle,
        max(updated_at) AS updated_at,
        json_agg(json_build_object(
            'value', {spelled("adjusted")},
            'end', CASE use WHEN '{Use.DROPPED_LOW}' THEN 'low' ELSE 'high' END,
            'seat', CASE WHEN %(all_marks)s OR seat_id = ANY(%(own_seats)s)
                THEN (SELECT seat FROM seat WHERE seat.id = used.seat_id) END) ORDER BY adjusted, seat_position)
            FILTER (WHERE %(dropped)s AND use IN ('{Use.DROPPED_LOW}', '{Use.DROPPED_HIGH}')) AS dropped
    FROM used
    GROUP BY entry_id, unit_id
)"""

# Every panel that there should be, whether or not it has marks.
UNIT = """unit AS (
    SELECT entry.id AS entry_id, entry.category_id, criterion.id AS unit_id, criterion.position, criterion.factor
    FROM entry JOIN rule USING (category_id) JOIN criterion USING (category_id)
    WHERE rule.by_criterion
    UNION ALL
    SELECT entry.id, entry.category_id, entry.category_id, 0, 1
    FROM entry JOIN rule USING (category_id)
    WHERE NOT rule.by_criterion AND EXISTS (SELECT FROM criterion WHERE category_id = entry.category_id)
)"""

SCORED_UNIT = f"""scored_unit AS (
    SELECT unit.*, faults.fault, panel.scored, panel.dropped, panel.updated_at,
        rounded.panel_score,
        CASE WHEN by_criterion THEN {rounded("weighted.score", "factor_places", "factor_rounding")}
            ELSE rounded.panel_score END AS score
    FROM unit
    JOIN rule USING (category_id)
    JOIN entry ON entry.id = unit.entry_id
    LEFT JOIN panel ON panel.entry_id = unit.entry_id AND panel.unit_id = unit.unit_id
    CROSS JOIN LATERAL (SELECT CASE
        WHEN entry.status <> '{EntryState.ENTERED}' THEN NULL
        WHEN blocks AND entry.expected > coalesce(panel.recorded, 0) THEN '{PanelFault.MISSING_MARK}'
        WHEN coalesce(panel.scored, 0) < minimum_panel THEN '{PanelFault.PANEL_TOO_SMALL}'
        WHEN panel.undefined THEN '{PanelFault.NORMALISATION_UNDEFINED}' END AS fault) faults
    CROSS JOIN LATERAL (SELECT CASE
        WHEN faults.fault IS NOT NULL OR entry.status <> '{EntryState.ENTERED}' THEN NULL
        WHEN aggregation = '{Aggregation.SUM}' THEN panel.total
        WHEN aggregation = '{Aggregation.MEDIAN}' THEN panel.middle
        ELSE {quotient("panel.total", "panel.counted")} END AS score) exact
    CROSS JOIN LATERAL (SELECT {rounded("exact.score", "panel_places", "panel_rounding")} AS panel_score) rounded
    CROSS JOIN LATERAL (SELECT rounded.panel_score * unit.factor AS score) weighted
)"""
