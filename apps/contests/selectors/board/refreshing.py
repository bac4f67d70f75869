"""The statement that brings totals up to date: the board's own, which stores what it would show."""

from __future__ import annotations

import json
from hashlib import blake2s
from typing import Any

from apps.contests.scoring.contest_rule import Combination
from apps.contests.scoring.rule import Normalisation
from apps.contests.scoring.tie_breakers import TieBreakerKind
from apps.contests.selectors.board.contestants import contestant_steps, tie_parameters
from apps.contests.selectors.board.policy import BoardPolicy
from apps.contests.selectors.board.statement import entry_relations, join_steps

# Counted up when totals are computed in another way than before: then those of old releases are stale.
SCHEME = 1

CONTESTANT_COLUMNS = (
    "contest_id",
    "subtotal",
    "deductions",
    "total",
    "parts",
    "merit",
    "keys",
    "as_of",
)
ENTRY_COLUMNS = (
    "contest_id",
    "category_id",
    "contestant_id",
    "status",
    "component_total",
    "technical_points",
    "subtotal",
    "deductions",
    "total",
    "merit",
    "keys",
    "panels",
)

CHANGED = """changed AS (
    SELECT contestant_id AS id, max(updated_at) AS updated_at FROM (
        SELECT contestant_id, updated_at FROM entry
        UNION ALL SELECT contestant_id, updated_at FROM deduction
        UNION ALL SELECT entry.contestant_id, scored_unit.updated_at
            FROM scored_unit JOIN entry ON entry.id = scored_unit.entry_id
    ) part
    GROUP BY contestant_id
)"""

ENTRIES = f"""saved_entry AS (
    INSERT INTO contests_entrytotal AS kept (entry_id, {", ".join(ENTRY_COLUMNS)})
    SELECT standing.id, %(contest)s, category_id, contestant_id, status, component_total, technical_points, subtotal,
        deductions, total, merit[1], keys, coalesce(shown_unit.criteria, '[]'::json)::text
    FROM standing LEFT JOIN shown_unit ON shown_unit.entry_id = standing.id
    {{update}}
), gone_entry AS (
    DELETE FROM contests_entrytotal kept
    WHERE contest_id = %(contest)s AND {{only}} AND entry_id <> ALL(ARRAY(SELECT id FROM standing))
)"""

CONTESTANTS = f"""saved_contestant AS (
    INSERT INTO contests_contestanttotal AS kept (contestant_id, {", ".join(CONTESTANT_COLUMNS)})
    SELECT winner.id, %(contest)s, subtotal, deductions, total,
        CASE WHEN merit IS NOT NULL THEN parts END, merit[2], keys,
        greatest(winner.updated_at, changed.updated_at)
    FROM winner LEFT JOIN changed ON changed.id = winner.id
    {{update}}
), gone_contestant AS (
    DELETE FROM contests_contestanttotal kept
    WHERE contest_id = %(contest)s AND {{only}} AND contestant_id <> ALL(ARRAY(SELECT id FROM winner))
)"""

CONTEST = """saved_contest AS (
    INSERT INTO contests_contesttotals AS kept (contest_id, policy) VALUES (%(contest)s, %(policy)s)
    ON CONFLICT (contest_id) DO UPDATE SET policy = excluded.policy WHERE kept.policy <> excluded.policy
)"""

DONE = "DELETE FROM contests_staletotal WHERE id = ANY(%(stale)s)"


def refresh_statement(policy: BoardPolicy) -> tuple[str, dict[str, Any]]:
    """SQL and parameters: totals from the marks, stored where they differ from what was stored.

    Still to be given are `contestants` (whose; None: all) and `stale` (the ids of what is then no longer stale).
    """
    only = "(%(contestants)s::uuid[] IS NULL OR contestant_id = ANY(%(contestants)s::uuid[]))"
    entries = ENTRIES.format(update=_update("entry_id", ENTRY_COLUMNS), only=only)
    contestants = CONTESTANTS.format(update=_update("contestant_id", CONTESTANT_COLUMNS), only=only)
    steps = [*entry_relations(policy, with_marks=False), *contestant_steps(policy), CHANGED]
    parameters: dict[str, Any] = policy.parameters() | tie_parameters(policy)
    parameters |= {"all_marks": True, "own_seats": [], "dropped": True, "policy": policy_digest(policy)}
    return join_steps([*steps, entries, contestants, CONTEST], DONE), parameters


def is_narrow(policy: BoardPolicy) -> bool:
    """Whether a contestant's totals and keys depend on nobody else's marks."""
    rules = [part.rule for part in policy.categories]
    ties = [*policy.rule.tie_breakers, *(tie for rule in rules for tie in rule.tie_breakers)]
    return (
        policy.rule.combination is Combination.WEIGHTED_SUM
        and all(rule.normalisation is Normalisation.NONE for rule in rules)
        and all(tie.kind is not TieBreakerKind.HEAD_TO_HEAD for tie in ties)
    )


def policy_digest(policy: BoardPolicy) -> str:
    """What says by which rules, weights and categories totals were computed."""
    rules = [part.row(policy.tie_depth) for part in policy.categories]
    text = json.dumps([SCHEME, policy.rule.to_dict(), rules, tie_parameters(policy)], sort_keys=True, default=str)
    return blake2s(text.encode(), digest_size=16).hexdigest()


def _update(key: str, columns: tuple[str, ...]) -> str:
    """Write a row only where it changes: a contest that is computed as a whole changes in few places."""
    new = ", ".join(f"{column} = excluded.{column}" for column in columns)
    kept, excluded = (", ".join(f"{side}.{column}" for column in columns) for side in ("kept", "excluded"))
    return f"ON CONFLICT ({key}) DO UPDATE SET {new} WHERE ({kept}) IS DISTINCT FROM ({excluded})"
