"""Taking deductions from a subtotal, of a category and of a contest alike; see `scoring.totals`."""

from __future__ import annotations

from apps.contests.enums import DeductionUnit
from apps.contests.selectors.board.numbers import rounded

# Those on record; a reversed one is there and doesn't count.
DEDUCTION = """deduction AS (
    SELECT entry.id AS entry_id, entry.contestant_id, recorded.amount, recorded.unit, recorded.stage,
        recorded.reversed_at IS NULL AS counts, recorded.updated_at
    FROM contests_deduction recorded JOIN entry ON entry.id = recorded.entry_id
    WHERE recorded.entry_id = ANY(ARRAY(SELECT id FROM entry)) AND recorded.deleted_at IS NULL
)"""


def share(subtotal: str) -> str:
    """SQL for a deduction's percent of the subtotal, which is exact: a hundredth needs no division."""
    return f"abs({subtotal}) * deduction.amount * 0.01"


def taken(places: str, mode: str) -> str:
    """SQL for what a `deduction` takes; beside it is a relation `share` with the `points` of a percent."""
    percent = rounded("share.points", places, mode)
    return f"CASE deduction.unit WHEN '{DeductionUnit.POINTS}' THEN deduction.amount ELSE {percent} END"


def total_after(subtotal: str, imposed: str, direction: str, floor: str) -> str:
    """SQL for the total: deductions make it worse, and a floor stops them without lifting what was below it."""
    return f"""CASE WHEN {floor} IS NULL OR {subtotal} IS NULL THEN {subtotal} - {direction} * {imposed}
        ELSE greatest({subtotal} - {imposed}, least({subtotal}, {floor})) END"""
