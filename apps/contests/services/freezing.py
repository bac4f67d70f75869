"""Freezing the public board: it stays what it was, whatever is marked, deducted, deleted or restored meanwhile."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from apps.contests.errors import BoardFrozen, BoardNotFrozen, NothingToFreeze
from apps.contests.models import BoardFreeze, Contest
from apps.contests.policies import may_freeze
from apps.contests.selectors.public import public_document, without_names
from apps.contests.services.announcing import announce, announce_changed_boards
from apps.contests.services.holding import hold_for_update
from apps.core import clock
from apps.core.access import Access
from apps.core.rest.etags import require_version


@transaction.atomic
def freeze_board(*, contest_id: UUID, access: Access, version: int | None = None) -> Contest:
    """Keep the public board as it is now. The contest is held, so that no mark lands while its board is taken.

    Raises:
        NotFound: there is no such contest.
        StaleVersion: the caller has read another `version`.
        BoardFrozen: it is frozen already.
        NothingToFreeze: it is a draft, or published.
        InvalidRule: its rules can't be applied, so that there is no board.
    """
    contest = hold_for_update(contest_id=contest_id)
    require_version(contest, version)
    if contest.frozen_at is not None:
        raise BoardFrozen("The public board is frozen already.")
    if not may_freeze(contest):
        raise NothingToFreeze(f"The contest is {contest.status}: there is no board to freeze.")
    document = without_names(public_document(contest))
    contest.frozen_at = clock.now()
    BoardFreeze.objects.create(
        organization_id=contest.organization_id,
        contest=contest,
        document=document,
        frozen_at=contest.frozen_at,
        frozen_by=access.user_id,
    )
    contest.save(update_fields=["frozen_at"])
    announce(contest, "leaderboard.frozen")
    return contest


@transaction.atomic
def unfreeze_board(*, contest_id: UUID, access: Access, version: int | None = None) -> Contest:
    """Let the public board follow again, where the contest shows one.

    Raises:
        NotFound: there is no such contest.
        StaleVersion: the caller has read another `version`.
        BoardNotFrozen: there is no freeze.
    """
    contest = hold_for_update(contest_id=contest_id)
    require_version(contest, version)
    if contest.frozen_at is None:
        raise BoardNotFrozen("The public board is not frozen.")
    lift_freeze(contest, access=access)
    announce_changed_boards([contest])
    return contest


def lift_freeze(contest: Contest, *, access: Access) -> None:
    """End the freeze of a contest that is held for update, if there is one."""
    if contest.frozen_at is None:
        return
    BoardFreeze.objects.filter(contest=contest, lifted_at=None).update(
        lifted_at=clock.now(), lifted_by=access.user_id
    )
    contest.frozen_at = None
    contest.save(update_fields=["frozen_at"])
    announce(contest, "leaderboard.unfrozen")
