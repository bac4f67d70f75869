"""Deductions: imposed and reversed, never changed."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from django.db import transaction

from apps.contests.errors import DeductionReversed
from apps.contests.models import Contest, Deduction, Entry
from apps.contests.services.announcing import announce_changed_boards
from apps.contests.services.holding import hold_for_share, require_changeable
from apps.core import clock
from apps.core.access import Access
from apps.core.errors import NotFound
from apps.core.rest.etags import require_version


@transaction.atomic
def impose_deduction(
    *, entry: Entry, amount: Decimal, unit: str, stage: str, reason: str, access: Access
) -> Deduction:
    """Take points from an entry; who imposes it answers for it.

    Raises:
        ContestLocked, ContestCertified: the result is read-only.
    """
    contest = _hold_changeable(entry.category.contest_id)
    deduction: Deduction = Deduction.objects.create(
        organization_id=contest.organization_id,
        entry=entry,
        amount=amount,
        unit=unit,
        stage=stage,
        reason=reason,
        proposed_by=access.user_id,
        approved_by=access.user_id,
    )
    announce_changed_boards([contest])
    return deduction


@transaction.atomic
def reverse_deduction(*, deduction_id: UUID, reason: str, version: int | None = None) -> Deduction:
    """Give the points back, for a reason; the deduction stays on record.

    Raises:
        NotFound: there is none.
        DeductionReversed: somebody did already.
        StaleVersion: it is not the version that the caller has read.
        ContestLocked, ContestCertified: the result is read-only.
    """
    found = Deduction.objects.filter(pk=deduction_id).select_related("entry__category").first()
    if found is None:
        raise NotFound
    contest = _hold_changeable(found.entry.category.contest_id)
    deduction: Deduction = Deduction.objects.select_for_update(of=("self",)).get(pk=deduction_id)
    require_version(deduction, version)
    if deduction.reversed_at is not None:
        raise DeductionReversed("This deduction was reversed already.")
    deduction.reversed_at = clock.now()
    deduction.reversal_reason = reason
    deduction.save(update_fields=["reversed_at", "reversal_reason"])
    announce_changed_boards([contest])
    return deduction


def _hold_changeable(contest_id: UUID) -> Contest:
    contests = hold_for_share(contest_ids=[contest_id])
    if not contests:
        raise NotFound
    require_changeable(contests[0])
    return contests[0]
