"""Totals kept up ahead of their readers, checked against the marks, and computed anew."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import zip_longest

from django.db import DatabaseError, connection, transaction

from apps.contests.errors import TotalsBusy
from apps.contests.models import Contest, StaleTotal
from apps.contests.scoring.errors import InvalidRule
from apps.contests.selectors.board.policy import load_policy
from apps.contests.selectors.board.rows import ContestantRow, Visibility
from apps.contests.selectors.leaderboard import computed_rows
from apps.contests.selectors.totals import ATTEMPTS, read_totals, refresh_totals
from apps.core.tenancy import platform_scope

logger = logging.getLogger(__name__)

# All statements of the comparison see the same marks and the same totals.
ONE_SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


def refresh_stale_totals() -> dict[str, int]:
    """Bring the totals of every contest up to date in which something has changed; how many that were."""
    done = failed = 0
    with platform_scope("totals of all organizations are refreshed"):
        stale = StaleTotal.objects.values("contest_id")
        for contest in Contest.objects.filter(pk__in=stale).order_by("pk"):
            try:
                refresh_totals(contest)
                done += 1
            except (InvalidRule, DatabaseError) as error:  # it has no board for now; the others have
                logger.warning("totals_not_refreshed", extra={"contest_id": str(contest.pk), "reason": str(error)})
                failed += 1
    return {"refreshed": done, "failed": failed}


@transaction.atomic
def rebuild_totals(*, contest: Contest) -> None:
    """Compute all totals of a contest anew, whatever they are now.

    Raises:
        InvalidRule: a rule can't be applied to the structure as it is now.
    """
    StaleTotal.objects.create(contest_id=contest.pk)
    refresh_totals(contest)


def check_totals(*, contest: Contest) -> list[str]:
    """Where the totals of a contest, brought up to date, differ from what the marks say: one line each.

    Raises:
        InvalidRule: a rule can't be applied to the structure as it is now.
        TotalsBusy: something changed at every attempt.
    """
    for _ in range(ATTEMPTS):
        refresh_totals(contest)
        with transaction.atomic():
            if len(connection.savepoint_ids) == 0:
                with connection.cursor() as cursor:
                    cursor.execute(ONE_SNAPSHOT)
            policy = load_policy(contest)
            kept = read_totals(policy)
            if kept is None:
                continue
            rows, as_of = computed_rows(policy, Visibility(all_marks=True, dropped=True))
        late = [] if kept.as_of == as_of else [f"as_of: {kept.as_of} is kept, {as_of} is computed"]
        return [*late, *_differences(kept.rows, rows)]
    raise TotalsBusy("The marks of this contest change all the time. Try again.")


def _differences(kept: list[ContestantRow], computed: list[ContestantRow]) -> Iterator[str]:
    for line, (left, right) in enumerate(zip_longest(kept, computed), start=1):
        if left is None or right is None:
            yield f"line {line}: {_named(left)} is kept, {_named(right)} is computed"
            continue
        for name, value in right.items():
            if left.get(name) != value:
                yield f"line {line}, {_named(right)}: {name} {left.get(name)} is kept, {value} is computed"


def _named(row: ContestantRow | None) -> str:
    return "nobody" if row is None else f"number {row['contestant']['number']}"
