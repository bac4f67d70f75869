"""The two statements: the winner list of a contest, the standings of a category."""

from __future__ import annotations

from apps.contests.enums import EntryState
from apps.contests.scoring.contest_rule import Combination
from apps.contests.scoring.panel import Use
from apps.contests.selectors.board.contestants import contestant_steps, tie_parameters
from apps.contests.selectors.board.entries import entry_steps
from apps.contests.selectors.board.numbers import spelled
from apps.contests.selectors.board.panels import panel_steps
from apps.contests.selectors.board.policy import BoardPolicy

# Every recorded value of the panel that the reader may see.
VISIBLE = f"""visible AS (
    SELECT used.entry_id, used.unit_id, json_agg(json_build_object(
        'seat', seat.seat, 'state', used.state, 'value', {spelled("raw")}, 'adjusted', {spelled("adjusted")},
        'use', CASE WHEN scored_unit.score IS NULL AND raw IS NOT NULL THEN '{Use.PENDING}' ELSE use END
        ) ORDER BY used.seat_position) AS marks
    FROM used JOIN scored_unit USING (entry_id, unit_id) JOIN seat ON seat.id = used.seat_id
    WHERE %(all_marks)s OR seat_id = ANY(%(own_seats)s)
    GROUP BY used.entry_id, used.unit_id
)"""

SHOWN_UNIT = f"""shown_unit AS (
    SELECT scored_unit.entry_id, json_agg(json_build_object(
        'criterion', CASE WHEN by_criterion THEN scored_unit.unit_id END,
        'panel', {spelled("panel_score", "panel_places")},
        'score', {spelled("score", "shown_places")},
        'judges', coalesce(scored_unit.scored, 0),
        'fault', fault,
        'dropped', CASE WHEN NOT %(dropped)s THEN NULL WHEN scored_unit.score IS NULL THEN '[]'::json
            ELSE coalesce(scored_unit.dropped, '[]'::json) END{{marks}}
        ) ORDER BY scored_unit.position, scored_unit.unit_id) AS criteria
    FROM scored_unit
    JOIN rule USING (category_id){{join}}
    GROUP BY scored_unit.entry_id
)"""

MARKS_COLUMN = ",\n        'marks', coalesce(visible.marks, '[]'::json)"
MARKS_JOIN = " LEFT JOIN visible ON visible.entry_id = scored_unit.entry_id AND visible.unit_id = scored_unit.unit_id"

LATEST = """latest AS (
    SELECT greatest(
        (SELECT max(updated_at) FROM scored_unit), (SELECT max(updated_at) FROM entry),
        (SELECT max(updated_at) FROM criterion), (SELECT max(updated_at) FROM seat),
        (SELECT max(updated_at) FROM recused),
        (SELECT max(updated_at) FROM contests_contestant WHERE contest_id = %(contest)s AND deleted_at IS NULL),
        (SELECT max(updated_at) FROM deduction)
    ) AS as_of
)"""

ENTRY_MEMBERS = f"""'category', standing.category_id,
        'entry', standing.id,
        'status', standing.status,
        'rank', standing.place,
        'shared', coalesce(standing.shared, false),
        'decided_by', coalesce(to_json(standing.decided_by), '[]'::json),
        'component_total', {spelled("standing.component_total", "standing.shown_places")},
        'technical_points', {spelled("standing.technical_points", "standing.shown_places")},
        'subtotal', {spelled("standing.subtotal", "standing.shown_places")},
        'deductions', {spelled("standing.deductions", "standing.shown_places")},
        'total', {spelled("standing.total", "standing.shown_places")},
        'criteria', coalesce(shown_unit.criteria, '[]'::json)"""

_SHOWN_CATEGORY = f"""shown_category AS (
    SELECT standing.contestant_id, json_agg(json_build_object({ENTRY_MEMBERS},
        'value', {spelled("part.value", "{value_places}")},
        'weighted', {spelled("part.weighted", "{places}")}
        ) ORDER BY rule.position, rule.category_id) AS categories
    FROM standing
    JOIN rule USING (category_id)
    JOIN part ON part.entry_id = standing.id
    LEFT JOIN shown_unit ON shown_unit.entry_id = standing.id
    GROUP BY standing.contestant_id
)"""

