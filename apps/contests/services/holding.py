"""The lock that everything about a contest's result is written under.

A transition holds the contest's row `FOR UPDATE`, so does a change of its structure; a mark and a deduction hold it
`FOR SHARE`. So marks are written side by side, and none lands between what a transition has read and what it commits.

Row locks are not fair: as long as somebody shares a row, others join in, and who wants to have it alone may wait for
good. Advisory locks queue. Each of the two is taken behind one, so that locking a contest waits only for the marks
that were being written when it was asked for.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from django.db import connection, transaction

from apps.contests.enums import ContestStatus
from apps.contests.errors import ContestCertified, ContestLocked, ContestNotScoring
from apps.contests.models import Contest
from apps.contests.policies import allowed_transitions, is_certified, is_changeable
from apps.core.errors import NotFound

QUEUE = 0x50_44_43  # ours among PostgreSQL's advisory locks
FIRST = "SELECT pg_advisory_xact_lock(%s, hashtext(%s))"
SHARE = """
WITH queue AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared(%s, hashtext(id)) FROM unnest(%s::text[]) AS id)
SELECT id FROM contests_contest
WHERE (SELECT count(*) FROM queue) > 0 AND id = ANY(%s) AND deleted_at IS NULL ORDER BY id FOR SHARE
"""


def hold_for_update(*, contest_id: UUID) -> Contest:
    """The contest, kept from every other writer until the transaction ends.

    Raises:
        NotFound: there is none, or not in the organization in scope.
    """
    with connection.cursor() as cursor:
        cursor.execute(FIRST, [QUEUE, str(contest_id)])
    contest: Contest | None = Contest.objects.select_for_update(of=("self",)).filter(pk=contest_id).first()
    if contest is None:
        raise NotFound
    return contest


def hold_for_share(*, contest_ids: Collection[UUID]) -> list[Contest]:
    """The contests as they are now, kept from transitions until the transaction ends; deleted ones are left out."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A lock outside a transaction holds nothing.")
    with connection.cursor() as cursor:
        ids = sorted(contest_ids)
        cursor.execute(SHARE, [QUEUE, [str(contest_id) for contest_id in ids], ids])
    return list(Contest.objects.filter(pk__in=contest_ids).order_by("pk"))


def require_changeable(contest: Contest) -> None:
    """Refuse to touch what a locked contest's result is made of.

    Raises:
        ContestCertified: an owner must void the certification first.
        ContestLocked: it must be reopened first.
    """
    if is_changeable(contest):
        return
    error = ContestCertified if is_certified(contest) else ContestLocked
    raise error(
        f"The contest is {contest.status}: its marks, deductions and structure are read-only.",
        extra={"current_status": str(contest.status), "allowed": allowed_transitions(contest.status)},
    )


def require_scoring(contest: Contest) -> None:
    """Refuse marks outside the time of scoring.

    Raises:
        ContestCertified, ContestLocked: it is over.
        ContestNotScoring: it has not begun.
    """
    require_changeable(contest)
    if contest.status != ContestStatus.SCORING:
        raise ContestNotScoring(
            f"The contest is {contest.status}; marks are taken while it is scoring.",
            extra={"current_status": str(contest.status), "allowed": allowed_transitions(contest.status)},
        )
