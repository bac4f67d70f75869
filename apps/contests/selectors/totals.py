"""Reading boards from totals, and bringing those up to date first.

A writer appends to the queue of stale totals what it touches, in its own transaction. A reader whose snapshot sees an
empty queue, and totals that were computed by the rules it knows, so sees the totals of exactly the marks that it
could see. Otherwise it refreshes them: one reader of a contest at a time; what stood in the queue **before** it read
anything else is taken out of it afterwards, so that what is written meanwhile is found by the next one.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, connection, transaction

from apps.contests.models import Contest
from apps.contests.selectors.board.maintained import CURRENT, maintained_statement
from apps.contests.selectors.board.policy import BoardPolicy, load_policy
from apps.contests.selectors.board.refreshing import is_narrow, policy_digest, refresh_statement
from apps.contests.selectors.board.rows import TUNE, UNTUNE, ContestantRow

logger = logging.getLogger(__name__)

ATTEMPTS = 3
# Whoever refreshes is done much sooner; after that the board is computed from the marks.
PATIENCE = "SET LOCAL lock_timeout = '10s'"
IMPATIENCE = "SET LOCAL lock_timeout TO DEFAULT"
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('totals:' || %s, 0))"

STALE = """
SELECT coalesce(array_agg(stale.id), '{}'),
    coalesce(bool_or(stale.contestant_id IS NULL AND stale.entry_id IS NULL), false),
    coalesce(array_agg(DISTINCT coalesce(stale.contestant_id, entry.contestant_id)) FILTER (
        WHERE stale.contestant_id IS NOT NULL OR entry.contestant_id IS NOT NULL
    ), '{}'),
    (SELECT policy FROM contests_contesttotals WHERE contest_id = %(contest)s)
FROM contests_staletotal stale LEFT JOIN contests_entry entry ON entry.id = stale.entry_id
WHERE stale.contest_id = %(contest)s
"""


@dataclass(frozen=True, slots=True)
class MaintainedRows:
    """Lines of a winner list and the latest change behind them (None where there are no lines).

    They are what a tally master sees; `policy` is what they were computed by.
    """

    policy: BoardPolicy
    rows: list[ContestantRow]
    as_of: datetime | None


def maintained_rows(contest: Contest, *, top: int | None, by_number: bool = False) -> MaintainedRows | None:
    """The winner list by the totals, or its first `top` lines; None where it has to be computed from the marks.

    Raises:
        InvalidRule: a rule can't be applied to the structure as it is now.
    """
    for _ in range(ATTEMPTS):
        policy = load_policy(contest)
        if not is_current(policy) and not _try_to_refresh(contest):
            return None
        found = read_totals(policy, top=top, by_number=by_number)
        if found is not None:
            return found
    return None


def is_current(policy: BoardPolicy) -> bool:
    """Whether the totals are those of the marks, by this policy."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {CURRENT}", {"contest": policy.contest.pk, "policy": policy_digest(policy)})
        return bool(cursor.fetchone()[0])


def read_totals(policy: BoardPolicy, *, top: int | None = None, by_number: bool = False) -> MaintainedRows | None:
    """What the totals say; None where that is not what the marks say at the same moment."""
    statement, parameters = maintained_statement(policy, top=top, by_number=by_number)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TUNE)
        cursor.execute(statement, parameters)
        current, as_of, text = cursor.fetchone()
        cursor.execute(UNTUNE)
    if not current:
        return None
    rows: list[ContestantRow] = json.loads(text)
    return MaintainedRows(policy, rows, as_of if rows else None)


@transaction.atomic
def refresh_totals(contest: Contest) -> int:
    """Bring a contest's totals up to date; how many rows of the queue that was.

    Raises:
        InvalidRule: a rule can't be applied to the structure as it is now.
    """
    with connection.cursor() as cursor:
        cursor.execute(PATIENCE)
        cursor.execute(LOCK, [str(contest.pk)])
        cursor.execute(IMPATIENCE)
        cursor.execute(STALE, {"contest": contest.pk})
        ids, everybody, contestants, digest = cursor.fetchone()
        policy = load_policy(contest)  # not before: a row that is taken out stands for a change that was seen
        known = digest == policy_digest(policy)
        if known and not ids:
            return 0
        some = known and not everybody and is_narrow(policy)
        statement, parameters = refresh_statement(policy)
        cursor.execute(TUNE)
        cursor.execute(statement, {**parameters, "contestants": contestants if some else None, "stale": ids})
        cursor.execute(UNTUNE)
    return len(ids)


def _try_to_refresh(contest: Contest) -> bool:
    """False where the database doesn't take it: it is read-only, or somebody else holds the totals for too long."""
    try:
        refresh_totals(contest)
    except DatabaseError as error:
        logger.warning("totals_not_refreshed", extra={"contest_id": str(contest.pk), "reason": str(error)})
        return False
    return True