# Those without a place come last: no total yet, did not start, withdrawn, disqualified.
_STATES = ", ".join(f"'{state}'" for state in EntryState)
LISTED = f"array_position(ARRAY[{_STATES}], {{status}}::text)"


def join_steps(steps: list[str], select: str) -> str:
    """The statement of these common table expressions."""
    return f"WITH {', '.join(steps)}\n{select}"


def shown_category_step(policy: BoardPolicy) -> str:
    """A contestant's entries with what they add, from `standing`, `rule`, `part` and `shown_unit`."""
    by_total = policy.rule.combination is Combination.WEIGHTED_SUM
    shown = _SHOWN_CATEGORY.replace("{places}", str(policy.rule.places))
    return shown.replace("{value_places}", "standing.shown_places" if by_total else "0")


def contestant_row(policy: BoardPolicy) -> str:
    """SQL for a `rows.ContestantRow`, from a winner with a contestant's columns, and `categories`."""
    places = str(policy.rule.places)
    return f"""json_build_object(
        'rank', place,
        'shared', coalesce(shared, false),
        'decided_by', coalesce(to_json(decided_by), '[]'::json),
        'contestant', json_build_object(
            'id', id, 'number', number, 'name', name, 'affiliation', affiliation, 'status', status),
        'subtotal', {spelled("subtotal", places)},
        'deductions', {spelled("deductions", places)},
        'total', {spelled("total", places)},
        'categories', coalesce(categories, '[]'::json))"""


WINNER_ORDER = f"place NULLS LAST, {LISTED.format(status='status')}, number, id"


def entry_relations(policy: BoardPolicy, *, with_marks: bool) -> list[str]:
    """The steps from the rules to `standing` and `shown_unit`, and `latest`."""
    shown = SHOWN_UNIT.replace("{marks}", MARKS_COLUMN if with_marks else "")
    shown = shown.replace("{join}", MARKS_JOIN if with_marks else "")
    visible = [VISIBLE] if with_marks else []
    return [*panel_steps(policy), *entry_steps(policy), *visible, shown, LATEST]


def contest_statement(policy: BoardPolicy, *, with_marks: bool) -> tuple[str, dict[str, object]]:
    """SQL and parameters of the winner list: one row a contestant, as `rows.ContestantRow`, then `as_of`.

    Still to be given are `all_marks`, `own_seats` and `dropped`: what the reader may see.
    """
    steps = [
        *entry_relations(policy, with_marks=with_marks),
        *contestant_steps(policy),
        shown_category_step(policy),
    ]
    select = f"""SELECT {contestant_row(policy)}::text, as_of
    FROM winner LEFT JOIN shown_category ON shown_category.contestant_id = winner.id CROSS JOIN latest
    ORDER BY {WINNER_ORDER}"""
    return join_steps(steps, select), policy.parameters() | tie_parameters(policy)


def category_statement(policy: BoardPolicy, *, with_marks: bool) -> tuple[str, dict[str, object]]:
    """SQL and parameters of the standings: one row an entry, as `rows.EntryRow`, then `as_of`."""
    select = f"""SELECT json_build_object({ENTRY_MEMBERS},
        'starting_order', standing.starting_order,
        'contestant', json_build_object(
            'id', contestant.id, 'number', contestant.number, 'name', contestant.name,
            'affiliation', contestant.affiliation, 'status', contestant.status))::text, as_of
    FROM standing
    JOIN contests_contestant contestant ON contestant.id = standing.contestant_id
    LEFT JOIN shown_unit ON shown_unit.entry_id = standing.id
    CROSS JOIN latest
    ORDER BY place NULLS LAST, {LISTED.format(status="standing.status")},
        standing.starting_order NULLS LAST, standing.number, standing.id"""
    return join_steps(entry_relations(policy, with_marks=with_marks), select), policy.parameters()
